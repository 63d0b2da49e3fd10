#include "serialization/wire_encode.hpp"

namespace troupe::wire {

namespace {

using message_group = group<worker_message>;
using message_to = schema::WorkerMessages::Group::Builder;
using order_group = group<worker_order_message>;
using order_to = schema::WorkerOrders::Group::Builder;
using data_group = group<data_message>;
using data_to = schema::DataMessages::Group::Builder;

template <class T>
using messages = rows<T, worker_message>;

template <class T>
using orders = rows<T, worker_order_message>;

template <class T>
using data = rows<T, data_message>;

void write_group(column_writer& columns, const messages<run_finished>& from, const message_group&,
                 message_to at) {
  auto to = at.initRunsFinished();
  write_tasks(columns, from, to);
  write_runs(columns, from, to);
  write_sizes(columns, from, to);
  columns.put(
      from, [](const run_finished& m) { return count_of(m.duration); },
      [&] { return to.initDurations(); });
  write_small(columns, from, to);
}

void write_group(column_writer&, const messages<run_failed>& from, const message_group&,
                 message_to at) {
  auto to = at.initRunsFailed(list_size(from));
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setTask(from[i].task.value);
    to[i].setRun(from[i].run.value);
    write(from[i].why, to[i].initWhy());
  }
}

void write_group(column_writer& columns, const messages<inputs_missing>& from, const message_group&,
                 message_to at) {
  auto to = at.initInputsMissing();
  write_tasks(columns, from, to);
  write_runs(columns, from, to);
  write_locations(
      columns, from, [](const inputs_missing& m) -> auto& { return m.missing; }, to.initMissing());
}

void write_group(column_writer& columns, const messages<result_added>& from, const message_group&,
                 message_to at) {
  auto to = at.initResultsAdded();
  write_tasks(columns, from, to);
  write_sizes(columns, from, to);
}

void write_group(column_writer&, const messages<worker_report>& from, const message_group&,
                 message_to at) {
  auto to = at.initWorkerReport();
  to.setMemoryUsedBytes(from[0].memory_used_bytes);
  to.setResultsBytes(from[0].results_bytes);
  to.setSpilledBytes(from[0].spilled_bytes);
}

template <class Rows>
void write_task_runs(column_writer& columns, const Rows& from, schema::Runs::Builder to) {
  write_tasks(columns, from, to);
  write_runs(columns, from, to);
}

void write_group(column_writer& columns, const messages<run_seceded>& from, const message_group&,
                 message_to at) {
  write_task_runs(columns, from, at.initRunsSeceded());
}

void write_group(column_writer& columns, const messages<run_rejoined>& from, const message_group&,
                 message_to at) {
  write_task_runs(columns, from, at.initRunsRejoined());
}

void write_group(column_writer& columns, const messages<run_returned>& from, const message_group&,
                 message_to at) {
  write_task_runs(columns, from, at.initRunsReturned());
}

void write_group(column_writer&, const messages<worker_changed>& from, const message_group&,
                 message_to at) {
  at.setWorkerChanged(static_cast<std::uint16_t>(from[0].state));
}

void write_group(column_writer& columns, const messages<running_task>& from, const message_group&,
                 message_to at) {
  write_task_runs(columns, from, at.initRunningTasks());
}

void write_group(column_writer&, const messages<registered>&, const message_group&, message_to at) {
  at.setRegistered();
}

void write_group(column_writer&, const orders<welcome_worker>& from, const order_group&,
                 order_to at) {
  auto to = at.initWelcomeWorker();
  to.setWorker(from[0].worker.value);
  to.setSession({from[0].session.data(), from[0].session.size()});
}

void write_group(column_writer&, const orders<introduce_worker>& from, const order_group&,
                 order_to at) {
  write_introductions(from, at.initIntroduceWorkers(list_size(from)));
}

void write_group(column_writer& columns, const orders<run_task>& from, const order_group& g,
                 order_to at) {
  auto to = at.initRunTasks();
  write_tasks(columns, from, to);
  write_runs(columns, from, to);
  write_specs(columns, from, g, to);
  write_arguments(columns, from, to);
  bool any = false;
  for (std::size_t i = 0; i < from.size() && !any; ++i)
    any = !from[i].inputs.empty();
  if (!any) return;
  write_locations(
      columns, from, [](const run_task& m) -> auto& { return m.inputs; }, to.initInputs());
}

void write_group(column_writer& columns, const orders<drop_result>& from, const order_group&,
                 order_to at) {
  write_tasks(columns, from, at.initDropResults());
}

void write_group(column_writer& columns, const orders<cancel_run>& from, const order_group&,
                 order_to at) {
  auto to = at.initCancelRuns();
  write_tasks(columns, from, to);
  write_runs(columns, from, to);
  write_kills(columns, from, to);
}

void write_group(column_writer& columns, const orders<replicate_results>& from, const order_group&,
                 order_to at) {
  auto to = at.initReplicateResults();
  to.setCount(list_size(from));
  write_locations(
      columns, from, [](const replicate_results& m) -> auto& { return m.results; },
      to.initResults());
}

void write_group(column_writer&, const orders<stop_worker>&, const order_group&, order_to at) {
  at.setStopWorker();
}

void write_group(column_writer& columns, const orders<return_run>& from, const order_group&,
                 order_to at) {
  write_task_runs(columns, from, at.initReturnRuns());
}

void write_group(column_writer&, const orders<leave_cluster>&, const order_group&, order_to at) {
  at.setLeaveCluster();
}

template <class Rows>
void write_contents(column_writer& columns, const Rows& from, schema::TaskValues::Builder to) {
  write_tasks(columns, from, to);
  write_values(
      columns, from.size(), [&](std::size_t i) { return &from[i].content; },
      [&] { return to.initValues(); });
}

void write_group(column_writer& columns, const data<fetch_result>& from, const data_group&,
                 data_to at) {
  write_tasks(columns, from, at.initFetchResults());
}

void write_group(column_writer& columns, const data<result_value>& from, const data_group&,
                 data_to at) {
  write_contents(columns, from, at.initResults());
}

void write_group(column_writer& columns, const data<result_absent>& from, const data_group&,
                 data_to at) {
  write_tasks(columns, from, at.initResultsAbsent());
}

void write_group(column_writer& columns, const data<store_result>& from, const data_group&,
                 data_to at) {
  write_contents(columns, from, at.initStoreResults());
}

}  // namespace

bytes encoder::encode(std::span<const worker_message> from) {
  return write_batch<schema::WorkerMessages>(frame_kind::worker_messages, from, specs_,
                                             [](auto&... arguments) { write_group(arguments...); });
}

bytes encoder::encode(std::span<const worker_order_message> from) {
  return write_batch<schema::WorkerOrders>(frame_kind::worker_orders, from, specs_,
                                           [](auto&... arguments) { write_group(arguments...); });
}

bytes encoder::encode(std::span<const data_message> from) {
  return write_batch<schema::DataMessages>(frame_kind::data_messages, from, specs_,
                                           [](auto&... arguments) { write_group(arguments...); });
}

}  // namespace troupe::wire
