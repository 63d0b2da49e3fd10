#include "serialization/wire_decode.hpp"

namespace troupe::wire {

namespace {

using message_filler = batch_filler<client_message>;
using reply_filler = batch_filler<client_reply>;

template <class T, class Message>
void read_at_workers(schema::TasksAtWorkers::Reader from, batch_filler<Message>& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto workers = read_ids(from.getWorkers(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.template add<T>();
    m.task = {tasks[i]};
    m.worker = {workers[i]};
  }
}

void read_submits(body_reader& body, spec_table& table, schema::SubmitTasks::Reader from,
                  message_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  spec_reader specs(body, table, from, count);
  value_reader arguments(body, from.getArguments(), count);
  const auto input_counts = read_column(from.getInputCounts(), count);
  const auto inputs = read_task_ids(from.getInputs(), body.take_all(input_counts));
  std::size_t input = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<submit_task>();
    m.task = {tasks[i]};
    m.spec = specs.next();
    m.arguments = arguments.next();
    m.inputs.resize(input_counts[i]);
    for (auto& id : m.inputs)
      id = {inputs[input++]};
  }
}

void read_cancels(schema::CancelTasks::Reader from, message_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto kills = read_flags(from.getKills(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<cancel_task>();
    m.task = {tasks[i]};
    m.kill = kills[i] == 1;
  }
}

void read_detached(schema::DetachTasks::Reader from, message_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto overs = read_flags(from.getOvers(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<detach_task>();
    m.task = {tasks[i]};
    m.over = overs[i] == 1;
  }
}

/// None is none.
task_id read_task_if_any(std::uint64_t id) {
  return id == 0 ? task_id{} : read_task_id(id);
}

void read_naming(schema::NameDataset::Reader from, message_filler& to) {
  to.begin_group(1);
  auto& m = to.add<name_dataset>();
  need(from.getOrder() <= static_cast<std::uint16_t>(name_dataset::order::list),
       "what is to be done with a name is known");
  m.what = static_cast<name_dataset::order>(from.getOrder());
  m.name = read_text(from.getName());
  m.task = read_task_if_any(from.getTask());
  m.type = read_text(from.getType());
}

void read_replications(schema::SizedTasks::Reader from, message_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto copies = read_column(from.getSizes(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<replicate_result>();
    m.task = {tasks[i]};
    m.copies = copies[i];
  }
}

void read_steering(schema::SteerCluster::Reader from, message_filler& to) {
  to.begin_group(1);
  auto& m = to.add<steer_cluster>();
  need(from.getOrder() <= static_cast<std::uint16_t>(steer_cluster::order::scale),
       "an order to a cluster is known");
  m.what = static_cast<steer_cluster::order>(from.getOrder());
  m.count = from.getWorkers();
  m.group = read_text(from.getGroup());
}

void read_message_group(body_reader& body, spec_table& specs,
                        schema::ClientMessages::Group::Reader from, message_filler& to) {
  using type = schema::ClientMessages::Group::Which;
  switch (from.which()) {
    case type::SUBMIT_TASKS:
      return read_submits(body, specs, from.getSubmitTasks(), to);
    case type::SCATTER_DATA:
      return read_tasks<scatter_data>(from.getScatterData(), to);
    case type::RELEASE_TASKS:
      return read_tasks<release_task>(from.getReleaseTasks(), to);
    case type::CANCEL_TASKS:
      return read_cancels(from.getCancelTasks(), to);
    case type::LOCATE_RESULTS:
      return read_at_workers<locate_result>(from.getLocateResults(), to);
    case type::INSPECT_CLUSTER:
      to.begin_group(1);
      to.add<inspect_cluster>();
      return;
    case type::CLAIM_TASKS:
      return read_tasks<claim_task>(from.getClaimTasks(), to);
    case type::END_CLAIMS:
      to.begin_group(1);
      to.add<end_claims>();
      return;
    case type::LEAVE_SCHEDULER:
      to.begin_group(1);
      to.add<leave_scheduler>();
      return;
    case type::STEER_CLUSTER:
      return read_steering(from.getSteerCluster(), to);
    case type::EXPLAIN_TASKS:
      return read_tasks<explain_task>(from.getExplainTasks(), to);
    case type::REPLICATE_RESULTS:
      return read_replications(from.getReplicateResults(), to);
    case type::REBALANCE_RESULTS:
      to.begin_group(1);
      to.add<rebalance_results>();
      return;
    case type::RETIRE_WORKERS:
      to.begin_group(1);
      to.add<retire_workers>().names = read_texts(body, from.getRetireWorkers());
      return;
    case type::DETACH_TASKS:
      return read_detached(from.getDetachTasks(), to);
    case type::NAME_DATASET:
      return read_naming(from.getNameDataset(), to);
  }
  need(false, unknown_message);
}

void read_welcome(schema::WelcomeClient::Reader from, reply_filler& to) {
  to.begin_group(1);
  auto& m = to.add<welcome_client>();
  m.client = read_client_id(from.getClient());
  m.scheduler = read_text(from.getScheduler());
  m.session = read_uuid(from.getSession());
  m.grace = read_duration(from.getGrace());
}

void read_done(body_reader& body, schema::TasksDone::Reader from, reply_filler& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  const auto holders = read_ids(from.getHolders(), count);
  small_reader small(body, from, count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.add<task_done>();
    m.task = {tasks[i]};
    m.holder = {holders[i]};
    small.next(m);
  }
}

void read_failed(body_reader& body, capnp::List<schema::TaskFailed>::Reader from,
                 reply_filler& to) {
  to.begin_group(from.size());
  for (auto row : from) {
    auto& m = to.add<task_failed>();
    m.task = read_task_id(row.getTask());
    m.why = read_error(body, row.getWhy());
  }
}

void read_story(body_reader& body, schema::TaskStory::Reader from, reply_filler& to) {
  to.begin_group(1);
  auto& m = to.add<task_story>();
  m.task = read_task_id(from.getTask());
  m.name = read_text(from.getName());
  m.state = read_text(from.getState());
  m.reason = read_text(from.getReason());
  const auto steps = from.getSteps();
  m.steps.reserve(body.take(steps.size()));
  for (auto step : steps)
    m.steps.push_back({step.getAgeNs(), read_text(step.getWhat())});
}

void read_dataset(body_reader& body, schema::DatasetReply::Reader from, reply_filler& to) {
  to.begin_group(1);
  auto& m = to.add<dataset_reply>();
  m.name = read_text(from.getName());
  m.refused = read_text(from.getRefused());
  m.task = read_task_if_any(from.getTask());
  m.type = read_text(from.getType());
  m.names = read_texts(body, from.getNames());
}

worker_snapshot read_snapshot(schema::ClusterSnapshot::Worker::Reader from) {
  worker_snapshot to;
  to.worker = read_worker_id(from.getWorker());
  to.name = read_text(from.getName());
  to.host = read_text(from.getHost());
  to.address = read_text(from.getAddress());
  to.pid = from.getPid();
  to.threads = from.getThreads();
  to.memory_bytes = from.getMemoryBytes();
  to.memory_used_bytes = from.getMemoryUsedBytes();
  to.results = from.getResults();
  to.results_bytes = from.getResultsBytes();
  to.runs_assigned = from.getRunsAssigned();
  to.runs_finished = from.getRunsFinished();
  to.spilled_bytes = from.getSpilledBytes();
  to.state = read_state(from.getState());
  return to;
}

launch_snapshot read_snapshot(schema::ClusterSnapshot::Launch::Reader from) {
  launch_snapshot to;
  to.number = from.getNumber();
  need(to.number != 0, "a launch has a number");
  to.id = read_text(from.getId());
  to.group = read_text(from.getGroup());
  need(from.getState() <= static_cast<std::uint16_t>(launch_state::lost),
       "a launch's state is known");
  to.state = static_cast<launch_state>(from.getState());
  to.workers = from.getWorkers();
  to.joined = from.getJoined();
  to.words = read_text(from.getWords());
  to.since_seconds = from.getSinceSeconds();
  to.in_seconds = from.getInSeconds();
  return to;
}

void read_snapshot(body_reader& body, schema::ClusterSnapshot::Reader from, reply_filler& fill) {
  fill.begin_group(1);
  cluster_snapshot to;
  to.scheduler = read_text(from.getScheduler());
  to.address = read_text(from.getAddress());
  to.release = read_text(from.getRelease());
  to.uptime_seconds = from.getUptimeSeconds();
  to.clients = from.getClients();
  to.tasks_waiting = from.getTasksWaiting();
  to.tasks_queued = from.getTasksQueued();
  to.tasks_processing = from.getTasksProcessing();
  to.tasks_in_memory = from.getTasksInMemory();
  to.tasks_failed = from.getTasksFailed();
  to.runs_finished = from.getRunsFinished();
  to.pending_reason = read_text(from.getPendingReason());
  to.wanted = from.getWanted();
  to.hopeless = read_text(from.getHopeless());
  to.stuck = read_texts(body, from.getStuck());
  to.groups = read_texts(body, from.getGroups());
  const auto workers = from.getWorkers();
  to.workers.reserve(body.take(workers.size()));
  for (auto worker : workers)
    to.workers.push_back(read_snapshot(worker));
  to.cluster = read_text(from.getCluster());
  const auto launches = from.getLaunches();
  body.take(launches.size());
  for (auto launch : launches)
    to.launches.push_back(read_snapshot(launch));
  fill.add<snapshot_reply>() = snapshot_reply(std::move(to));
}

void read_reply_group(body_reader& body, schema::ClientReplies::Group::Reader from,
                      reply_filler& to) {
  using type = schema::ClientReplies::Group::Which;
  switch (from.which()) {
    case type::WELCOME_CLIENT:
      return read_welcome(from.getWelcomeClient(), to);
    case type::INTRODUCE_WORKERS:
      return read_introductions(from.getIntroduceWorkers(), to);
    case type::TASKS_DONE:
      return read_done(body, from.getTasksDone(), to);
    case type::TASKS_FAILED:
      return read_failed(body, from.getTasksFailed(), to);
    case type::PLACE_DATA:
      return read_at_workers<place_data>(from.getPlaceData(), to);
    case type::CLUSTER_SNAPSHOT:
      return read_snapshot(body, from.getClusterSnapshot(), to);
    case type::SCHEDULER_ENDS:
      to.begin_group(1);
      to.add<scheduler_ends>();
      return;
    case type::TASK_STORY:
      return read_story(body, from.getTaskStory(), to);
    case type::DATASET_REPLY:
      return read_dataset(body, from.getDatasetReply(), to);
  }
  need(false, unknown_message);
}

}  // namespace

result<batch<client_message>> decoder::client_messages(const bytes& body) {
  return decode_body("client_messages frame", body, [this](body_reader& reader) {
    const auto root = reader.root<schema::ClientMessages>(frame_kind::client_messages);
    return read_batch<client_message>(reader, root, [this](auto& in, auto group, auto& to) {
      read_message_group(in, specs_, group, to);
    });
  });
}

result<batch<client_reply>> decoder::client_replies(const bytes& body) {
  return decode_body("client_replies frame", body, [](body_reader& reader) {
    const auto root = reader.root<schema::ClientReplies>(frame_kind::client_replies);
    return read_batch<client_reply>(
        reader, root, [](auto& in, auto group, auto& to) { read_reply_group(in, group, to); });
  });
}

}  // namespace troupe::wire
