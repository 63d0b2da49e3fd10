#include "tests/simulation/world.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::simulation {

namespace {

/// Far more than any world that ends ever needed.
constexpr std::uint64_t steps_max = 400'000;

scheduler_options draw_options(dice& d) {
  scheduler_options o;
  o.worker_losses_max = d.chance(50) ? 3 : 1000;
  o.prefetch = std::chrono::microseconds(d.chance(20) ? 0 : d.between(10, 20000));
  // So long that nobody is ever away for longer, or so short that many are.
  o.client_grace = d.chance(70) ? std::chrono::nanoseconds(std::chrono::hours(1))
                                : std::chrono::milliseconds(d.between(0, 300));
  o.worker_grace = std::chrono::milliseconds(d.chance(50) ? 20000 : d.between(0, 500));
  o.copies_kept = std::chrono::microseconds(d.between(100, 20000));
  if (d.chance(85)) o.journal = "journal";
  return o;
}

}  // namespace

world::world(std::uint64_t seed, scheduler_node::witness w)
    : dice_(seed),
      network_(timeline_, dice_),
      options_(draw_options(dice_)),
      witness_(std::move(w)),
      began_(timeline_.now()),
      accidents_left_(dice_.chance(20) ? 0 : dice_.between(1, 25)),
      accident_gap_us_(dice_.between(500, 30000)) {
  troubles_.worker_losses_max = options_.worker_losses_max;
  troubles_.scheduler_lost = options_.client_grace < std::chrono::hours(1);
  start_scheduler();
  const auto places = static_cast<std::uint32_t>(dice_.between(1, 6));
  for (std::uint32_t place = 0; place < places; ++place)
    start_worker(place);
  for (auto n = dice_.between(1, 3); n > 0; --n)
    users_.push_back(std::make_unique<user>(timeline_, network_, dice_, scheduler_node_, library_,
                                            dice_.between(10, 80)));
  plan_accident();
}

world::~world() = default;

void world::start_scheduler() {
  uuid session{};
  session[0] = ++sessions_;
  scheduler_ = std::make_unique<scheduler_node>(timeline_, network_, options_, witness_, session,
                                                disk_, scheduler_node_);
  scheduler_node_ = scheduler_->id();
}

void world::crash_scheduler() {
  if (!scheduler_) return;
  ++scheduler_crashes_;
  worker_losses_ += scheduler_->worker_losses();
  runs_finished_ += scheduler_->machine().inspect().runs_finished;
  network_.leave(scheduler_node_);
  scheduler_.reset();
  if (options_.journal.empty()) {
    troubles_.scheduler_lost = true;
    library_ = {};
  } else if (dice_.chance(50)) {
    // It was about to write a block, and nobody has heard of what is in it.
    const auto block = wire::seal({.kind = wire::block_kind::journal_said,
                                   .body = bytes::copy("to be torn, because this was no end")});
    const auto part = static_cast<std::ptrdiff_t>(dice_.below(block.size()));
    disk_.journal.insert(disk_.journal.end(), block.begin(), block.begin() + part);
  }
  timeline_.after(std::chrono::microseconds(dice_.between(0, 400000)),
                  [this] { start_scheduler(); });
}

void world::start_worker(std::uint32_t place) {
  worker_traits traits;
  traits.name = "place " + std::to_string(place);
  traits.host = "host " + std::to_string(place / 2);
  traits.threads = static_cast<std::uint32_t>(dice_.between(1, 4));
  traits.slowness = dice_.chance(15) ? 20 : 1;
  traits.scheduler_grace = dice_.chance(70) ? std::chrono::nanoseconds(std::chrono::minutes(10))
                                            : std::chrono::milliseconds(dice_.between(0, 300));
  // Whatever happens, somebody has what some tasks need.
  if (place == 0 || dice_.chance(30))
    traits.resources["gpu"] = 1 + static_cast<double>(dice_.below(2));
  if (dice_.chance(40)) {
    traits.memory = {.target = dice_.between(100, 3000),
                     .spill = 4000,
                     .pause = 6000,
                     .resume = 5000,
                     .disk = dice_.chance(30) ? dice_.between(0, 2000) : core::memory_marks::never};
    traits.disk_failures = dice_.chance(50) ? dice_.between(1, 60) : 0;
    // What cannot be read back is as lost as with its worker.
    if (traits.disk_failures > 0) ++troubles_.worker_crashes;
  }
  if (dice_.chance(30)) {
    traits.fetch_max = dice_.between(1, 400);
    traits.fetch_peer_max = dice_.between(1, 400);
  }
  auto made = std::make_unique<worker_node>(
      timeline_, network_, dice_, scheduler_node_, traits,
      [this](const core::working::execute& x) { return run_task_function(dice_, x); },
      [this](node_id id) { end_worker(id); });
  const auto id = made->id();
  places_[id] = place;
  workers_[id] = std::move(made);
}

