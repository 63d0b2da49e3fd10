#include "tests/simulation/nodes.hpp"

#include <algorithm>
#include <utility>

#include "serialization/check.hpp"

namespace troupe::simulation {

using core::scheduling::admit_client;
using core::scheduling::admit_worker;
using core::scheduling::tell_client;
using core::scheduling::tell_worker;

namespace {

template <class Message>
batch<Message> must(result<batch<Message>> decoded) {
  check(decoded.has_value(), decoded.has_value() ? "" : decoded.error().message.c_str());
  return std::move(*decoded);
}

/// Sends what gathered for one link as one frame.
template <class Message>
void flush(network& n, node_id from, link_id to, port& io, wire::frame_kind kind,
           batch<Message>& messages) {
  if (messages.empty()) return;
  n.send(to, from, {kind, io.encoder.encode(messages)});
  messages.clear();
}

/// The one timer of a node: an earlier time than it waits for already sets it anew. Silent if the
/// node is gone by then.
template <class Node, class Ring>
void ring_at(timeline& t, std::optional<core::time_point> due,
             std::optional<core::time_point>& timer, const std::shared_ptr<Node*>& self,
             Ring ring) {
  if (!due || (timer && *timer <= *due)) return;
  timer = due;
  t.after(*due - t.now(), [&timer, ring, node = std::weak_ptr(self)] {
    if (node.expired()) return;
    timer.reset();
    ring();
  });
}

}  // namespace

scheduler_node::scheduler_node(timeline& t, network& n, scheduler_options options, witness w,
                               uuid session, disk& d, node_id at)
    : timeline_(t),
      network_(n),
      journals_(!options.journal.empty()),
      machine_(std::move(options), "scheduler", session),
      witness_(std::move(w)),
      disk_(d),
      id_(at),
      self_(std::make_shared<scheduler_node*>(this)) {
  if (at == 0)
    id_ = n.join(*this);
  else
    n.join_again(*this, at);
  if (journals_) read_journal();
}

void scheduler_node::read_journal() {
  const auto content = bytes::copy(std::span<const std::byte>(disk_.journal));
  auto found = wire::read_blocks(content);
  check(found.has_value(), "a journal can be read after a crash");
  disk_.journal.resize(found->good_bytes);
  journal_reader reader;
  std::vector<core::scheduling::journal_record> records;
  for (const auto& block : found->blocks)
    check(reader.read(block, records).has_value(), "a journal's blocks can be read");
  for (auto& r : records)
    feed(core::scheduling::journal_read{std::move(r)});
  feed(core::scheduling::journal_ended{});
}

void scheduler_node::compact() {
  if (!journals_) return;
  disk_.journal.clear();
  writer_ = {};
  writer_.write(machine_.records(), disk_.journal);
}

void scheduler_node::dismiss(link_id link) {
  peers_.erase(link);
  network_.cut(link);
}

void scheduler_node::opened(link_id link) {
  peers_[link];
}

void scheduler_node::received(link_id link, const frame& f) {
  if (!peers_.contains(link)) return;  // Dismissed a moment ago.
  auto& p = peers_.at(link);
  if (f.kind == wire::frame_kind::hello) {
    auto who = wire::decode_hello(f.body);
    check(who.has_value(), "a hello decodes");
    auto shared = std::make_shared<const hello>(std::move(*who));
    if (shared->as == role::worker)
      feed(core::scheduling::worker_joined{link, shared});
    else
      feed(core::scheduling::client_joined{link, shared});
  } else if (p.client) {
    for (auto& m : must(p.io.decoder.client_messages(f.body)))
      feed(core::scheduling::client_said{p.client, std::move(m)});
  } else {
    for (auto& m : must(p.io.decoder.worker_messages(f.body)))
      feed(core::scheduling::worker_said{p.worker, std::move(m)});
  }
}

void scheduler_node::closed(link_id link) {
  const auto at = peers_.find(link);
  if (at == peers_.end()) return;
  const auto client = at->second.client;
  const auto worker = at->second.worker;
  peers_.erase(at);
  clients_.erase(client);
  workers_.erase(worker);
  if (client) feed(core::scheduling::client_lost{client});
  if (worker) {
    ++worker_losses_;
    feed(core::scheduling::worker_lost{worker});
  }
}

void scheduler_node::feed(core::scheduling::event e) {
  std::vector<core::scheduling::effect> effects;
  witness_.event(e);
  machine_.handle(std::move(e), now(), effects);
  machine_.check_invariants();
  std::map<link_id, batch<client_reply>> to_clients;
  std::map<link_id, batch<worker_order_message>> to_workers;
  for (auto& any : effects) {
    witness_.effect(any);
    if (auto* r = std::get_if<core::scheduling::keep_record>(&any)) {
      writer_.write(std::span(&r->record, 1), disk_.journal);
    } else if (auto* dc = std::get_if<core::scheduling::dismiss_client>(&any)) {
      dismiss(clients_.extract(dc->client).mapped());
    } else if (auto* dw = std::get_if<core::scheduling::dismiss_worker>(&any)) {
      ++worker_losses_;
      dismiss(workers_.extract(dw->worker).mapped());
    } else if (auto* c = std::get_if<admit_client>(&any)) {
      peers_.at(c->connection).client = c->client;
      clients_[c->client] = c->connection;
    } else if (auto* w = std::get_if<admit_worker>(&any)) {
      peers_.at(w->connection).worker = w->worker;
      workers_[w->worker] = w->connection;
    } else if (auto* tc = std::get_if<tell_client>(&any)) {
      to_clients[clients_.at(tc->client)].push_back(std::move(tc->message));
    } else if (auto* tw = std::get_if<tell_worker>(&any)) {
      to_workers[workers_.at(tw->worker)].push_back(std::move(tw->message));
    }
  }
  for (auto& [link, messages] : to_clients)
    flush(network_, id_, link, peers_.at(link).io, wire::frame_kind::client_replies, messages);
  for (auto& [link, messages] : to_workers)
    flush(network_, id_, link, peers_.at(link).io, wire::frame_kind::worker_orders, messages);
  set_timer();
}

void scheduler_node::jump(std::chrono::nanoseconds time) {
  ahead_ += time;
  feed(core::scheduling::clock_ticked{});
}

void scheduler_node::set_timer() {
  auto due = machine_.deadline();
  if (due) *due -= ahead_;
  ring_at(timeline_, due, timer_, self_, [this] { feed(core::scheduling::clock_ticked{}); });
}

void peer_links::know(worker_id who, const std::string& address) {
  addresses_[who] = std::stoull(address.substr(address.find(':') + 1));
}

void peer_links::send(worker_id who, data_message m) {
  auto& l = links_[who];
  if (l.link == 0) l = {network_.connect(me_, addresses_.at(who)), {}};
  network_.send(l.link, me_,
                {wire::frame_kind::data_messages, l.io.encoder.encode(std::span(&m, 1))});
}

worker_id peer_links::whose(link_id link) const {
  for (const auto& [who, l] : links_)
    if (l.link == link) return who;
  return {};
}

batch<data_message> peer_links::decode(link_id link, const frame& f) {
  return must(links_.at(whose(link)).io.decoder.data_messages(f.body));
}

worker_id peer_links::closed(link_id link) {
  const auto who = whose(link);
  if (who) links_.erase(who);
  return who;
}

worker_node::worker_node(timeline& t, network& n, dice& d, node_id scheduler, worker_traits traits,
                         run_function run, std::function<void(node_id)> on_end)
    : timeline_(t),
      network_(n),
      dice_(d),
      traits_(std::move(traits)),
      run_(std::move(run)),
      on_end_(std::move(on_end)),
      machine_({.threads = traits_.threads,
                .inline_result_max = 64,
                .memory = traits_.memory,
                .fetch_max = traits_.fetch_max,
                .fetch_peer_max = traits_.fetch_peer_max,
                .fetch_small = 16}),
      id_(n.join(*this)),
      scheduler_node_(scheduler),
      peers_(n, id_),
      self_(std::make_shared<worker_node*>(this)) {
  process_[0] = static_cast<std::uint8_t>(id_);
  process_[1] = static_cast<std::uint8_t>(id_ >> 8);
  connect();
}

void worker_node::connect() {
  scheduler_ = network_.connect(id_, scheduler_node_);
  scheduler_io_ = {};
  greeted_ = false;
  hello me;
  me.process = process_;
  if (session_) me.session = *session_;
  me.as = role::worker;
  me.name = traits_.name;
  me.host = traits_.host;
  me.address = "node:" + std::to_string(id_);
  me.threads = traits_.threads;
  me.resources = traits_.resources;
  for (const auto* name : {"mix", "sum", "throw", "flaky"})
    me.tasks.push_back({name, "()"});
  me.tasks.push_back({"troupe.dataset", "()"});
  network_.send(scheduler_, id_, {wire::frame_kind::hello, wire::encode(me)});
}

void worker_node::opened(link_id link) {
  askers_[link];
}

void worker_node::received(link_id link, const frame& f) {
  if (link == scheduler_) {
    auto orders = must(scheduler_io_.decoder.worker_orders(f.body));
    for (auto& m : orders)
      if (!hear(std::move(m))) return;
    return;
  }
  if (const auto asker = askers_.find(link); asker != askers_.end()) {
    for (auto& m : must(asker->second.decoder.data_messages(f.body))) {
      if (auto* ask = std::get_if<fetch_result>(&m))
        feed(core::working::result_asked{link, ask->task});
      else if (auto* put = std::get_if<store_result>(&m))
        feed(core::working::value_stored{put->task, std::move(put->content)});
    }
    return;
  }
  const auto peer = peers_.whose(link);
  if (!peer) return;
  for (auto& m : peers_.decode(link, f)) {
    if (auto* got = std::get_if<result_value>(&m))
      feed(core::working::value_received{peer, got->task, std::move(got->content)});
    else if (auto* no = std::get_if<result_absent>(&m))
      feed(core::working::value_absent{peer, no->task});
  }
}

void worker_node::closed(link_id link) {
  if (link == scheduler_) {
    if (!give_up_at_ || std::exchange(greeted_, false)) {
      give_up_at_ = timeline_.now() + traits_.scheduler_grace;
      pause_ = std::chrono::milliseconds(50);
    }
    scheduler_ = 0;
    connect_again();
    return;
  }
  askers_.erase(link);
  if (const auto peer = peers_.closed(link)) feed(core::working::peer_lost{peer});
}

/// False if this is another scheduler than the one that it was with.
bool worker_node::hear(worker_order_message m) {
  if (const auto* hi = std::get_if<welcome_worker>(&m)) {
    if (session_ && *session_ != hi->session) {
      end();
      return false;
    }
    session_ = hi->session;
    if (!me_) me_ = hi->worker;  // As the machine has it.
    greeted_ = true;
  }
  feed(core::working::scheduler_said{std::move(m)});
  return true;
}

void worker_node::connect_again() {
  if (timeline_.now() + pause_ > *give_up_at_) return end();
  timeline_.after(pause_, [self = std::weak_ptr(self_)] {
    if (const auto here = self.lock()) (*here)->connect();
  });
  pause_ = std::min<std::chrono::nanoseconds>(pause_ * 2, std::chrono::seconds(2));
}

void worker_node::end() {
  timeline_.after({}, [end = on_end_, id = id_] { end(id); });
}

void worker_node::feed(core::working::event e) {
  std::vector<core::working::effect> effects;
  machine_.handle(std::move(e), timeline_.now(), effects);
  machine_.check_invariants();
  batch<worker_message> said;
  for (auto& any : effects) {
    if (auto* t = std::get_if<core::working::tell_scheduler>(&any)) {
      if (greeted_) said.push_back(std::move(t->message));
    } else if (auto* k = std::get_if<core::working::know_peer>(&any)) {
      peers_.know(k->peer, k->address);
    } else if (auto* g = std::get_if<core::working::fetch_from>(&any)) {
      peers_.send(g->peer, fetch_result{g->task});
    } else if (auto* x = std::get_if<core::working::execute>(&any)) {
      to_run_.push_back(std::move(*x));
    } else if (auto* p = std::get_if<core::working::pass_input>(&any)) {
      pass(*p);
    } else if (auto* s = std::get_if<core::working::skip_execution>(&any)) {
      for (auto& waiting : to_run_)
        if (waiting.run == s->run) {
          waiting.spec = nullptr;
          waiting.awaits.clear();
        }
    } else if (auto* a = std::get_if<core::working::answer>(&any)) {
      const auto asker = askers_.find(a->connection);
      if (asker == askers_.end()) continue;
      network_.send(asker->first, id_,
                    {wire::frame_kind::data_messages,
                     asker->second.encoder.encode(std::span(&a->message, 1))});
    } else if (std::holds_alternative<core::working::end_worker>(any)) {
      end();
    } else {
      use_disk(any);
    }
  }
  flush(network_, id_, scheduler_, scheduler_io_, wire::frame_kind::worker_messages, said);
  begin_runs();
  set_timer();
}

void worker_node::use_disk(core::working::effect& any) {
  if (auto* w = std::get_if<core::working::spill_result>(&any)) {
    if (dice_.chance(traits_.disk_failures))
      return feed_later(core::working::spill_failed{w->task, w->file});
    const auto size = w->content.size();
    files_[w->file] = std::move(w->content);
    feed_later(core::working::result_spilled{w->task, w->file, size});
  } else if (const auto* r = std::get_if<core::working::load_result>(&any)) {
    const auto found = files_.find(r->file);
    if (found == files_.end() || dice_.chance(traits_.disk_failures / 4))
      return feed_later(core::working::value_absent{me_, r->task});
    feed_later(core::working::value_received{me_, r->task, found->second});
  } else if (const auto* gone = std::get_if<core::working::remove_file>(&any)) {
    files_.erase(gone->file);
  }
}

void worker_node::feed_later(core::working::event e) {
  timeline_.after(network_.delay(), [self = std::weak_ptr(self_), e = std::move(e)] {
    if (const auto here = self.lock()) (*here)->feed(e);
  });
}

void worker_node::set_timer() {
  ring_at(timeline_, machine_.deadline(), timer_, self_,
          [this] { feed(core::working::clock_ticked{}); });
}

void worker_node::pass(const core::working::pass_input& p) {
  for (auto& waiting : to_run_) {
    if (waiting.run != p.run) continue;
    const auto at =
        std::ranges::find(waiting.awaits, p.position, &core::working::awaited_input::position);
    if (at == waiting.awaits.end()) continue;
    waiting.awaits.erase(at);
    waiting.inputs[p.position] = p.content;
  }
}

void worker_node::hand_on(const core::working::run_executed& done) {
  if (done.why.code != errc::ok) return;  // Its followers are skipped by the worker.
  for (auto& waiting : to_run_)
    for (const auto& a : std::vector(waiting.awaits))
      if (a.maker == done.run) pass({waiting.run, a.position, done.content});
}

void worker_node::begin_runs() {
  while (running_ < traits_.threads) {
    const auto next = std::ranges::find_if(to_run_, [](const auto& e) { return e.awaits.empty(); });
    if (next == to_run_.end()) return;
    ++running_;
    const auto what = std::move(*next);
    to_run_.erase(next);
    auto done = what.spec ? run_(what)
                          : core::working::run_executed{
                                what.task, what.run, {}, {errc::cancelled, "skipped"}, {}};
    done.duration *= static_cast<std::int64_t>(traits_.slowness);
    timeline_.after(done.duration, [self = std::weak_ptr(self_), done] {
      const auto here = self.lock();
      if (!here) return;
      --(*here)->running_;
      (*here)->hand_on(done);
      (*here)->begin_runs();
      (*here)->feed(done);
    });
  }
}

client_node::client_node(timeline& t, network& n, node_id scheduler, user u)
    : timeline_(t),
      network_(n),
      user_(std::move(u)),
      id_(n.join(*this)),
      scheduler_node_(scheduler),
      peers_(n, id_),
      self_(std::make_shared<client_node*>(this)) {
  process_[0] = static_cast<std::uint8_t>(id_);
  connect({}, {});
}

void client_node::connect(uuid session, client_id me_before) {
  scheduler_ = network_.connect(id_, scheduler_node_);
  scheduler_io_ = {};
  hello me;
  me.name = "client";
  me.process = process_;
  me.session = session;
  me.client = me_before;
  network_.send(scheduler_, id_, {wire::frame_kind::hello, wire::encode(me)});
}

void client_node::received(link_id link, const frame& f) {
  if (link == scheduler_) {
    auto replies = must(scheduler_io_.decoder.client_replies(f.body));
    for (auto& m : replies) {
      if (const auto* named = std::get_if<dataset_reply>(&m)) user_.named(*named);
      const auto* welcome = std::get_if<welcome_client>(&m);
      const auto id = welcome ? welcome->client : client_id{};
      feed(core::asking::scheduler_said{std::move(m)});
      if (id && !std::exchange(me_, id)) user_.welcome(id);
    }
    return;
  }
  const auto peer = peers_.whose(link);
  if (!peer) return;
  for (auto& m : peers_.decode(link, f)) {
    if (auto* got = std::get_if<result_value>(&m))
      feed(core::asking::value_received{peer, got->task, std::move(got->content)});
    else if (auto* no = std::get_if<result_absent>(&m))
      feed(core::asking::value_absent{peer, no->task});
  }
}

void client_node::say(client_message m) {
  batch<client_message> said;
  said.push_back(std::move(m));
  flush(network_, id_, scheduler_, scheduler_io_, wire::frame_kind::client_messages, said);
}

void client_node::closed(link_id link) {
  if (link == scheduler_) {
    scheduler_ = 0;
    // Before its first welcome there is nothing to come back to: it begins anew.
    if (!me_)
      timeline_.after(std::chrono::milliseconds(50), [self = std::weak_ptr(self_)] {
        if (const auto here = self.lock()) (*here)->connect({}, {});
      });
    else
      feed(core::asking::connection_lost{{errc::scheduler_lost, "the connection broke"}});
  } else if (const auto peer = peers_.closed(link)) {
    feed(core::asking::peer_lost{peer});
  }
}

void client_node::leave() {
  const client_message m = leave_scheduler{};
  if (scheduler_ != 0)
    network_.send(
        scheduler_, id_,
        {wire::frame_kind::client_messages, scheduler_io_.encoder.encode(std::span(&m, 1))});
}

void client_node::end() {
  if (scheduler_ != 0) network_.cut(std::exchange(scheduler_, 0));
  user_.disconnected();
}

void client_node::set_timer() {
  ring_at(timeline_, machine_.deadline(), timer_, self_,
          [this] { feed(core::asking::clock_ticked{}); });
}

void client_node::feed(core::asking::event e) {
  std::vector<core::asking::effect> effects;
  machine_.handle(std::move(e), timeline_.now(), effects);
  machine_.check_invariants();
  batch<client_message> said;
  for (auto& any : effects) {
    if (auto* t = std::get_if<core::asking::tell_scheduler>(&any))
      said.push_back(std::move(t->message));
    else if (auto* call = std::get_if<core::asking::call_scheduler>(&any))
      connect(call->session, call->client);
    else if (std::holds_alternative<core::asking::end_client>(any))
      end();
    else if (auto* k = std::get_if<core::asking::know_peer>(&any))
      peers_.know(k->peer, k->address);
    else if (auto* g = std::get_if<core::asking::fetch_from>(&any))
      peers_.send(g->peer, fetch_result{g->task});
    else if (auto* p = std::get_if<core::asking::push_to>(&any))
      peers_.send(p->peer, store_result{p->task, std::move(p->content)});
    else
      user_.heard(any);
  }
  flush(network_, id_, scheduler_, scheduler_io_, wire::frame_kind::client_messages, said);
  set_timer();
}

}  // namespace troupe::simulation
