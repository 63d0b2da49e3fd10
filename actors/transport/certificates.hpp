#pragma once

#include <string>
#include <vector>

#include <troupe/result.hpp>

namespace troupe::transport {

/// Makes an authority for one cluster, and one certificate of it that all its processes share:
/// ca.pem, ca.key, troupe.pem and troupe.key in `folder`, which only the owner can read. The
/// certificate is for `hosts` (names, numbers, "*.example.org"), this machine's name and address,
/// and localhost. Never replaces a file. ca.key is needed by no process; keep it apart.
result<void> create_certificates(const std::string& folder, const std::vector<std::string>& hosts);

}  // namespace troupe::transport
