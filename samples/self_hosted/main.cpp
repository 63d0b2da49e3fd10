// One executable that is both: started by you it is the program, started by a backend a worker.
// Estimates pi by throwing darts, shows each partial answer as soon as it is there, and shows what
// a failing task looks like from outside.
//
//   self_hosted [--config FILE] [--set KEY=VALUE]

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <vector>

#include <troupe/troupe.hpp>

namespace {

struct throws {
  std::uint64_t inside = 0;
  std::uint64_t all = 0;
};

throws darts(std::uint64_t seed, std::uint64_t count) {
  if (count == 0) throw std::invalid_argument("no darts to throw");
  std::mt19937_64 random(seed);
  throws t{0, count};
  for (std::uint64_t i = 0; i < count; ++i) {
    const double x = static_cast<double>(random() >> 11) * 0x1p-53;
    const double y = static_cast<double>(random() >> 11) * 0x1p-53;
    t.inside += x * x + y * y < 1;
  }
  return t;
}

// In an unnamed namespace the compiler's name would not do: give one.
constexpr auto throw_darts = troupe::task<&darts>("throw_darts");

void register_tasks(troupe::task_registry& tasks) {
  tasks.add(throw_darts);
}

}  // namespace

int main(int argc, char** argv) try {
  if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, register_tasks);
  const auto config = troupe::config::from_arguments(argc, argv);
  if (argc > 1) throw std::invalid_argument("usage: self_hosted [--config FILE] [--set KEY=VALUE]");
  troupe::cluster cluster(config, register_tasks);
  auto client = cluster.connect();

  std::vector<std::uint64_t> seeds(32);
  for (std::size_t i = 0; i < seeds.size(); ++i)
    seeds[i] = i + 1;
  auto futures = client.map(throw_darts, seeds, 500'000);
  throws sum;
  std::size_t done = 0;
  for (auto& part : troupe::as_completed(futures)) {
    const auto t = part.get();
    sum = {sum.inside + t.inside, sum.all + t.all};
    if (++done % 8 == 0)
      std::printf("after %2zu of %zu tasks: pi is about %.5f\n", done, futures.size(),
                  4.0 * static_cast<double>(sum.inside) / static_cast<double>(sum.all));
  }

  if (auto none = client.submit(throw_darts, std::uint64_t{1}, 0).result(); !none)
    std::printf("as expected: %s\n", troupe::describe(none.error()).c_str());
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "self_hosted: %s\n", e.what());
  return 1;
}
