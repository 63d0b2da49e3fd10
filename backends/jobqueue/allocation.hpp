#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <troupe/backend.hpp>

#include "config/environment.hpp"

namespace troupe::backends::jobqueue {

/// Which of the processes this one is that srun or mpiexec has started together.
struct allocation_rank {
  std::uint32_t rank = 0;
  std::uint32_t size = 1;
  std::string id;  ///< The same for all of them, and for no others; empty if there is none.

  friend bool operator==(const allocation_rank&, const allocation_rank&) = default;
};

/// Nothing if it was started by neither.
std::optional<allocation_rank> find_rank(const environment&);

/// A place whose launches are there already: launch n is the process of rank n. None comes back.
std::unique_ptr<backend> make_allocation(const allocation_rank&);

}  // namespace troupe::backends::jobqueue
