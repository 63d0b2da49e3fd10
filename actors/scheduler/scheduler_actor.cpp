#include "actors/scheduler/scheduler_actor.hpp"

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/scheduler/core/scheduler.hpp"
#include "actors/transport/network.hpp"
#include "serialization/release.hpp"

namespace troupe {

namespace {

using namespace core::scheduling;

using client_outbox = runtime::outbox<client_reply, wire::frame_kind::client_replies>;
using worker_outbox = runtime::outbox<worker_order_message, wire::frame_kind::worker_orders>;

/// Carried out before the rest of a batch is looked at.
constexpr std::size_t effects_max = 256;

/// One connection: a client, a worker or an observer. The machine knows it by an id of its own
/// once it is admitted; an observer never is.
struct peer {
  std::uint64_t connection = 0;
  std::shared_ptr<const hello> who;
  std::variant<client_outbox, worker_outbox> out;
  wire::decoder decoder = {};
  client_id client = {};
  worker_id worker = {};
  bool waits_for_flush = false;

  const transport::link& link() const {
    return std::visit([](const auto& o) -> const transport::link& { return o.to(); }, out);
  }
};

class scheduler_part final : public runtime::part {
public:
  scheduler_part(runtime::self& me, runtime::node& node, scheduler_settings settings)
      : me_(me),
        settings_(std::move(settings)),
        log_(node.log().make("scheduler")),
        started_(runtime::clock::now()),
        machine_(node.options().scheduler, settings_.name, settings_.session) {}

  using part::on;

  const char* name() const override { return "scheduler"; }

  void start() override {
    if (!settings_.journal) return;
    now_ = runtime::clock::now();
    const auto count = settings_.records.size();
    for (auto& record : std::exchange(settings_.records, {}))
      handle(journal_read{std::move(record)});
    handle(journal_ended{});
    if (count > 0) {
      const auto s = machine_.inspect();
      log_->info("goes on from the journal records={} waiting={} queued={} failed={}", count,
                 s.tasks_waiting, s.tasks_queued, s.tasks_failed);
    }
    carry_out();
  }

  void on(const transport::accepted& e) override {
    const auto connection = next_connection_++;
    auto made = std::make_unique<peer>(
        peer{.connection = connection, .who = e.who, .out = client_outbox(e.from)});
    if (e.who->as == role::worker) made->out.emplace<worker_outbox>(e.from);
    by_connection_[connection] = made.get();
    me_.watch(e.from.actor);
    peers_[e.from.actor.address()] = std::move(made);
    if (e.who->as == role::worker) handle_now(worker_joined{connection, e.who});
    if (e.who->as == role::client) handle_now(client_joined{connection, e.who});
    carry_out();
  }

  void on(const transport::envelope& e, const caf::actor_addr& from) override {
    auto found = peers_.find(from);
    if (found == peers_.end()) return;  // From a link that was closed a moment ago.
    auto& p = *found->second;
    if (e.kind == wire::frame_kind::worker_messages && p.who->as == role::worker) {
      each<worker_message>(e, p, &wire::decoder::worker_messages, [&](worker_message&& m) {
        handle(worker_said{p.worker, std::move(m)});
      });
    } else if (e.kind == wire::frame_kind::client_messages && p.who->as != role::worker) {
      each<client_message>(e, p, &wire::decoder::client_messages,
                           [&](client_message&& m) { on_client(p, std::move(m)); });
    } else {
      close(p, "a frame of a kind that its role may not send");
      return;
    }
    carry_out();
  }

  void on(const transport::link_failed& e, const caf::actor_addr& from) override {
    if (auto found = peers_.find(from); found != peers_.end())
      log_->warn("link failed peer={} why=\"{}\"", found->second->who->name, e.why.message);
  }

  void on_gone(const caf::actor_addr& who) override {
    auto node = peers_.extract(who);
    if (node.empty()) return;
    const auto& p = *node.mapped();
    by_connection_.erase(p.connection);
    std::erase(waiting_, node.mapped().get());
    if (p.worker) {
      workers_.erase(p.worker);
      log_->info("worker left worker={} name={}", p.worker.value, p.who->name);
      tell_owner(worker_change::kind::lost, p);
      handle_now(worker_lost{p.worker});
    }
    if (p.client) {
      clients_.erase(p.client);
      log_->info("client left client={} name={}", p.client.value, p.who->name);
      handle_now(client_lost{p.client});
    }
    carry_out();
  }

