#include "actors/worker/core/store.hpp"

#include <algorithm>
#include <utility>

#include "serialization/check.hpp"

namespace troupe::core {

namespace {

/// Smaller ones would take as much memory to know of as they free.
constexpr std::uint64_t worth_a_file = 1024;

}  // namespace

bool store::listed(const result& r) {
  return r.at == place::memory && r.size >= worth_a_file;
}

void store::list(task_id task, result& r) {
  if (listed(r)) r.use = used_.insert(used_.end(), task);
}

void store::unlist(result& r) {
  if (listed(r)) used_.erase(r.use);
}

const value& store::put(task_id task, value content) {
  const auto size = content.size();
  auto* r = results_.find(task);
  if (r && r->at != place::disk) return r->content;
  if (r) {
    r->content = std::move(content);
    r->at = place::memory;
  } else {
    r = &results_.put(task, {.content = std::move(content), .size = size}).first;
    bytes_ += size;
  }
  memory_bytes_ += r->size;
  list(task, *r);
  return r->content;
}

const value* store::find(task_id task) {
  auto* r = results_.find(task);
  if (!r || r->at == place::disk) return nullptr;
  if (listed(*r)) used_.splice(used_.end(), used_, r->use);
  return &r->content;
}

std::optional<store::file_number> store::on_disk(task_id task) const {
  const auto* r = results_.find(task);
  if (!r || r->at != place::disk) return {};
  return r->file;
}

store::dropped store::drop(task_id task) {
  auto* r = results_.find(task);
  if (!r) return {};
  unlist(*r);
  bytes_ -= r->size;
  disk_bytes_ -= r->disk_bytes;
  if (r->at != place::disk) memory_bytes_ -= r->size;
  // The file of one that is being written is dropped by who hears that it has been.
  const bool writing = r->at == place::writing;
  if (writing) writing_bytes_ -= r->size;
  const dropped gone{true, writing ? 0 : r->file};
  results_.erase(task);
  return gone;
}

std::optional<store::to_write> store::spill() {
  if (used_.empty()) return {};
  const auto task = used_.front();
  auto& r = *results_.find(task);
  unlist(r);
  if (r.file != 0) {
    r.at = place::disk;
    memory_bytes_ -= r.size;
    r.content = {};
    return to_write{task, 0, {}, r.size};
  }
  r.at = place::writing;
  r.file = ++last_file_;
  writing_bytes_ += r.size;
  return to_write{task, r.file, r.content, r.size};
}

bool store::written(task_id task, file_number file, std::uint64_t disk_bytes) {
  auto* r = results_.find(task);
  if (!r || r->file != file) return false;
  check(r->at == place::writing, "what was written was being written");
  r->at = place::disk;
  r->disk_bytes = disk_bytes;
  r->content = {};
  disk_bytes_ += disk_bytes;
  writing_bytes_ -= r->size;
  memory_bytes_ -= r->size;
  return true;
}

void store::not_written(task_id task, file_number file) {
  auto* r = results_.find(task);
  if (!r || r->file != file) return;
  writing_bytes_ -= r->size;
  r->at = place::memory;
  r->file = 0;
  list(task, *r);
}

void store::loaded(task_id task, value content) {
  auto* r = results_.find(task);
  if (!r || r->at != place::disk) return;
  r->content = std::move(content);
  r->at = place::memory;
  memory_bytes_ += r->size;
  list(task, *r);
}

void store::check_invariants() const {
  std::uint64_t all = 0;
  std::uint64_t memory = 0;
  std::uint64_t writing = 0;
  std::uint64_t disk = 0;
  std::size_t in_list = 0;
  results_.for_each([&](task_id task, const result& r) {
    all += r.size;
    disk += r.disk_bytes;
    if (r.at != place::disk) memory += r.size;
    if (r.at == place::writing) writing += r.size;
    in_list += listed(r);
    check(!listed(r) || *r.use == task, "what is in memory is in the list of uses");
    check(r.at == place::memory || r.file != 0, "what is on disk has a file");
  });
  check(all == bytes_ && memory == memory_bytes_ && writing == writing_bytes_ &&
            disk == disk_bytes_ && in_list == used_.size(),
        "bytes are the sums of results");
}

std::vector<std::pair<task_id, std::uint64_t>> store::all() const {
  std::vector<std::pair<task_id, std::uint64_t>> found;
  found.reserve(results_.size());
  results_.for_each([&](task_id task, const result& r) { found.emplace_back(task, r.size); });
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace troupe::core
