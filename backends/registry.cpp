#include "backends/registry.hpp"

#include <utility>

#include "backends/jobqueue/jobqueue.hpp"
#include "backends/local/local.hpp"
#include "backends/plugin.hpp"
#include "config/nearest.hpp"
#include "config/read.hpp"

namespace troupe::backends {

registry::registry() {
  add({"local", local::make});
  add({"jobqueue", jobqueue::make, true});
}

void registry::add(backend_kind kind) {
  if (kind.type.empty() || !kind.make)
    throw exception({errc::bad_argument, "a kind of backend needs a type and a function"});
  auto type = kind.type;
  if (!kinds_.emplace(type, std::move(kind)).second)
    throw exception({errc::bad_argument, "there is a cluster.type '" + type +
                                             "' already; two backends cannot have one name"});
}

result<void> registry::load(const std::string& library) {
  auto opened = plugin::open(library, "backend plugin");
  if (!opened) return opened.error();
  auto add_kinds = opened->find<void (*)(backend_registry&)>("troupe_register_backends");
  if (!add_kinds) return add_kinds.error();
  try {
    (*add_kinds)(*this);
  } catch (const std::exception& e) {
    return error{errc::bad_config,
                 "backend plugin '" + library + "' cannot be used: " + std::string(e.what())};
  }
  return {};
}

result<std::unique_ptr<backend>> registry::make(const std::string& type, settings& section,
                                                const services& given) const {
  const auto found = find(type);
  if (!found) return found.error();
  auto made = found->make(section, given);
  if (!made) return made;
  if (auto read = section.leftovers(); !read) return read.error();
  return made;
}

result<backend_kind> registry::find(const std::string& type) const {
  auto found = kinds_.find(type);
  if (found != kinds_.end()) return found->second;
  return error{errc::bad_config,
               "cluster.type = \"" + type + "\" is not known: it can be " + type_words(type)};
}

result<void> registry::check(const std::map<std::string, origin>& sections,
                             const std::string& chosen) const {
  std::string lines;
  for (const auto& [type, at] : sections)
    if (type != chosen && !kinds_.contains(type))
      lines += (lines.empty() ? "" : "\n") + prefix(at) + "unknown section [cluster." + type +
               "], there is no cluster.type of this name: it can be " + type_words(type);
  if (lines.empty()) return {};
  return error{errc::bad_config, lines};
}

std::string registry::type_words(const std::string& wanted) const {
  return enumerated(types()) + ", or what a plugin in cluster.plugins adds" +
         did_you_mean(wanted, types());
}

std::vector<std::string> registry::types() const {
  std::vector<std::string> all;
  for (const auto& [type, kind] : kinds_)
    all.push_back(type);
  return all;
}

}  // namespace troupe::backends
