#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "serialization/messages.hpp"
#include "serialization/wire.hpp"

// Messages to try the wire with, and one way to decode them all.
namespace troupe::samples {

using generator = std::mt19937_64;

inline task_id task(std::uint64_t number, std::uint64_t client = 1) {
  return make_task_id({client}, number);
}

inline value encoded(std::string_view text) {
  return value(bytes::copy(text));
}

inline spec_ptr make_spec(std::string function, std::int32_t priority = 0) {
  return std::make_shared<const task_spec>(task_spec{.function = std::move(function),
                                                     .signature = "(f64) -> f64",
                                                     .priority = priority,
                                                     .retries = 2,
                                                     .resources = {{"gpu", 1}, {"license", 0.5}},
                                                     .timeout = std::chrono::seconds(90),
                                                     .retry_delay = std::chrono::milliseconds(50),
                                                     .retry_on = {"std::out_of_range", "timeout"},
                                                     .workers = {"node7", "node8-1"},
                                                     .allow_other_workers = true});
}

inline error failure() {
  return {errc::task_failed, "no such bond", "std::out_of_range",
          "price",           "node7-1",      {"sum", "total"}};
}

inline hello greeting() {
  hello who;
  who.as = role::worker;
  for (std::uint8_t i = 0; i < who.process.size(); ++i)
    who.process[i] = static_cast<std::uint8_t>(i * 17);
  who.name = "node7-1";
  who.host = "node7";
  who.pid = 4711;
  who.release = "0.1.0";
  who.token = "open sesame";
  who.address = "tcp://10.0.0.7:45123";
  who.launch = "job-12";
  who.threads = 8;
  who.memory_bytes = std::uint64_t{64} << 30;
  who.resources = {{"gpu", 2}, {"license", 0.5}};
  who.session[3] = 7;
  who.client = {5};
  who.tasks = {{"price", "(f64) -> f64"}, {"total", "(list<f64>) -> f64"}};
  return who;
}

inline cluster_snapshot snapshot() {
  cluster_snapshot all;
  all.scheduler = "alice's";
  all.address = "tcp://10.0.0.1:8786";
  all.release = "0.1.0";
  all.uptime_seconds = 3600;
  all.clients = 2;
  all.tasks_waiting = 3;
  all.tasks_queued = 4;
  all.tasks_processing = 5;
  all.tasks_in_memory = 6;
  all.tasks_failed = 7;
  all.runs_finished = 8;
  all.pending_reason = "no worker has a gpu";
  all.groups = {"cpu", "gpu"};
  all.stuck = {"nothing has ended for 60 s", "'f' is queued"};
  all.workers = {{{1}, "w1", "node1", "tcp://10.0.0.2:1", 11, 2, 1 << 30, 1 << 20, 5, 500, 2, 9},
                 {{2},
                  "w2",
                  "node2",
                  "tcp://10.0.0.3:1",
                  12,
                  4,
                  2 << 29,
                  1 << 21,
                  6,
                  600,
                  3,
                  7,
                  1 << 22,
                  worker_state::leaving}};
  all.cluster = "2 launches wanted";
  all.launches = {{1, "4711_0", "gpu", launch_state::running, 4, 3, "", 60, 3600},
                  {2, "4711_1", "", launch_state::pending, 1, 0, "Resources", 61, 0},
                  {3, "4711_2", "", launch_state::lost, 1, 0, "gone", 62, 0}};
  return all;
}

/// One of each, in the order of the variants.
inline batch<client_message> client_messages() {
  return {submit_task{task(1), make_spec("price"), encoded("arguments"), {task(2), task(9, 3)}},
          scatter_data{task(2), 1 << 20},
          release_task{task(3)},
          cancel_task{task(4)},
          cancel_task{task(6), true},
          locate_result{task(5), {7}},
          inspect_cluster{},
          claim_task{task(7)},
          end_claims{},
          leave_scheduler{},
          steer_cluster{steer_cluster::order::scale, 7, "gpu"},
          explain_task{task(9)},
          replicate_result{task(8), 3},
          rebalance_results{},
          retire_workers{{"node7-1", "node8-1"}},
          detach_task{task(10)},
          detach_task{task(11), true},
          name_dataset{name_dataset::order::publish, "rates", task(12), "list<f64>"},
          name_dataset{name_dataset::order::withdraw, "rates", {}, {}}};
}

inline batch<client_reply> client_replies() {
  return {welcome_client{{3}, "alice's", greeting().process, std::chrono::seconds(60)},
          introduce_worker{{7}, "node7-1", "tcp://10.0.0.7:45123"},
          task_done{task(1), {7}, 5, true, encoded("12345")},
          task_done{task(2), {7}, 1 << 20, false, {}},
          task_failed{task(3), failure()},
          place_data{task(4), {8}},
          snapshot_reply(snapshot()),
          scheduler_ends{},
          task_story{task(9), "price", "queued", "all 3 workers are busy", {{12, "submitted"}}},
          dataset_reply{"rates", {}, task(12), "list<f64>", {}},
          dataset_reply{"rate", "there is no dataset 'rate'", {}, {}, {"rates", "trades"}}};
}

inline batch<worker_message> worker_messages() {
  using std::chrono::nanoseconds;
  return {run_finished{task(1), {11}, 3, nanoseconds(1200), true, encoded("abc")},
          run_finished{task(2), {12}, 1 << 30, nanoseconds(5), false, {}},
          run_failed{task(3), {13}, failure()},
          inputs_missing{task(4), {14}, {{task(1), 8, {{1}, {2}}}, {task(2), 0, {}}}},
          result_added{task(5), 77},
          worker_report{1 << 29, 1 << 20, 1 << 21},
          run_seceded{task(6), {15}},
          run_rejoined{task(6), {15}},
          run_returned{task(7), {16}},
          worker_changed{worker_state::paused},
          running_task{task(8), {17}},
          registered{}};
}

inline batch<worker_order_message> worker_orders() {
  return {welcome_worker{{7}, greeting().process},
          introduce_worker{{8}, "node8-1", "tcp://10.0.0.8:45123"},
          run_task{task(1),
                   {11},
                   make_spec("price"),
                   encoded("arguments"),
                   {{task(2), 16, {{8}, {9}}}, {task(3), 4, {}}}},
          drop_result{task(2)},
          cancel_run{task(3), {12}},
          cancel_run{task(4), {13}, true},
          stop_worker{},
          leave_cluster{},
          return_run{task(3), {12}},
          replicate_results{{{task(5), 16, {{8}, {9}}}, {task(6), 4, {{8}}}}}};
}

inline batch<data_message> data_messages() {
  return {fetch_result{task(1)}, result_value{task(1), encoded("a value")}, result_absent{task(2)},
          store_result{task(3), encoded("kept")}};
}

/// A batch of `count` messages picked from another, with other task ids.
template <class Message>
batch<Message> shuffled(const batch<Message>& from, std::size_t count, generator& random) {
  batch<Message> to;
  for (std::size_t i = 0; i < count; ++i) {
    to.push_back(from[random() % from.size()]);
    std::visit(
        [&](auto& m) {
          if constexpr (requires { m.task; })
            m.task = task(random() % (random() % 4 ? 100 : 1 << 30) + 1, random() % 9 + 1);
        },
        to.back());
  }
  return to;
}

inline auto decode(wire::decoder& with, const bytes& body, const batch<client_message>&) {
  return with.client_messages(body);
}

inline auto decode(wire::decoder& with, const bytes& body, const batch<client_reply>&) {
  return with.client_replies(body);
}

inline auto decode(wire::decoder& with, const bytes& body, const batch<worker_message>&) {
  return with.worker_messages(body);
}

inline auto decode(wire::decoder& with, const bytes& body, const batch<worker_order_message>&) {
  return with.worker_orders(body);
}

inline auto decode(wire::decoder& with, const bytes& body, const batch<data_message>&) {
  return with.data_messages(body);
}

/// What the body decodes to if it came with a header of that kind; how it ended.
inline errc decode_as(wire::decoder& with, wire::frame_kind kind, const bytes& body) {
  auto code = [](const auto& got) { return got ? errc::ok : got.error().code; };
  switch (kind) {
    case wire::frame_kind::hello:
      return code(wire::decode_hello(body));
    case wire::frame_kind::client_messages:
      return code(with.client_messages(body));
    case wire::frame_kind::client_replies:
      return code(with.client_replies(body));
    case wire::frame_kind::worker_messages:
      return code(with.worker_messages(body));
    case wire::frame_kind::worker_orders:
      return code(with.worker_orders(body));
    case wire::frame_kind::data_messages:
      return code(with.data_messages(body));
    default:
      return errc::bad_bytes;
  }
}

/// A frame of each kind whose body is a message, with all message types in them.
inline std::vector<std::pair<wire::frame_kind, bytes>> frames() {
  wire::encoder encoder;
  return {{wire::frame_kind::hello, wire::encode(greeting())},
          {wire::frame_kind::client_messages, encoder.encode(client_messages())},
          {wire::frame_kind::client_replies, encoder.encode(client_replies())},
          {wire::frame_kind::worker_messages, encoder.encode(worker_messages())},
          {wire::frame_kind::worker_orders, wire::encoder().encode(worker_orders())},
          {wire::frame_kind::data_messages, encoder.encode(data_messages())}};
}

}  // namespace troupe::samples
