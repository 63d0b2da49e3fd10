#include "serialization/wire_decode.hpp"

namespace troupe::wire {

namespace {

using message_filler = batch_filler<worker_message>;
using order_filler = batch_filler<worker_order_message>;
using data_filler = batch_filler<data_message>;

void read_finished(body_reader& body, schema::RunsFinished::Reader from, message_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto runs = read_ids(from.getRuns(), count);
  const auto durations = read_column(from.getDurations(), count);
  small_reader small(body, from, count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<run_finished>();
    m.task = {tasks[i]};
    m.run = {runs[i]};
    m.duration = read_duration(durations[i]);
    small.next(m);
  }
}

void read_failed(body_reader& body, capnp::List<schema::RunFailed>::Reader from,
                 message_filler& to) {
  to.begin_group(from.size());
  for (auto row : from) {
    auto& m = to.add<run_failed>();
    m.task = read_task_id(row.getTask());
    m.run = read_run_id(row.getRun());
    m.why = read_error(body, row.getWhy());
  }
}

void read_missing(body_reader& body, schema::InputsMissing::Reader from, message_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto runs = read_ids(from.getRuns(), count);
  location_reader missing(body, from.getMissing(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<inputs_missing>();
    m.task = {tasks[i]};
    m.run = {runs[i]};
    m.missing = missing.next();
  }
}

void read_report(schema::WorkerReport::Reader from, message_filler& to) {
  to.begin_group(1);
  auto& m = to.add<worker_report>();
  m.memory_used_bytes = from.getMemoryUsedBytes();
  m.results_bytes = from.getResultsBytes();
  m.spilled_bytes = from.getSpilledBytes();
}

template <class T, class Message>
void read_task_runs(schema::Runs::Reader from, batch_filler<Message>& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto runs = read_ids(from.getRuns(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.template add<T>();
    m.task = {tasks[i]};
    m.run = {runs[i]};
  }
}

void read_message_group(body_reader& body, schema::WorkerMessages::Group::Reader from,
                        message_filler& to) {
  using type = schema::WorkerMessages::Group::Which;
  switch (from.which()) {
    case type::RUNS_FINISHED:
      return read_finished(body, from.getRunsFinished(), to);
    case type::RUNS_FAILED:
      return read_failed(body, from.getRunsFailed(), to);
    case type::INPUTS_MISSING:
      return read_missing(body, from.getInputsMissing(), to);
    case type::RESULTS_ADDED:
      return read_tasks<result_added>(from.getResultsAdded(), to);
    case type::WORKER_REPORT:
      return read_report(from.getWorkerReport(), to);
    case type::RUNS_SECEDED:
      return read_task_runs<run_seceded>(from.getRunsSeceded(), to);
    case type::RUNS_REJOINED:
      return read_task_runs<run_rejoined>(from.getRunsRejoined(), to);
    case type::RUNS_RETURNED:
      return read_task_runs<run_returned>(from.getRunsReturned(), to);
    case type::WORKER_CHANGED:
      to.begin_group(1);
      to.add<worker_changed>().state = read_state(from.getWorkerChanged());
      return;
    case type::RUNNING_TASKS:
      return read_task_runs<running_task>(from.getRunningTasks(), to);
    case type::REGISTERED:
      to.begin_group(1);
      to.add<registered>();
      return;
  }
  need(false, unknown_message);
}

void read_runs(body_reader& body, spec_table& table, schema::RunTasks::Reader from,
               order_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto runs = read_ids(from.getRuns(), count);
  spec_reader specs(body, table, from, count);
  value_reader arguments(body, from.getArguments(), count);
  location_reader inputs(body, from.getInputs(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<run_task>();
    m.task = {tasks[i]};
    m.run = {runs[i]};
    m.spec = specs.next();
    m.arguments = arguments.next();
    m.inputs = inputs.next();
  }
}

void read_cancels(schema::CancelRuns::Reader from, order_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto runs = read_ids(from.getRuns(), count);
  const auto kills = read_flags(from.getKills(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<cancel_run>();
    m.task = {tasks[i]};
    m.run = {runs[i]};
    m.kill = kills[i] == 1;
  }
}

void read_replications(body_reader& body, schema::ReplicateResults::Reader from, order_filler& to) {
  const auto count = to.begin_group(from.getCount());
  location_reader results(body, from.getResults(), count);
  for (std::size_t i = 0; i < count; ++i)
    to.add<replicate_results>().results = results.next();
}

void read_welcome(schema::WelcomeWorker::Reader from, order_filler& to) {
  to.begin_group(1);
  auto& m = to.add<welcome_worker>();
  m.worker = read_worker_id(from.getWorker());
  m.session = read_uuid(from.getSession());
}

void read_order_group(body_reader& body, spec_table& specs,
                      schema::WorkerOrders::Group::Reader from, order_filler& to) {
  using type = schema::WorkerOrders::Group::Which;
  switch (from.which()) {
    case type::WELCOME_WORKER:
      return read_welcome(from.getWelcomeWorker(), to);
    case type::INTRODUCE_WORKERS:
      return read_introductions(from.getIntroduceWorkers(), to);
    case type::RUN_TASKS:
      return read_runs(body, specs, from.getRunTasks(), to);
    case type::DROP_RESULTS:
      return read_tasks<drop_result>(from.getDropResults(), to);
    case type::CANCEL_RUNS:
      return read_cancels(from.getCancelRuns(), to);
    case type::STOP_WORKER:
      to.begin_group(1);
      to.add<stop_worker>();
      return;
    case type::REPLICATE_RESULTS:
      return read_replications(body, from.getReplicateResults(), to);
    case type::LEAVE_CLUSTER:
      to.begin_group(1);
      to.add<leave_cluster>();
      return;
    case type::RETURN_RUNS:
      return read_task_runs<return_run>(from.getReturnRuns(), to);
  }
  need(false, unknown_message);
}

template <class T>
void read_contents(body_reader& body, schema::TaskValues::Reader from, data_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  value_reader values(body, from.getValues(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<T>();
    m.task = {tasks[i]};
    m.content = values.next();
  }
}

void read_data_group(body_reader& body, schema::DataMessages::Group::Reader from, data_filler& to) {
  using type = schema::DataMessages::Group::Which;
  switch (from.which()) {
    case type::FETCH_RESULTS:
      return read_tasks<fetch_result>(from.getFetchResults(), to);
    case type::RESULTS:
      return read_contents<result_value>(body, from.getResults(), to);
    case type::RESULTS_ABSENT:
      return read_tasks<result_absent>(from.getResultsAbsent(), to);
    case type::STORE_RESULTS:
      return read_contents<store_result>(body, from.getStoreResults(), to);
  }
  need(false, unknown_message);
}

}  // namespace

result<batch<worker_message>> decoder::worker_messages(const bytes& body) {
  return decode_body("worker_messages frame", body, [](body_reader& reader) {
    const auto root = reader.root<schema::WorkerMessages>(frame_kind::worker_messages);
    return read_batch<worker_message>(
        reader, root, [](auto& in, auto group, auto& to) { read_message_group(in, group, to); });
  });
}

result<batch<worker_order_message>> decoder::worker_orders(const bytes& body) {
  return decode_body("worker_orders frame", body, [this](body_reader& reader) {
    const auto root = reader.root<schema::WorkerOrders>(frame_kind::worker_orders);
    return read_batch<worker_order_message>(reader, root, [this](auto& in, auto group, auto& to) {
      read_order_group(in, specs_, group, to);
    });
  });
}

result<batch<data_message>> decoder::data_messages(const bytes& body) {
  return decode_body("data_messages frame", body, [](body_reader& reader) {
    const auto root = reader.root<schema::DataMessages>(frame_kind::data_messages);
    return read_batch<data_message>(
        reader, root, [](auto& in, auto group, auto& to) { read_data_group(in, group, to); });
  });
}

}  // namespace troupe::wire
