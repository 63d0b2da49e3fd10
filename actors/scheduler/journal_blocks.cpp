#include "actors/scheduler/journal_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <variant>

namespace troupe {

using namespace core::scheduling;
using wire::block_kind;

namespace {

constexpr std::size_t messages_in_block_max = 4096;

bytes to_bytes(const uuid& from) {
  return bytes::copy(std::as_bytes(std::span(from)));
}

template <class Record>
constexpr bool is_said =
    std::is_same_v<Record, submit_task> || std::is_same_v<Record, scatter_data> ||
    std::is_same_v<Record, release_task> || std::is_same_v<Record, detach_task> ||
    std::is_same_v<Record, name_dataset>;

}  // namespace

void journal_writer::write(std::span<const record> records, std::vector<std::byte>& to,
                           std::int64_t at_ns) {
  const auto put = [&](block_kind kind, std::uint64_t who, bytes body) {
    const auto block = wire::seal({kind, at_ns, who, std::move(body), 0});
    to.insert(to.end(), block.begin(), block.end());
  };
  if (std::exchange(fresh_, false)) put(block_kind::journal_opened, 0, {});
  batch<client_message> said;
  const auto end_batch = [&] {
    if (!said.empty()) put(block_kind::journal_said, 0, encoder_.encode(said));
    said.clear();
  };
  for (const auto& any : records)
    std::visit(
        [&](const auto& r) {
          using type = std::decay_t<decltype(r)>;
          if constexpr (is_said<type>) {
            said.emplace_back(r);
            if (said.size() >= messages_in_block_max) end_batch();
            return;
          }
          end_batch();
          if constexpr (std::is_same_v<type, task_failed>) {
            const client_reply reply(r);
            put(block_kind::journal_failed, 0, encoder_.encode(std::span(&reply, 1)));
          } else if constexpr (std::is_same_v<type, journal_begun>) {
            put(block_kind::journal_begun, 0, to_bytes(r.session));
          } else if constexpr (std::is_same_v<type, client_admitted>) {
            put(block_kind::journal_client, r.client.value, to_bytes(r.process));
          } else if constexpr (std::is_same_v<type, client_released>) {
            put(block_kind::journal_client_gone, r.client.value, {});
          } else if constexpr (std::is_same_v<type, worker_admitted>) {
            put(block_kind::journal_worker, r.worker.value, to_bytes(r.process));
          } else if constexpr (std::is_same_v<type, worker_gone>) {
            put(block_kind::journal_worker_gone, r.worker.value, {});
          } else if constexpr (std::is_same_v<type, runs_reserved>) {
            put(block_kind::journal_runs, r.last.value, {});
          }
        },
        any);
  end_batch();
}

bool journal_reader::takes(block_kind kind) {
  return kind >= block_kind::journal_opened && kind < block_kind::journal_ended;
}

result<void> journal_reader::read(const wire::block& b, std::vector<record>& to) {
  switch (b.kind) {
    case block_kind::journal_opened:
      decoder_ = {};
      return {};
    case block_kind::journal_said:
    case block_kind::journal_failed:
      return read_said(b, to);
    case block_kind::journal_begun:
    case block_kind::journal_client:
    case block_kind::journal_worker:
      return read_process(b, to);
    case block_kind::journal_client_gone:
      to.emplace_back(client_released{{b.who}});
      return {};
    case block_kind::journal_worker_gone:
      to.emplace_back(worker_gone{{b.who}});
      return {};
    case block_kind::journal_runs:
      to.emplace_back(runs_reserved{{b.who}});
      return {};
    default:
      return error{errc::bad_bytes, "a block that is not of a journal"};
  }
}

result<void> journal_reader::read_said(const wire::block& b, std::vector<record>& to) {
  // A copy, so that one argument does not keep a whole file in memory.
  const auto body = bytes::copy(b.body.span());
  if (b.kind == block_kind::journal_failed) {
    auto replies = decoder_.client_replies(body);
    if (!replies) return replies.error();
    for (auto& m : *replies)
      if (auto* failed = std::get_if<task_failed>(&m)) to.emplace_back(std::move(*failed));
    return {};
  }
  auto messages = decoder_.client_messages(body);
  if (!messages) return messages.error();
  for (auto& any : *messages)
    std::visit(
        [&](auto& m) {
          if constexpr (is_said<std::decay_t<decltype(m)>>) to.emplace_back(std::move(m));
        },
        any);
  return {};
}

result<void> journal_reader::read_process(const wire::block& b, std::vector<record>& to) {
  uuid process{};
  if (b.body.size() != process.size()) return error{errc::bad_bytes, "an identity has 16 bytes"};
  std::memcpy(process.data(), b.body.data(), process.size());
  if (b.kind == block_kind::journal_begun)
    to.emplace_back(journal_begun{process});
  else if (b.kind == block_kind::journal_client)
    to.emplace_back(client_admitted{{b.who}, process});
  else
    to.emplace_back(worker_admitted{{b.who}, process});
  return {};
}

}  // namespace troupe
