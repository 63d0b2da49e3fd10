#include "serialization/wire_encode.hpp"

namespace troupe::wire {

namespace {

using message_group = group<client_message>;
using message_to = schema::ClientMessages::Group::Builder;
using reply_group = group<client_reply>;
using reply_to = schema::ClientReplies::Group::Builder;

template <class T>
using messages = rows<T, client_message>;

template <class T>
using replies = rows<T, client_reply>;

template <class Rows>
void write_at_workers(column_writer& columns, const Rows& from,
                      schema::TasksAtWorkers::Builder to) {
  write_tasks(columns, from, to);
  columns.put(
      from, [](const auto& m) { return m.worker.value; }, [&] { return to.initWorkers(); });
}

void write_group(column_writer& columns, const messages<submit_task>& from, const message_group& g,
                 message_to at) {
  auto to = at.initSubmitTasks();
  write_tasks(columns, from, to);
  write_specs(columns, from, g, to);
  write_arguments(columns, from, to);
  columns.put(
      from, [](const submit_task& m) { return m.inputs.size(); },
      [&] { return to.initInputCounts(); });
  columns.begin();
  for (std::size_t i = 0; i < from.size(); ++i)
    for (auto input : from[i].inputs)
      columns.push(input.value);
  columns.finish_spelled_out([&] { return to.initInputs(); });
}

void write_group(column_writer& columns, const messages<scatter_data>& from, const message_group&,
                 message_to at) {
  auto to = at.initScatterData();
  write_tasks(columns, from, to);
  write_sizes(columns, from, to);
}

void write_group(column_writer& columns, const messages<release_task>& from, const message_group&,
                 message_to at) {
  write_tasks(columns, from, at.initReleaseTasks());
}

void write_group(column_writer& columns, const messages<cancel_task>& from, const message_group&,
                 message_to at) {
  auto to = at.initCancelTasks();
  write_tasks(columns, from, to);
  write_kills(columns, from, to);
}

void write_group(column_writer& columns, const messages<locate_result>& from, const message_group&,
                 message_to at) {
  write_at_workers(columns, from, at.initLocateResults());
}

void write_group(column_writer&, const messages<inspect_cluster>&, const message_group&,
                 message_to at) {
  at.setInspectCluster();
}

void write_group(column_writer& columns, const messages<claim_task>& from, const message_group&,
                 message_to at) {
  write_tasks(columns, from, at.initClaimTasks());
}

void write_group(column_writer&, const messages<end_claims>&, const message_group&, message_to at) {
  at.setEndClaims();
}

void write_group(column_writer&, const messages<leave_scheduler>&, const message_group&,
                 message_to at) {
  at.setLeaveScheduler();
}

void write_group(column_writer&, const replies<scheduler_ends>&, const reply_group&, reply_to at) {
  at.setSchedulerEnds();
}

void write_group(column_writer&, const messages<steer_cluster>& from, const message_group&,
                 message_to at) {
  auto to = at.initSteerCluster();
  to.setOrder(static_cast<std::uint16_t>(from[0].what));
  to.setWorkers(from[0].count);
  to.setGroup(text(from[0].group));
}

void write_group(column_writer& columns, const messages<explain_task>& from, const message_group&,
                 message_to at) {
  write_tasks(columns, from, at.initExplainTasks());
}

void write_group(column_writer& columns, const messages<replicate_result>& from,
                 const message_group&, message_to at) {
  auto to = at.initReplicateResults();
  write_tasks(columns, from, to);
  columns.put(
      from, [](const replicate_result& m) { return m.copies; }, [&] { return to.initSizes(); });
}

void write_group(column_writer& columns, const messages<detach_task>& from, const message_group&,
                 message_to at) {
  auto to = at.initDetachTasks();
  write_tasks(columns, from, to);
  columns.put(
      from, [](const detach_task& m) { return std::uint64_t{m.over}; },
      [&] { return to.initOvers(); });
}

void write_group(column_writer&, const messages<rebalance_results>&, const message_group&,
                 message_to at) {
  at.setRebalanceResults();
}

void write_group(column_writer&, const messages<retire_workers>& from, const message_group&,
                 message_to at) {
  write(from[0].names, at.initRetireWorkers(static_cast<unsigned>(from[0].names.size())));
}

void write_group(column_writer&, const messages<name_dataset>& from, const message_group&,
                 message_to at) {
  auto to = at.initNameDataset();
  to.setOrder(static_cast<std::uint16_t>(from[0].what));
  to.setName(text(from[0].name));
  to.setTask(from[0].task.value);
  to.setType(text(from[0].type));
}

void write_group(column_writer&, const replies<dataset_reply>& rows, const reply_group&,
                 reply_to at) {
  const auto& from = rows[0];
  auto to = at.initDatasetReply();
  to.setName(text(from.name));
  to.setRefused(text(from.refused));
  to.setTask(from.task.value);
  to.setType(text(from.type));
  write(from.names, to.initNames(static_cast<unsigned>(from.names.size())));
}

void write_group(column_writer&, const replies<task_story>& rows, const reply_group&, reply_to at) {
  const auto& from = rows[0];
  auto to = at.initTaskStory();
  to.setTask(from.task.value);
  to.setName(text(from.name));
  to.setState(text(from.state));
  to.setReason(text(from.reason));
  auto steps = to.initSteps(static_cast<unsigned>(from.steps.size()));
  for (unsigned i = 0; i < steps.size(); ++i) {
    steps[i].setAgeNs(from.steps[i].age_ns);
    steps[i].setWhat(text(from.steps[i].what));
  }
}

void write_group(column_writer&, const replies<welcome_client>& from, const reply_group&,
                 reply_to at) {
  auto to = at.initWelcomeClient();
  to.setClient(from[0].client.value);
  to.setScheduler(text(from[0].scheduler));
  to.setSession({from[0].session.data(), from[0].session.size()});
  to.setGrace(static_cast<std::uint64_t>(from[0].grace.count()));
}

void write_group(column_writer&, const replies<introduce_worker>& from, const reply_group&,
                 reply_to at) {
  write_introductions(from, at.initIntroduceWorkers(list_size(from)));
}

void write_group(column_writer& columns, const replies<task_done>& from, const reply_group&,
                 reply_to at) {
  auto to = at.initTasksDone();
  write_tasks(columns, from, to);
  columns.put(
      from, [](const task_done& m) { return m.holder.value; }, [&] { return to.initHolders(); });
  write_sizes(columns, from, to);
  write_small(columns, from, to);
}

void write_group(column_writer&, const replies<task_failed>& from, const reply_group&,
                 reply_to at) {
  auto to = at.initTasksFailed(list_size(from));
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setTask(from[i].task.value);
    write(from[i].why, to[i].initWhy());
  }
}

void write_group(column_writer& columns, const replies<place_data>& from, const reply_group&,
                 reply_to at) {
  write_at_workers(columns, from, at.initPlaceData());
}

void write_snapshot(const worker_snapshot& from, schema::ClusterSnapshot::Worker::Builder to) {
  to.setWorker(from.worker.value);
  to.setName(text(from.name));
  to.setHost(text(from.host));
  to.setAddress(text(from.address));
  to.setPid(from.pid);
  to.setThreads(from.threads);
  to.setMemoryBytes(from.memory_bytes);
  to.setMemoryUsedBytes(from.memory_used_bytes);
  to.setResults(from.results);
  to.setResultsBytes(from.results_bytes);
  to.setRunsAssigned(from.runs_assigned);
  to.setRunsFinished(from.runs_finished);
  to.setSpilledBytes(from.spilled_bytes);
  to.setState(static_cast<std::uint16_t>(from.state));
}

void write_snapshot(const launch_snapshot& from, schema::ClusterSnapshot::Launch::Builder to) {
  to.setNumber(from.number);
  to.setId(text(from.id));
  to.setGroup(text(from.group));
  to.setState(static_cast<std::uint16_t>(from.state));
  to.setWorkers(from.workers);
  to.setJoined(from.joined);
  to.setWords(text(from.words));
  to.setSinceSeconds(from.since_seconds);
  to.setInSeconds(from.in_seconds);
}

void write_group(column_writer&, const replies<snapshot_reply>& rows, const reply_group&,
                 reply_to at) {
  const auto& from = *rows[0].shown;
  auto to = at.initClusterSnapshot();
  to.setScheduler(text(from.scheduler));
  to.setAddress(text(from.address));
  to.setRelease(text(from.release));
  to.setUptimeSeconds(from.uptime_seconds);
  to.setClients(from.clients);
  to.setTasksWaiting(from.tasks_waiting);
  to.setTasksQueued(from.tasks_queued);
  to.setTasksProcessing(from.tasks_processing);
  to.setTasksInMemory(from.tasks_in_memory);
  to.setTasksFailed(from.tasks_failed);
  to.setRunsFinished(from.runs_finished);
  to.setPendingReason(text(from.pending_reason));
  to.setWanted(from.wanted);
  to.setHopeless(text(from.hopeless));
  write(from.stuck, to.initStuck(static_cast<unsigned>(from.stuck.size())));
  write(from.groups, to.initGroups(static_cast<unsigned>(from.groups.size())));
  auto workers = to.initWorkers(static_cast<unsigned>(from.workers.size()));
  for (unsigned i = 0; i < workers.size(); ++i)
    write_snapshot(from.workers[i], workers[i]);
  to.setCluster(text(from.cluster));
  auto launches = to.initLaunches(static_cast<unsigned>(from.launches.size()));
  for (unsigned i = 0; i < launches.size(); ++i)
    write_snapshot(from.launches[i], launches[i]);
}

}  // namespace

bytes encoder::encode(std::span<const client_message> from) {
  return write_batch<schema::ClientMessages>(frame_kind::client_messages, from, specs_,
                                             [](auto&... arguments) { write_group(arguments...); });
}

bytes encoder::encode(std::span<const client_reply> from) {
  return write_batch<schema::ClientReplies>(frame_kind::client_replies, from, specs_,
                                            [](auto&... arguments) { write_group(arguments...); });
}

}  // namespace troupe::wire