  void on_tick() override {
    handle_now(clock_ticked{});
    carry_out();
    if (machine_.stuck() == stuck_) return;
    stuck_ = machine_.stuck();
    for (const auto& line : stuck_)
      log_->warn("no progress: {}", line);
  }

  void on_wake() override {
    if (settings_.journal) settings_.journal->finish_compaction();
    if (!settings_.news) return;
    for (auto& one : settings_.news->take())
      handle_now(std::move(one));
    carry_out();
    if (settings_.on_load && settings_.news->load_asked()) settings_.on_load(machine_.load());
  }

  void on_flush() override {
    if (settings_.record) settings_.record->flush();
    write_journal();
    for (auto* p : waiting_) {
      p->waits_for_flush = false;
      std::visit([&](auto& o) { o.flush(me_); }, p->out);
    }
    waiting_.clear();
  }

  void on_stop() override {
    // With a journal another scheduler will go on: then everybody waits for that.
    if (!settings_.journal) {
      for (auto& [id, p] : workers_)
        send(*p, worker_order_message(stop_worker{}));
      for (auto& [id, p] : clients_)
        send(*p, client_reply(scheduler_ends{}));
    }
    on_flush();
    me_.quit();
  }

private:
  void handle(event e) {
    if (!settings_.record) return machine_.handle(std::move(e), now_, effects_);
    settings_.record->note(e, now_);
    const auto before = effects_.size();
    machine_.handle(std::move(e), now_, effects_);
    settings_.record->note(std::span(effects_).subspan(before));
    me_.request_flush();
  }

  /// Before anything that follows from it is sent.
  void write_journal() {
    if (records_.empty() || !settings_.journal) return;
    if (auto done = settings_.journal->write(records_); !done)
      log_->error("{}; the scheduler goes on, but cannot be restarted", done.error().message);
    records_.clear();
    if (settings_.journal->wants_compaction())
      settings_.journal->begin_compaction(machine_.records(),
                                          [me = me_.handle()] { runtime::wake(me); });
  }

  void handle_now(event e) {
    now_ = runtime::clock::now();
    handle(std::move(e));
  }

  /// Feeds a batch, decoded or handed over, message by message.
  template <class Message, class Take>
  void each(const transport::envelope& e, peer& p,
            result<batch<Message>> (wire::decoder::*decode)(const bytes&), Take take) {
    if (e.local) return take_all(std::get<batch<Message>>(*e.local), take);
    auto messages = (p.decoder.*decode)(e.body);
    if (!messages) return close(p, messages.error().message);
    take_all(*messages, take);
  }

  template <class Message, class Take>
  void take_all(batch<Message>& messages, Take take) {
    now_ = runtime::clock::now();
    for (auto& m : messages) {
      take(std::move(m));
      if (effects_.size() >= effects_max) carry_out();
    }
  }

  void on_client(peer& p, client_message&& m) {
    if (std::holds_alternative<inspect_cluster>(m))
      return send(p, client_reply(snapshot_reply(snapshot())));
    if (const auto* asked = std::get_if<explain_task>(&m))
      return send(p, client_reply(machine_.explain(asked->task, now_)));
    if (const auto* order = std::get_if<steer_cluster>(&m)) {
      if (settings_.on_steer) settings_.on_steer(*order);
      return send(p, client_reply(snapshot_reply(snapshot())));
    }
    const bool retires = std::holds_alternative<retire_workers>(m);
    if (p.client || retires) handle(client_said{p.client, std::move(m)});
    if (retires) send(p, client_reply(snapshot_reply(snapshot())));
  }

  cluster_snapshot snapshot() const {
    auto s = machine_.inspect();
    s.scheduler = settings_.name;
    if (settings_.address) s.address = settings_.address();
    s.release = release();
    if (settings_.owner) {
      auto owner = settings_.owner();
      s.cluster = std::move(owner.words);
      s.launches = std::move(owner.launches);
      s.wanted = owner.wanted;
      s.hopeless = std::move(owner.hopeless);
      s.groups = std::move(owner.groups);
    }
    s.uptime_seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(runtime::clock::now() - started_).count());
    return s;
  }

