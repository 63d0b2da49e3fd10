#include "actors/scheduler/recording.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "actors/scheduler/recorded_options.hpp"

namespace troupe {

using namespace core::scheduling;
using wire::block_kind;

namespace {

error bad(const std::string& path, std::uint64_t offset, const std::string& why) {
  return {errc::bad_argument, path + ":" + std::to_string(offset) + ": " + why};
}

}  // namespace

result<recording> recording::open(const std::string& path) {
  std::error_code none_there;
  const auto size = std::filesystem::file_size(path, none_there);
  std::ifstream file(path, std::ios::binary);
  if (none_there || !file) return error{errc::bad_argument, "cannot read " + path};
  std::vector<std::byte> raw(size);
  file.read(reinterpret_cast<char*>(raw.data()), static_cast<std::streamsize>(size));
  const auto content = bytes::adopt(std::move(raw));
  auto found = wire::read_blocks(content);
  if (!found) return bad(path, 0, found.error().message);
  if (found->blocks.empty() || found->blocks.front().kind != block_kind::recording_begun)
    return bad(path, 0, "this is no recording of a scheduler; scheduler.record makes one");
  auto scheduler = to_recorded_scheduler(found->blocks.front().body);
  if (!scheduler) return bad(path, 0, scheduler.error().message);
  recording all;
  all.path_ = path;
  all.scheduler_ = std::move(*scheduler);
  all.found_ = std::move(*found);
  all.cut_bytes_ = content.size() - all.found_.good_bytes;
  return all;
}

result<std::optional<recorded_step>> recording::next() {
  while (ready_.empty()) {
    if (next_block_ >= found_.blocks.size()) return std::optional<recorded_step>();
    const auto& block = found_.blocks[next_block_++];
    if (auto done = read(block); !done) return bad(path_, block.offset, done.error().message);
  }
  std::optional<recorded_step> step(std::move(ready_.front()));
  ready_.pop_front();
  return step;
}

result<void> recording::read(const wire::block& b) {
  if (journal_reader::takes(b.kind)) {
    std::vector<journal_record> records;
    if (auto done = journal_.read(b, records); !done) return done;
    for (auto& r : records)
      add(b, journal_read{std::move(r)});
    return {};
  }
  switch (b.kind) {
    case block_kind::client_joined:
      return add_joined<client_joined>(b);
    case block_kind::worker_joined:
      return add_joined<worker_joined>(b);
    case block_kind::client_said:
      return add_all(b, decoder_.client_messages(b.body), [&](const client_message& m) {
        return client_said{client_id{b.who}, m};
      });
    case block_kind::worker_said:
      return add_all(b, decoder_.worker_messages(b.body), [&](const worker_message& m) {
        return worker_said{worker_id{b.who}, m};
      });
    case block_kind::client_lost:
      add(b, client_lost{{b.who}});
      return {};
    case block_kind::worker_lost:
      add(b, worker_lost{{b.who}});
      return {};
    case block_kind::clock_ticked:
      add(b, clock_ticked{});
      return {};
    case block_kind::launch_ended: {
      const std::string text(b.body.text());
      const auto line = text.find('\n');
      if (line == std::string::npos) break;
      add(b, launch_ended{text.substr(0, line), text.substr(line + 1)});
      return {};
    }
    case block_kind::launch_unwanted:
      add(b, launch_unwanted{std::string(b.body.text())});
      return {};
    case block_kind::journal_ended:
      add(b, journal_ended{});
      return {};
    case block_kind::effects_so_far:
      ready_.emplace_back(recorded_digest{b.who});
      return {};
    default:
      break;
  }
  return error{errc::bad_bytes, "a block that is not of a recording"};
}

void recording::add(const wire::block& b, event what) {
  ready_.emplace_back(
      recorded_event{core::time_point(std::chrono::nanoseconds(b.at_ns)), std::move(what)});
}

template <class Message, class Make>
result<void> recording::add_all(const wire::block& b, const result<batch<Message>>& messages,
                                Make make) {
  if (!messages) return messages.error();
  for (const auto& m : *messages)
    add(b, make(m));
  return {};
}

template <class Joined>
result<void> recording::add_joined(const wire::block& b) {
  auto who = wire::decode_hello(b.body);
  if (!who) return who.error();
  add(b, Joined{b.who, std::make_shared<const hello>(std::move(*who))});
  return {};
}

}  // namespace troupe