void world::end_worker(node_id id) {
  if (!workers_.contains(id)) return;
  ++troubles_.worker_crashes;
  network_.leave(id);
  const auto place = places_.at(id);
  places_.erase(id);
  workers_.erase(id);
  timeline_.after(std::chrono::microseconds(dice_.between(0, 50000)),
                  [this, place] { start_worker(place); });
}

void world::plan_accident() {
  if (accidents_left_ == 0) return;
  timeline_.after(std::chrono::microseconds(dice_.between(1, accident_gap_us_)),
                  [this] { accident(); });
}

void world::disturb(node_id id, worker_node& w) {
  const auto what = dice_.below(100);
  if (what < 50) return end_worker(id);
  if (what < 70) return w.leave();
  // It has too much in memory, for a while.
  w.measure(dice_.between(3000, 9000));
  timeline_.after(std::chrono::microseconds(dice_.between(1, 30000)), [this, id] {
    if (const auto at = workers_.find(id); at != workers_.end()) at->second->measure(1000);
  });
}

void world::accident() {
  if (all_finished()) return;
  --accidents_left_;
  const auto what = dice_.below(100);
  if (what < 40) {
    if (!workers_.empty()) {
      auto at = workers_.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(dice_.below(workers_.size())));
      disturb(at->first, *at->second);
    }
  } else if (what < 60) {
    network_.cut_any(scheduler_node_);
  } else if (what < 78) {
    // Any at all: a client's or a worker's way to the scheduler too.
    network_.cut_any(0);
  } else if (what < 86) {
    crash_scheduler();
  } else if (what < 91) {
    if (scheduler_) scheduler_->compact();
  } else if (what < 94) {
    if (scheduler_) scheduler_->jump(std::chrono::milliseconds(dice_.between(1, 10000)));
  } else if (users_.size() > 1) {
    const auto at = users_.begin() + static_cast<std::ptrdiff_t>(dice_.below(users_.size()));
    network_.leave((*at)->node());
    users_.erase(at);
  }
  plan_accident();
}

bool world::all_finished() const {
  for (const auto& u : users_)
    if (!u->finished()) return false;
  return true;
}

std::optional<std::string> world::run() {
  while (!timeline_.empty()) {
    if (++steps_ > steps_max) return "goes on for ever";
    timeline_.step();
  }
  for (const auto& u : users_)
    if (!u->finished()) return "nothing happens any more, but somebody waits for" + u->waits_for();
  if (auto what = complaint()) return what;
  if (auto what = close_library()) return what;
  return unrest();
}

std::optional<std::string> world::close_library() {
  std::optional<std::vector<std::string>> found;
  std::unique_ptr<client_node> last;
  client_node::user librarian;
  librarian.welcome = [&](client_id) {
    last->say(name_dataset{name_dataset::order::list, {}, {}, {}});
  };
  librarian.heard = [](const auto&) {};
  librarian.disconnected = [] {};
  librarian.named = [&](const dataset_reply& m) {
    if (found) return;
    found = m.names;
    for (const auto& name : m.names)
      last->say(name_dataset{name_dataset::order::withdraw, name, {}, {}});
    last->leave();
  };
  last = std::make_unique<client_node>(timeline_, network_, scheduler_node_, std::move(librarian));
  while (!timeline_.empty()) {
    if (++steps_ > steps_max) return "goes on for ever once all is withdrawn";
    timeline_.step();
  }
  if (!found) return "nobody says what is published";
  for (const auto& [name, what] : library_.datasets)
    if (what.seen && !what.withdrawn &&
        std::find(found->begin(), found->end(), name) == found->end())
      return "the dataset " + name + " is lost";
  return {};
}

std::optional<std::string> world::complaint() const {
  auto all = troubles_;
  all.worker_crashes += worker_losses_ + scheduler_->worker_losses();
  // Who comes back after a restart may find that data was lost with it.
  all.worker_crashes += scheduler_crashes_;
  for (const auto& u : users_)
    if (auto what = u->answers().complaint(all)) return what;
  return {};
}

std::optional<std::string> world::unrest() const {
  const auto s = scheduler_->machine().inspect();
  if (s.tasks_waiting + s.tasks_queued + s.tasks_processing + s.tasks_in_memory + s.tasks_failed >
      0)
    return "the scheduler has tasks although nobody wants any";
  if (s.workers.size() != workers_.size()) return "the scheduler has lost sight of a worker";
  for (const auto& [id, w] : workers_) {
    const auto now = w->machine().inspect();
    if (now.results > 0) return "a worker keeps a result that nobody wants";
    if (now.runs_waiting + now.runs_ready + now.runs_executing > 0)
      return "a worker has a run that nobody wants";
    if (now.fetches > 0) return "a worker waits for an input that nobody wants";
  }
  for (const auto& u : users_)
    if (u->keeps_something()) return "a client keeps what its user has dropped";
  return {};
}

world::account world::summary() const {
  return {steps_, runs_finished_ + scheduler_->machine().inspect().runs_finished,
          troubles_.worker_crashes, scheduler_crashes_, timeline_.now() - began_};
}

}  // namespace troupe::simulation
