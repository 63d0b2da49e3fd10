#include "config/machine.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

namespace {

namespace fs = std::filesystem;

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

/// The words of a file's only line; none if there is no such file.
std::vector<std::string> first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return words_of(line);
}

/// The words after `name` of the first line that starts with it.
std::vector<std::string> line_of(const fs::path& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name)) return words_of(line.substr(name.size()));
  return {};
}

/// How many there are in "0-3,8,10-11".
std::uint64_t length_of_list(const std::string& list) {
  std::istringstream in(list);
  std::uint64_t count = 0;
  for (std::string part; std::getline(in, part, ',');) {
    const auto dash = part.find('-');
    const auto first = number_in(part);
    const auto last = dash == std::string::npos ? first : number_in(part.substr(dash + 1));
    if (first && last && *last >= *first) count += *last - *first + 1;
  }
  return count;
}

/// The folder of this process's group in one hierarchy, and where the hierarchy starts.
struct group {
  fs::path mount;
  fs::path folder;
};

bool has_word(const std::string& list, const std::string& word) {
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');)
    if (part == word) return true;
  return false;
}

/// What /proc/self/cgroup says: "4:memory:/a/b" for v1, "0::/a/b" for v2 (`controller` is "").
std::optional<std::string> path_of_group(const fs::path& root, const std::string& controller) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const bool same = controller.empty() ? controllers.empty() : has_word(controllers, controller);
    if (same) return line.substr(second + 1);
  }
  return std::nullopt;
}

std::optional<group> find_group(const fs::path& root, const std::string& controller) {
  const auto path = path_of_group(root, controller);
  if (!path) return std::nullopt;
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    // "31 23 0:28 /root /mount/point options … - type source superoptions"
    const auto words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    if (*(dash + 1) != (controller.empty() ? "cgroup2" : "cgroup")) continue;
    if (!controller.empty() && !has_word(*(dash + 3), controller)) continue;
    const auto mount = root / fs::path(words[4]).relative_path();
    // In a container the mount shows only a part of the hierarchy, and the path is of the whole.
    std::string below = *path;
    if (const auto& part = words[3]; part != "/" && below.starts_with(part))
      below = below.substr(part.size());
    auto folder = mount / fs::path(below).relative_path();
    std::error_code code;
    if (below.find("..") != std::string::npos || !fs::is_directory(folder, code)) folder = mount;
    return group{mount, folder.lexically_normal()};
  }
  return std::nullopt;
}

/// The least of what `read` finds in the group and in all that enclose it.
template <class Read>
std::uint64_t least_on_the_way_up(const std::optional<group>& from, Read read) {
  if (!from) return no_limit;
  std::uint64_t least = no_limit;
  const auto top = from->mount.lexically_normal();
  for (auto at = from->folder;; at = at.parent_path()) {
    least = std::min(least, read(at));
    if (at == top || at == at.parent_path()) return least;
  }
}

std::uint64_t cores_of_quota(std::uint64_t quota, std::uint64_t period) {
  return period == 0 || quota == 0 ? no_limit : (quota - 1) / period + 1;
}

std::uint64_t cores_by_groups(const fs::path& root) {
  const auto v1 = least_on_the_way_up(find_group(root, "cpu"), [](const fs::path& at) {
    const auto quota = first_line(at / "cpu.cfs_quota_us");  // "-1": none.
    const auto period = first_line(at / "cpu.cfs_period_us");
    if (quota.empty() || period.empty()) return no_limit;
    return cores_of_quota(number_in(quota[0]).value_or(0), number_in(period[0]).value_or(0));
  });
  const auto v2 = least_on_the_way_up(find_group(root, ""), [](const fs::path& at) {
    const auto words = first_line(at / "cpu.max");  // "max 100000" or "150000 100000"
    if (words.size() != 2) return no_limit;
    return cores_of_quota(number_in(words[0]).value_or(0), number_in(words[1]).value_or(0));
  });
  return std::min(v1, v2);
}

std::uint64_t memory_in(const fs::path& file) {
  const auto words = first_line(file);
  return words.empty() ? no_limit : number_in(words[0]).value_or(no_limit);
}

std::uint64_t memory_by_groups(const fs::path& root) {
  // Without a limit v1 shows a huge number, v2 the word "max".
  const auto v1 = least_on_the_way_up(find_group(root, "memory"), [](const fs::path& at) {
    return memory_in(at / "memory.limit_in_bytes");
  });
  const auto v2 = least_on_the_way_up(
      find_group(root, ""), [](const fs::path& at) { return memory_in(at / "memory.max"); });
  return std::min(v1, v2);
}

std::uint64_t kibibytes_in(const std::vector<std::string>& words) {
  const auto number = words.empty() ? std::nullopt : number_in(words[0]);
  return number ? *number * 1024 : 0;
}

}  // namespace

machine_share find_machine_share(const fs::path& root) {
  const auto allowed = line_of(root / "proc/self/status", "Cpus_allowed_list:");
  const auto cores = allowed.empty() ? std::uint64_t{1} : length_of_list(allowed[0]);
  const auto physical = kibibytes_in(line_of(root / "proc/meminfo", "MemTotal:"));
  const auto space = line_of(root / "proc/self/limits", "Max address space");
  auto memory = std::min(physical == 0 ? no_limit : physical, memory_by_groups(root));
  if (!space.empty()) memory = std::min(memory, number_in(space[0]).value_or(no_limit));
  return {static_cast<std::uint32_t>(
              std::clamp<std::uint64_t>(std::min(cores, cores_by_groups(root)), 1, 65'536)),
          memory == no_limit ? 0 : memory};
}

std::uint64_t out_of_memory_kills(const fs::path& root) {
  const auto count = [](const std::optional<group>& in, const char* file) {
    const auto words = in ? line_of(in->folder / file, "oom_kill ") : std::vector<std::string>();
    return words.empty() ? 0 : number_in(words[0]).value_or(0);
  };
  return count(find_group(root, ""), "memory.events") +
         count(find_group(root, "memory"), "memory.oom_control");
}

memory_gauge::memory_gauge(std::uint64_t limit_bytes, fs::path root)
    : status_(root / "proc/self/status") {
  if (limit_bytes == 0 || memory_by_groups(root) != limit_bytes) return;
  const auto add = [this](const std::optional<group>& in, const char* used, const char* cached) {
    if (in) group_.push_back({in->folder / used, in->folder / "memory.stat", cached});
  };
  add(find_group(root, ""), "memory.current", "inactive_file ");
  add(find_group(root, "memory"), "memory.usage_in_bytes", "total_inactive_file ");
}

std::optional<std::uint64_t> memory_gauge::counter::read() const {
  const auto all = memory_in(used);
  const auto words = line_of(statistics, cached);
  const auto files = words.empty() ? std::nullopt : number_in(words[0]);
  if (all == no_limit || !files) return std::nullopt;
  return all - std::min(*files, all);
}

std::uint64_t memory_gauge::used_bytes() const {
  for (const auto& one : group_)
    if (const auto bytes = one.read()) return *bytes;
  std::ifstream in(status_);
  std::uint64_t sum = 0;
  for (std::string line; std::getline(in, line);)
    for (const std::string name : {"RssAnon:", "RssShmem:"})
      if (line.starts_with(name)) sum += kibibytes_in(words_of(line.substr(name.size())));
  return sum;
}

}  // namespace troupe
