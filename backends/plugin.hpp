#pragma once

#include <string>

#include <troupe/result.hpp>

namespace troupe {

/// A shared library of tasks or backends, open and built against headers like ours.
///
/// It stays loaded until the process ends: what it registered points into it.
class plugin {
public:
  /// A path, or a name that the loader finds; a name is also looked for in the current folder.
  /// `what` is for messages: "task library", "backend plugin".
  static result<plugin> open(const std::string& path, const std::string& what);

  /// The function under this name, with C linkage. `Function` is its pointer type.
  template <class Function>
  result<Function> find(const char* name) const {
    auto found = symbol(name);
    if (!found) return found.error();
    return reinterpret_cast<Function>(*found);
  }

private:
  plugin(void* handle, std::string label) : handle_(handle), label_(std::move(label)) {}

  result<void*> symbol(const char* name) const;

  void* handle_;
  std::string label_;
};

}  // namespace troupe
