// A small service that embeds a client: it goes on answering requests while tasks run. It does not
// link libpricing.so; only the workers load it.
//
//   pricing [--config FILE] [--set KEY=VALUE] < requests
//
// A request is a line: "price RATE" starts pricing the whole book at that rate and answers at once
// with a number; "show N" tells how far it is, or its value; "quit" ends. Rates as parts: 0.03.

#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "tasks.hpp"

namespace {

std::vector<pricing::bond> make_book() {
  std::vector<pricing::bond> book;
  for (int i = 0; i < 2000; ++i)
    book.push_back({"bond-" + std::to_string(i), 1000.0 + i, std::vector<double>(5 + i % 25, 40)});
  return book;
}

class service {
public:
  explicit service(troupe::client client) : client_(std::move(client)), book_(make_book()) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    double rate = 0;
    int number = 0;
    if (verb == "price" && words >> rate) return start(rate);
    if (verb == "show" && words >> number) return show(number);
    return "? price RATE, show N, quit";
  }

private:
  std::string start(double rate) {
    auto values = client_.with({.priority = 10, .retries = 2}).map(pricing::price, book_, rate);
    auto sum = client_.submit<&pricing::total>(values);
    requests_.insert_or_assign(next_, request{rate, std::move(values), std::move(sum)});
    return "request " + std::to_string(next_++);
  }

  std::string show(int number) {
    auto found = requests_.find(number);
    if (found == requests_.end()) return "? no request " + std::to_string(number);
    auto& r = found->second;
    std::ostringstream text;
    text << "request " << number << " at " << r.rate << ": ";
    if (!r.sum.ready()) {
      std::size_t done = 0;
      for (const auto& v : r.values)
        done += v.ready();
      text << done << " of " << r.values.size() << " bonds priced";
    } else if (auto sum = r.sum.result()) {
      text << *sum;
    } else {
      text << troupe::describe(sum.error());
    }
    return text.str();
  }

  struct request {
    double rate = 0;
    std::vector<troupe::future<double>> values;
    troupe::future<double> sum;
  };

  troupe::client client_;
  std::vector<pricing::bond> book_;
  std::map<int, request> requests_;
  int next_ = 1;
};

}  // namespace

int main(int argc, char** argv) try {
  auto config = troupe::config::from_arguments(argc, argv);
  if (argc > 1)
    throw std::invalid_argument("usage: pricing [--config FILE] [--set KEY=VALUE] < requests");
  if (config.worker.libraries.empty()) config.worker.libraries = {PRICING_LIBRARY};
  troupe::cluster cluster(config);
  service book(cluster.connect());
  for (std::string line; std::getline(std::cin, line) && line != "quit";)
    std::cout << book.answer(line) << std::endl;
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "pricing: %s\n", e.what());
  return 1;
}
