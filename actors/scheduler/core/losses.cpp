#include "actors/scheduler/core/losses.hpp"

#include <algorithm>
#include <utility>

namespace troupe::core {

namespace {

constexpr std::size_t remembered_max = 64;
constexpr std::size_t how_max = 400;

/// Of the memory it might use: with more than this, running out of it is the likely reason.
constexpr double nearly_all = 0.8;

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20);
}

std::string memory_words(const loss& l) {
  if (l.memory_used_bytes == 0 || l.memory_bytes == 0) return {};
  auto words =
      "it used " + mebibytes(l.memory_used_bytes) + " of " + mebibytes(l.memory_bytes) + " MiB";
  const bool much =
      static_cast<double>(l.memory_used_bytes) > nearly_all * static_cast<double>(l.memory_bytes);
  return much ? words + ", so it probably ran out of memory" : words;
}

}  // namespace

std::string describe(const loss& l) {
  std::string known;
  const auto add = [&known](const std::string& words) {
    if (!words.empty()) known += (known.empty() ? "" : "; ") + words;
  };
  add(l.how);
  add(memory_words(l));
  std::string names;
  for (const auto& name : l.ran)
    names += (names.empty() ? "'" : ", '") + name + "'";
  if (l.ran.size() > 1) add("it ran " + names);
  return "'" + l.worker + "'" + (known.empty() ? "" : " (" + known + ")");
}

loss_ptr loss_book::lost(loss what) {
  auto made = std::make_shared<loss>(std::move(what));
  if (made->launch.empty()) return made;
  const auto told = std::find_if(early_.begin(), early_.end(),
                                 [&](const end& e) { return e.launch == made->launch; });
  if (told != early_.end()) {
    made->how = std::move(told->how);
    early_.erase(told);
    return made;
  }
  recent_.push_back(made);
  if (recent_.size() > remembered_max) recent_.pop_front();
  return made;
}

void loss_book::ended(const std::string& launch, std::string how) {
  if (how.size() > how_max) how.resize(how_max);
  const auto at = std::find_if(recent_.begin(), recent_.end(),
                               [&](const auto& l) { return l->launch == launch; });
  if (at != recent_.end()) {
    (*at)->how = std::move(how);
    recent_.erase(at);
    return;
  }
  early_.push_back({launch, std::move(how)});
  if (early_.size() > remembered_max) early_.pop_front();
}

}  // namespace troupe::core
