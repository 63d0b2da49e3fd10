#include "serialization/wire_specs.hpp"

#include <functional>
#include <string>
#include <utility>

namespace troupe::wire {

namespace {

bool has_room(std::size_t specs, std::size_t bytes, std::size_t more) noexcept {
  return specs == 0 || (specs < specs_max && bytes + more <= spec_bytes_max);
}

}  // namespace

std::size_t spec_bytes(const task_spec& spec) noexcept {
  std::size_t sum = 64 + spec.function.size() + spec.signature.size();
  for (const auto& [name, amount] : spec.resources)
    sum += 32 + name.size();
  for (const auto* names : {&spec.retry_on, &spec.workers})
    for (const auto& name : *names)
      sum += 32 + name.size();
  return sum;
}

std::size_t spec_numbers::content_hash::operator()(const spec_ptr& spec) const noexcept {
  auto hash = std::hash<std::string>()(spec->function);
  auto add = [&hash](std::size_t part) { hash = (hash ^ part) * 0x9E3779B97F4A7C15u; };
  add(std::hash<std::string>()(spec->signature));
  add(static_cast<std::size_t>(spec->priority));
  add(static_cast<std::size_t>(spec->retries));
  add(static_cast<std::size_t>(spec->timeout.count()));
  for (const auto& [name, amount] : spec->resources) {
    add(std::hash<std::string>()(name));
    add(std::hash<double>()(amount));
  }
  for (const auto* names : {&spec->retry_on, &spec->workers})
    for (const auto& name : *names)
      add(std::hash<std::string>()(name));
  return hash;
}

std::optional<std::uint32_t> spec_numbers::find_or_add(const spec_ptr& spec) {
  if (auto found = by_address_.find(spec.get()); found != by_address_.end())
    return found->second.number;
  auto found = by_content_.find(spec);
  if (found == by_content_.end()) {
    auto more = spec_bytes(*spec);
    if (!has_room(by_content_.size(), bytes_, more)) return std::nullopt;
    bytes_ += more;
    found = by_content_.emplace(spec, static_cast<std::uint32_t>(by_content_.size())).first;
  }
  // Addresses are only a short cut: when there are too many, begin anew.
  if (by_address_.size() >= specs_max) by_address_.clear();
  by_address_.emplace(spec.get(), known{spec, found->second});
  return found->second;
}

void spec_numbers::forget() noexcept {
  by_address_.clear();
  by_content_.clear();
  bytes_ = 0;
}

bool spec_table::add(spec_ptr spec) {
  auto more = spec_bytes(*spec);
  if (!has_room(specs_.size(), bytes_, more)) return false;
  bytes_ += more;
  specs_.push_back(std::move(spec));
  return true;
}

void spec_table::forget() noexcept {
  specs_.clear();
  bytes_ = 0;
}

}  // namespace troupe::wire
