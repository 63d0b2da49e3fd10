#include "tests/client/fake_cluster.hpp"

#include <optional>
#include <utility>

#include "actors/client/connect.hpp"
#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"

namespace troupe::testing {

namespace {

constexpr worker_id the_worker{1};
constexpr std::uint64_t inline_max = 64;
constexpr std::uint64_t value_in_message_max = 64 << 10;

/// What an envelope holds, from this process or from a socket.
template <class Message, class Decode>
batch<Message> messages_of(const transport::envelope& e, Decode decode) {
  if (e.local) return std::get<batch<Message>>(*e.local);
  return decode(e.body).value();
}

}  // namespace

config test_config() {
  config c;
  c.security.token = "test";
  c.log.level = "off";
  return c;
}

struct fake_cluster::shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, task_entry> tasks;
  std::map<task_id, value> results;
  std::vector<client_message> said;
  std::deque<std::optional<submit_task>> held;
  std::vector<submit_task> to_run;  ///< Held before.
  bool holds = false;
  unsigned losses = 0;
  std::size_t worker_batches = 0;
  std::string worker_address;
  std::vector<task_id> stored;  ///< By the worker, not told yet.
  caf::actor scheduler;
};

namespace {

using shared = fake_cluster::shared;

class fake_scheduler final : public runtime::part {
public:
  fake_scheduler(runtime::self& me, std::shared_ptr<shared> s) : me_(me), shared_(std::move(s)) {}

  using part::on;

  const char* name() const override { return "fake_scheduler"; }

  void on(const transport::accepted& e) override {
    const client_id client{clients_.size() + 1};
    clients_.emplace(client, e.from);
    by_actor_.emplace(e.from.actor.address(), client);
    tell(client, welcome_client{client, "fake", {}, {}});
    tell(client, introduce_worker{the_worker, "one", shared_->worker_address});
  }

  void on(const transport::envelope& e, const caf::actor_addr& from) override {
    const auto messages = messages_of<client_message>(
        e, [&](const bytes& body) { return decoders_[from].client_messages(body); });
    const std::lock_guard lock(shared_->mutex);
    for (const auto& m : messages) {
      shared_->said.push_back(m);
      std::visit([&](const auto& told) { hear(by_actor_.at(from), told); }, m);
    }
    shared_->changed.notify_all();
  }

  void on_wake() override {
    const std::lock_guard lock(shared_->mutex);
    for (const auto& t : std::exchange(shared_->to_run, {}))
      run(t);
    for (auto task : std::exchange(shared_->stored, {}))
      tell(client_of(task), task_done{task, the_worker, shared_->results[task].size(), false, {}});
  }

  void on_flush() override {
    for (auto& [client, out] : clients_)
      out.flush(me_);
  }

  void on_stop() override { me_.quit(); }

private:
  void hear(client_id, const submit_task& m) {
    if (shared_->holds)
      shared_->held.push_back(m);
    else
      run(m);
  }

  void hear(client_id client, const scatter_data& m) {
    tell(client, place_data{m.task, the_worker});
  }

  void hear(client_id, const claim_task&) {}

  void hear(client_id, const end_claims&) {}

  void hear(client_id, const leave_scheduler&) {}

  void hear(client_id, const release_task& m) { shared_->results.erase(m.task); }

  void hear(client_id client, const cancel_task& m) {
    tell(client, task_failed{m.task, {errc::cancelled, "cancelled"}});
  }

  void hear(client_id client, const locate_result& m) {
    tell(client, task_done{m.task, the_worker, 1, false, {}});
  }

  void hear(client_id, const steer_cluster&) {}

  void hear(client_id, const replicate_result&) {}

  void hear(client_id, const rebalance_results&) {}

  void hear(client_id, const detach_task&) {}

  void hear(client_id client, const name_dataset& m) {
    tell(client, dataset_reply{m.name, {}, m.task, m.type, {}});
  }

  void hear(client_id client, const retire_workers&) { hear(client, inspect_cluster{}); }

  void hear(client_id client, const explain_task& m) {
    tell(client, task_story{m.task, "f", "queued", "all is busy", {}});
  }

  void hear(client_id client, const inspect_cluster&) {
    cluster_snapshot s;
    s.scheduler = "fake";
    worker_snapshot w;
    w.worker = the_worker;
    w.threads = 3;
    w.memory_bytes = std::uint64_t{3} << 29;
    s.workers = {w, w};
    tell(client, snapshot_reply(s));
  }

  void run(const submit_task& m) {
    const auto entry = shared_->tasks.find(m.spec->function);
    if (entry == shared_->tasks.end())
      return tell(client_of(m.task), task_failed{m.task, {errc::unknown_task, "no such task"}});
    std::vector<value> inputs;
    for (auto input : m.inputs)
      inputs.push_back(shared_->results.at(input));
    try {
      auto made = entry->second.run(m.arguments, inputs);
      shared_->results[m.task] = made;
      const bool small = made.size() <= inline_max;
      tell(client_of(m.task),
           task_done{m.task, the_worker, made.size(), small, small ? std::move(made) : value()});
    } catch (const std::exception& e) {
      tell(client_of(m.task), task_failed{m.task,
                                          {.code = errc::task_failed,
                                           .message = e.what(),
                                           .type = "std::out_of_range",
                                           .task = m.spec->function,
                                           .worker = "one",
                                           .chain = {}}});
    }
  }

