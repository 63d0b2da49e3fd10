// Large values, and many small ones.
#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bench/scenarios.hpp"
#include "bench/tasks.hpp"

namespace bench {

namespace {

using blob_future = troupe::future<blob_value>;

void add_rate(measurement& found, double bytes) {
  found.values["GB_per_s"] = bytes * 1e-9 / found.values["total_s"];
}

/// A value that a worker made, to the client. `read_all_s` is what it then takes to read it once:
/// a receiver that only maps the value pays for it there.
measurement gather_big(const setup& how, const parameters& p) {
  const auto size = integer(p, "bytes");
  const stage on(how, usual_workers);
  const auto made = on.client().submit<&blob>(size, std::int64_t{7});
  made.wait();
  const meter m(on.who());
  const auto here = made.get();
  auto found = m.stop();
  const auto start = clock::now();
  const auto total = sum(here);
  found.values["read_all_s"] = seconds_since(start);
  const auto expected = blob(size, 7);
  if (size >= 8) {
    // All but the first word, which tells the maker.
    const auto tail = [](const blob_value& b) { return sum(b.span().subspan(8)); };
    expect(tail(here) == tail(expected) && total != tail(here), "a big value");
  }
  add_rate(found, static_cast<double>(size));
  return found;
}

measurement scatter_big(const setup& how, const parameters& p) {
  const auto size = integer(p, "bytes");
  const auto content = blob(size, 9);
  const stage on(how, usual_workers);
  const meter m(on.who());
  const auto there = on.client().scatter(content);
  there.wait();
  auto found = m.stop();
  expect(on.client().submit<&foreign>(there, there, size).get() >= 0, "scattered data");
  add_rate(found, static_cast<double>(size));
  return found;
}

measurement scatter_small(const setup& how, const parameters& p) {
  const auto n = integer(p, "n");
  const auto size = integer(p, "bytes");
  std::vector<blob_value> content;
  for (std::int64_t i = 0; i < n; ++i)
    content.push_back(blob(size, i));
  const stage on(how, usual_workers);
  std::vector<blob_future> there;
  there.reserve(content.size());
  const meter m(on.who());
  for (const auto& one : content)
    there.push_back(on.client().scatter(one));
  troupe::wait(there);
  auto found = m.stop(static_cast<double>(n));
  found.values["objects_per_s"] = found.values["tasks_per_s"];
  for (std::size_t i = 0; i < there.size(); i += 1 + there.size() / 50)
    expect(there[i].get() == content[i], "a small object");
  return found;
}

/// Two values that different workers made.
std::pair<blob_future, blob_future> make_twins(const stage& on, std::int64_t size) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    auto twins =
        on.client().map<&blob>(std::vector<std::int64_t>{size, size}, std::int64_t{attempt});
    troupe::wait(twins);
    // Another task's answer tells without moving the values: it takes few bytes of each.
    const auto heads = on.client().map<&first_word>(twins);
    if (heads[0].get() != heads[1].get()) return {twins[0], twins[1]};
  }
  throw std::runtime_error("all values are made by one worker");
}

/// Round trips on a thread of its own, from its making to stop().
class control {
public:
  explicit control(const troupe::client& client)
      : thread_([this, &client] {
          for (std::int64_t i = 0; i == 0 || !ended_; ++i) {
            const auto start = clock::now();
            if (client.submit(increment_task, i).get() != i + 1) ++wrong_;
            times_us_.push_back(seconds_since(start) * 1e6);
          }
        }) {}

  control(const control&) = delete;
  control& operator=(const control&) = delete;

  ~control() { stop(); }

  std::vector<double> stop() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
    expect(wrong_ == 0, "increment");
    return std::move(times_us_);
  }

private:
  std::atomic<bool> ended_ = false;
  int wrong_ = 0;
  std::vector<double> times_us_;
  std::thread thread_;
};

/// A task needs two values that two workers made, so one of them has to move.
void move(const stage& on, const std::pair<blob_future, blob_future>& twins, std::int64_t size) {
  const auto moved = on.client().submit<&foreign>(twins.first, twins.second, size).get();
  expect(moved == 1, "one of two values had to move");
}

/// Once alone, and once while round trips go on.
measurement transfer_ww(const setup& how, const parameters& p) {
  const auto size = integer(p, "bytes");
  const stage on(how, usual_workers);
  measurement found;
  {
    const auto twins = make_twins(on, size);
    const meter m(on.who());
    move(on, twins, size);
    found = m.stop();
    add_rate(found, static_cast<double>(size));
  }
  const auto twins = make_twins(on, size);
  control round_trips(on.client());
  move(on, twins, size);
  add_percentiles(found.values, round_trips.stop(), "control_");
  return found;
}

}  // namespace

void add_data(std::map<std::string, scenario>& all) {
  all["gather_big"] = {gather_big};
  all["scatter_big"] = {scatter_big};
  all["scatter_small"] = {scatter_small};
  all["transfer_ww"] = {transfer_ww, {"processes", "sep"}};
}

}  // namespace bench