  void carry_out() {
    // First what has to be written before anything is sent.
    if (settings_.journal)
      for (auto& e : effects_)
        if (auto* r = std::get_if<keep_record>(&e)) records_.push_back(std::move(r->record));
    if (!records_.empty()) me_.request_flush();
    for (auto& e : effects_)
      std::visit([&](auto& what) { on_effect(what); }, e);
    effects_.clear();
    me_.tick_at(machine_.deadline());
  }

  void on_effect(const admit_client& e) {
    auto* p = by_connection_.at(e.connection);
    p->client = e.client;
    clients_[e.client] = p;
    log_->info("client joined client={} name={} host={}", e.client.value, p->who->name,
               p->who->host);
  }

  void on_effect(const admit_worker& e) {
    auto* p = by_connection_.at(e.connection);
    p->worker = e.worker;
    workers_[e.worker] = p;
    log_->info("worker joined worker={} name={} threads={} address={}", e.worker.value,
               p->who->name, p->who->threads, p->who->address);
    tell_owner(worker_change::kind::joined, *p);
  }

  void on_effect(const dismiss_client& e) {
    auto gone = clients_.extract(e.client);
    if (gone.empty()) return;
    gone.mapped()->client = {};
    close(*gone.mapped(), "the client is here on a newer connection");
  }

  void on_effect(const dismiss_worker& e) {
    auto gone = workers_.extract(e.worker);
    if (gone.empty()) return;
    tell_owner(worker_change::kind::lost, *gone.mapped());
    gone.mapped()->worker = {};
    close(*gone.mapped(), "the worker is here on a newer connection");
  }

  void on_effect(const keep_record&) {}  // Before all others.

  void on_effect(tell_client& e) {
    // A peer that is gone has its own event on the way; nothing else to do here.
    auto to = clients_.find(e.client);
    if (to == clients_.end()) return;
    send(*to->second, std::move(e.message));
  }

  void on_effect(tell_worker& e) {
    if (auto to = workers_.find(e.worker); to != workers_.end())
      send(*to->second, std::move(e.message));
  }

  template <class Message>
  void send(peer& to, Message m) {
    using box =
        std::conditional_t<std::is_same_v<Message, client_reply>, client_outbox, worker_outbox>;
    auto& out = std::get<box>(to.out);
    out.push(std::move(m));
    if (out.large()) {
      write_journal();
      out.flush(me_);
    }
    if (to.waits_for_flush) return;
    to.waits_for_flush = true;
    waiting_.push_back(&to);
    me_.request_flush();
  }

  void close(const peer& p, const std::string& why) {
    log_->warn("link closed peer={} why=\"{}\"", p.who->name, why);
    transport::close(p.link());
  }

  void tell_owner(worker_change::kind what, const peer& p) const {
    if (settings_.on_change) settings_.on_change({what, p.worker, p.who->name, p.who->launch});
  }

  runtime::self& me_;
  scheduler_settings settings_;
  logger log_;
  runtime::clock::time_point started_;
  runtime::clock::time_point now_;  ///< Of this turn: a batch happens at one time.
  core::scheduler machine_;
  std::vector<std::string> stuck_;  ///< As last written to the log.
  std::vector<effect> effects_;
  std::vector<journal_record> records_;  ///< To be written.
  std::uint64_t next_connection_ = 1;
  std::unordered_map<caf::actor_addr, std::unique_ptr<peer>> peers_;
  std::unordered_map<std::uint64_t, peer*> by_connection_;
  std::unordered_map<client_id, peer*> clients_;
  std::unordered_map<worker_id, peer*> workers_;
  std::vector<peer*> waiting_;  ///< Have messages in their outbox.
};

}  // namespace

void launch_news::add(core::scheduling::event what) {
  const std::lock_guard lock(mutex_);
  all_.push_back(std::move(what));
}

void launch_news::ask_load() {
  const std::lock_guard lock(mutex_);
  load_asked_ = true;
}

bool launch_news::load_asked() {
  const std::lock_guard lock(mutex_);
  return std::exchange(load_asked_, false);
}

std::vector<core::scheduling::event> launch_news::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(all_, {});
}

caf::actor spawn_scheduler(runtime::node& node, scheduler_settings settings) {
  return runtime::spawn(node.actors(), [&node, settings = std::move(settings)](runtime::self& me) {
    return std::make_unique<scheduler_part>(me, node, settings);
  });
}

}  // namespace troupe
