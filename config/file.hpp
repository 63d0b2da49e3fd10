#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <troupe/result.hpp>

namespace troupe {

/// The content of a file of at most `bytes_max`. Errors start with the path.
result<std::string> read_file(const std::filesystem::path&, std::size_t bytes_max);

/// The same for a file with a secret in it: it must belong to this user or root, and nobody else
/// may be able to read it.
result<std::string> read_private_file(const std::filesystem::path&, std::size_t bytes_max);

/// Replaces the file at once, readable by its owner alone.
result<void> replace_private_file(const std::filesystem::path&, std::string_view content);

/// Makes the file, complete from the first moment and readable by its owner alone, unless there is
/// one: then that stays, which is a success too. Makes its folder, for its owner alone.
result<void> make_private_file_once(const std::filesystem::path&, std::string_view content);

}  // namespace troupe
