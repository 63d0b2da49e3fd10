#include "tests/simulation/workload.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "serialization/check.hpp"

namespace troupe::simulation {

std::uint64_t right_value(const std::string& function, std::uint64_t argument,
                          std::span<const std::uint64_t> inputs) {
  auto v = argument + 1;
  for (const auto in : inputs)
    v = function == "sum" ? v + in : (v ^ in) * 0x9E3779B97F4A7C15u + (v >> 29);
  return v;
}

value make_value(std::uint64_t v) {
  // Its size is a function of the number, as a result's is: 8 to 400 bytes.
  std::vector<std::byte> content(8 * (1 + v % 50));
  std::memcpy(content.data(), &v, sizeof v);
  return value(bytes::adopt(std::move(content)));
}

std::uint64_t read_value(const value& v) {
  std::uint64_t number = 0;
  const auto content = v.encoded();
  check(content.size() >= sizeof number, "a value has its number");
  std::memcpy(&number, content.data(), sizeof number);
  check(content.size() == 8 * (1 + number % 50), "a value is whole");
  return number;
}

core::working::run_executed run_task_function(dice& d, const core::working::execute& x) {
  core::working::run_executed done{x.task, x.run, {}, {}, {}};
  done.duration =
      std::chrono::microseconds(d.chance(5) ? d.between(1000, 20000) : d.between(1, 500));
  const auto& name = x.spec->function;
  if (name == "troupe.dataset") {
    done.content = x.inputs.front();
    return done;
  }
  if (name == "throw" || (name == "flaky" && d.chance(40))) {
    done.why = {errc::task_failed, name, "std::runtime_error"};
    return done;
  }
  std::vector<std::uint64_t> inputs;
  for (const auto& in : x.inputs)
    inputs.push_back(read_value(in));
  done.content = make_value(right_value(name, read_value(x.arguments), inputs));
  return done;
}

user::user(timeline& t, network& n, dice& d, node_id scheduler, library& l, std::uint64_t actions)
    : timeline_(t),
      dice_(d),
      library_(l),
      actions_(actions),
      leaves_(d.chance(50)),
      self_(std::make_shared<user*>(this)) {
  for (const auto* name : {"mix", "mix", "sum", "sum", "mix", "flaky", "throw", "mix"}) {
    task_spec s;
    s.function = name;
    s.signature = "()";
    s.priority = static_cast<std::int32_t>(d.below(3)) - 1;
    s.retries = s.function == "flaky" ? 3 : 0;
    if (d.chance(20)) s.resources["gpu"] = 1;
    if (d.chance(30)) s.retry_delay = std::chrono::microseconds(d.between(1, 5000));
    if (d.chance(10)) s.timeout = std::chrono::microseconds(d.between(50, 30000));
    if (d.chance(15)) {
      // Place 0 has what some tasks need, and is always started again; the others need not exist.
      s.workers = {"place 0", "place " + std::to_string(d.below(6))};
    } else if (d.chance(15)) {
      s.workers = {"place " + std::to_string(d.below(6))};
      s.allow_other_workers = s.resources.empty();
      if (!s.resources.empty()) s.workers.emplace_back("host 0");
    }
    specs_.push_back(std::make_shared<const task_spec>(std::move(s)));
  }
  client_node::user callbacks;
  callbacks.welcome = [this](client_id id) {
    me_ = id;
    plan_next();
  };
  callbacks.heard = [this](const core::asking::effect& e) {
    checker_.heard(e);
    timeline_.after({}, [self = std::weak_ptr(self_)] {
      if (const auto here = self.lock()) (*here)->end_if_answered();
    });
  };
  callbacks.disconnected = [this] {
    checker_.disconnected();
    finished_ = true;
  };
  callbacks.named = [this](const dataset_reply& m) { named(m); };
  client_ = std::make_unique<client_node>(t, n, scheduler, std::move(callbacks));
}

void user::plan_next() {
  timeline_.after(std::chrono::microseconds(dice_.chance(70) ? 0 : dice_.between(1, 20000)),
                  [self = std::weak_ptr(self_)] {
                    if (const auto here = self.lock()) (*here)->act();
                  });
}

void user::act() {
  if (finished_) return;
  if (actions_ == 0) {
    closing_ = true;
    for (const auto t : held_)
      client_->feed(core::asking::value_wanted{t});
    end_if_answered();
    return;
  }
  --actions_;
  const auto what = dice_.below(100);
  if (held_.empty() || what < 60) {
    submit();
  } else if (what < 65) {
    scatter();
  } else if (what < 80) {
    drop(any_held());
  } else if (what < 82) {
    steer();
  } else if (what < 87) {
    share();
  } else if (what < 90) {
    const auto t = any_held();
    checker_.cancelled(t);
    client_->feed(core::asking::cancel_wanted{t});
  } else {
    client_->feed(core::asking::value_wanted{any_held()});
  }
  plan_next();
}

void user::steer() {
  const auto which = dice_.below(100);
  // Whether it runs to its end when it is dropped nobody can see here; that it does no harm.
  if (which < 30)
    client_->say(detach_task{any_held()});
  else if (which < 70)
    client_->say(replicate_result{any_held(), dice_.between(1, 4)});
  else if (which < 85)
    client_->say(rebalance_results{});
  else
    client_->say(retire_workers{{"place " + std::to_string(dice_.below(6))}});
}

void user::share() {
  using order = name_dataset::order;
  const auto which = dice_.below(100);
  auto any = library_.datasets.begin();
  if (any == library_.datasets.end() || which < 50) {
    const auto t = any_held();
    const auto name = std::to_string(node()) + "/" + std::to_string(t.value);
    library_.datasets[name].value = checker_.value_of(t);
    client_->say(name_dataset{order::publish, name, t, "u64"});
    return;
  }
  std::advance(any, static_cast<std::ptrdiff_t>(dice_.below(library_.datasets.size())));
  if (which < 60) {
    // From now on nobody knows, even if it is said again: the order of what two say is open.
    any->second.withdrawn = true;
    client_->say(name_dataset{order::withdraw, any->first, {}, {}});
  } else {
    opening_.insert(any->first);
    client_->say(name_dataset{order::find, any->first, {}, {}});
  }
}

void user::named(const dataset_reply& m) {
  const auto known = library_.datasets.find(m.name);
  if (known == library_.datasets.end()) return;
  if (m.task) known->second.seen = true;
  if (!m.task || closing_ || finished_ || opening_.erase(m.name) == 0) return;
  task_spec s;
  s.function = "troupe.dataset";
  s.signature = "()";
  const auto t = make_task_id(me_, ++last_number_);
  checker_.promised(t, {s.function, known->second.value, {}, false, false, false});
  held_.push_back(t);
  client_->feed(core::asking::task_submitted{
      {t, std::make_shared<const task_spec>(std::move(s)), {}, {m.task}}});
}

void user::submit() {
  const auto& what = specs_[dice_.below(specs_.size() * 3) % specs_.size()];
  submit_task m{make_task_id(me_, ++last_number_), what, {}, {}};
  const auto argument = dice_.below(1000);
  m.arguments = make_value(argument);
  std::vector<std::uint64_t> inputs;
  for (auto n = dice_.below(4); n > 0 && !held_.empty(); --n) {
    // Of the last few more often than of all: chains, and not only stars.
    const auto back = dice_.chance(60) ? std::min<std::size_t>(held_.size(), 4) : held_.size();
    m.inputs.push_back(held_[held_.size() - 1 - dice_.below(back)]);
    inputs.push_back(checker_.value_of(m.inputs.back()));
  }
  checker_.promised(m.task, {what->function, right_value(what->function, argument, inputs),
                             m.inputs, false, false, what->timeout.count() > 0});
  held_.push_back(m.task);
  client_->feed(core::asking::task_submitted{std::move(m)});
}

void user::scatter() {
  const auto t = make_task_id(me_, ++last_number_);
  const auto v = dice_.below(1000);
  checker_.promised(t, {{}, v, {}, false, false, false});
  held_.push_back(t);
  client_->feed(core::asking::data_scattered{t, make_value(v)});
}

void user::drop(task_id t) {
  held_.erase(std::find(held_.begin(), held_.end(), t));
  checker_.dropped(t);
  client_->feed(core::asking::future_dropped{t});
}

task_id user::any_held() {
  return held_[dice_.below(held_.size())];
}

void user::end_if_answered() {
  if (!closing_ || finished_) return;
  for (const auto t : held_)
    if (!checker_.answered(t)) return;
  while (!held_.empty())
    drop(held_.back());
  finished_ = true;
  if (leaves_) client_->leave();
}

std::string user::waits_for() const {
  std::string numbers;
  for (const auto t : held_)
    if (!checker_.answered(t)) numbers += " " + std::to_string(number_of(t));
  return numbers;
}

}  // namespace troupe::simulation
