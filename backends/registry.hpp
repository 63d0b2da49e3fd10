#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <troupe/backend.hpp>
#include <troupe/result.hpp>
#include <troupe/settings.hpp>

namespace troupe::backends {

/// The values of `cluster.type`: the built-in ones, listed in registry.cpp, and those of plugins.
class registry final : public backend_registry {
public:
  registry();

  void add(backend_kind) override;

  /// Opens a shared library that defines troupe_register_backends, and lets it add its kinds. It
  /// stays loaded until the process ends.
  result<void> load(const std::string& library);

  /// Makes the place that `type` names. `section` is [cluster.<type>]; keys in it that the backend
  /// does not know are an error.
  result<std::unique_ptr<backend>> make(const std::string& type, settings& section,
                                        const services&) const;

  /// An error, a line each, for sections [cluster.<type>] of types that are not known, but that of
  /// `chosen`, of which make() tells.
  result<void> check(const std::map<std::string, origin>& sections,
                     const std::string& chosen) const;

  /// An error that names those there are, if there is none of this name.
  result<backend_kind> find(const std::string& type) const;

  /// In alphabetic order.
  std::vector<std::string> types() const;

private:
  std::string type_words(const std::string& wanted) const;

  std::map<std::string, backend_kind> kinds_;
};

}  // namespace troupe::backends