  void tell(client_id client, client_reply m) {
    clients_.at(client).push(std::move(m));
    me_.request_flush();
  }

  using outbox = runtime::outbox<client_reply, wire::frame_kind::client_replies>;

  runtime::self& me_;
  std::shared_ptr<shared> shared_;
  std::map<client_id, outbox> clients_;
  std::map<caf::actor_addr, client_id> by_actor_;
  std::map<caf::actor_addr, wire::decoder> decoders_;
};

class fake_worker final : public runtime::part {
public:
  fake_worker(runtime::self& me, std::shared_ptr<shared> s) : me_(me), shared_(std::move(s)) {}

  using part::on;

  const char* name() const override { return "fake_worker"; }

  void on(const transport::accepted& e) override { outs_.emplace(e.from.actor.address(), e.from); }

  void on(const transport::envelope& e, const caf::actor_addr& from) override {
    const auto messages = messages_of<data_message>(
        e, [&](const bytes& body) { return decoders_[from].data_messages(body); });
    const std::lock_guard lock(shared_->mutex);
    ++shared_->worker_batches;
    for (const auto& m : messages) {
      if (const auto* fetch = std::get_if<fetch_result>(&m))
        answer(outs_.at(from), fetch->task);
      else if (const auto* stored = std::get_if<store_result>(&m))
        store(stored->task, stored->content);
    }
    outs_.at(from).flush(me_);
  }

  void on(const transport::value_arrived& e, const caf::actor_addr&) override {
    const std::lock_guard lock(shared_->mutex);
    if (e.store) store(e.task, value(e.content));
  }

  void on_stop() override { me_.quit(); }

private:
  using outbox = runtime::outbox<data_message, wire::frame_kind::data_messages>;

  void answer(outbox& out, task_id task) {
    const auto found = shared_->results.find(task);
    if (shared_->losses > 0 || found == shared_->results.end()) {
      if (shared_->losses > 0) --shared_->losses;
      out.push(result_absent{task});
    } else if (out.to().local || found->second.size() <= value_in_message_max) {
      out.push(result_value{task, found->second});
    } else {
      me_.send(out.to().actor, transport::send_value{task, found->second.encoded(), false});
    }
  }

  void store(task_id task, const value& content) {
    shared_->results[task] = content;
    shared_->stored.push_back(task);
    runtime::wake(shared_->scheduler);
  }

  runtime::self& me_;
  std::shared_ptr<shared> shared_;
  std::map<caf::actor_addr, outbox> outs_;
  std::map<caf::actor_addr, wire::decoder> decoders_;
};

}  // namespace

fake_cluster::fake_cluster(const fake_places& at)
    : node_(test_config()), shared_(std::make_shared<shared>()) {
  worker_ = runtime::spawn(
      node_.actors(), [s = shared_](auto& me) { return std::make_unique<fake_worker>(me, s); });
  scheduler_ = runtime::spawn(
      node_.actors(), [s = shared_](auto& me) { return std::make_unique<fake_scheduler>(me, s); });
  const auto listen = [this](const std::string& where, const caf::actor& owner) {
    return where.empty() ? node_.net().listen_local(owner)
                         : node_.net().listen(where, owner).value();
  };
  worker_at_ = listen(at.worker, worker_);
  scheduler_at_ = listen(at.scheduler, scheduler_);
  shared_->worker_address = worker_at_.address;
  shared_->scheduler = scheduler_;
}

fake_cluster::~fake_cluster() {
  stop_scheduler();
  runtime::stop(worker_);
  shared_->scheduler = nullptr;
}

void fake_cluster::add(task_entry entry) {
  const std::lock_guard lock(shared_->mutex);
  shared_->tasks[entry.name] = entry;
}

client fake_cluster::connect(bool encode) {
  return detail::make_client(node_, scheduler_at_.address, "alice", encode);
}

void fake_cluster::hold() {
  const std::lock_guard lock(shared_->mutex);
  shared_->holds = true;
}

void fake_cluster::let_go(std::size_t n) {
  {
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, std::chrono::seconds(10),
                              [&] { return shared_->held.size() > n; });
    shared_->to_run.push_back(*std::exchange(shared_->held.at(n), std::nullopt));
  }
  runtime::wake(scheduler_);
}

void fake_cluster::let_all_go() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->holds = false;
    for (auto& t : shared_->held)
      if (t) shared_->to_run.push_back(*std::exchange(t, std::nullopt));
  }
  runtime::wake(scheduler_);
}

std::vector<client_message> fake_cluster::wait_said(
    const std::function<bool(const client_message&)>& matches, std::size_t count) const {
  std::vector<client_message> found;
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_for(lock, std::chrono::seconds(10), [&] {
    found.clear();
    for (const auto& m : shared_->said)
      if (matches(m)) found.push_back(m);
    return found.size() >= count;
  });
  return found;
}

void fake_cluster::lose_results(unsigned times) {
  const std::lock_guard lock(shared_->mutex);
  shared_->losses = times;
}

void fake_cluster::stop_scheduler() {
  runtime::stop(scheduler_);
}

std::size_t fake_cluster::worker_batches() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->worker_batches;
}

}  // namespace troupe::testing
