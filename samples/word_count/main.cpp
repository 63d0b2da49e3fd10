// The classic: map over the pieces of a text, then merge the counts as a tree.
//
//   word_count [--config FILE] [--set KEY=VALUE] [TEXT FILE]...
//
// Without a file it counts the words of its own source text.

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

namespace word_count {

using counts = std::map<std::string, std::uint64_t>;

counts count_words(const std::string& text) {
  counts words;
  std::string word;
  for (unsigned char c : text + ' ')
    if (std::isalpha(c)) {
      word += static_cast<char>(std::tolower(c));
    } else if (!word.empty()) {
      ++words[word];
      word.clear();
    }
  return words;
}

counts merge(counts a, const counts& b) {
  for (const auto& [word, count] : b)
    a[word] += count;
  return a;
}

void register_tasks(troupe::task_registry& tasks) {
  tasks.add<&count_words, &merge>();
}

/// Pieces of about `size` bytes, cut between words.
std::vector<std::string> pieces_of(const std::string& text, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end =
        std::min(text.find_first_of(" \n", std::min(begin + size, text.size())), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

std::string read(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) throw std::runtime_error("cannot read any text in " + file);
  return text.str();
}

std::string read_all(int argc, char** argv) {
  if (argc == 1) return read(WORD_COUNT_SOURCE);
  std::string text;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-')
      throw std::runtime_error(
          "unknown option " + std::string(argv[i]) +
          "; usage: word_count [--config FILE] [--set KEY=VALUE] [TEXT FILE]...");
    text += read(argv[i]) + '\n';
  }
  return text;
}

}  // namespace word_count

int main(int argc, char** argv) try {
  using namespace word_count;
  if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, register_tasks);
  const auto config = troupe::config::from_arguments(argc, argv);
  const auto text = read_all(argc, argv);
  troupe::cluster cluster(config, register_tasks);
  auto client = cluster.connect();

  auto parts = client.map<&count_words>(pieces_of(text, 1024));
  while (parts.size() > 1) {
    std::vector<troupe::future<counts>> merged;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      merged.push_back(client.submit<&merge>(parts[i], parts[i + 1]));
    if (parts.size() % 2) merged.push_back(parts.back());
    parts = std::move(merged);
  }
  if (parts.empty()) throw std::runtime_error("there is no text");

  const auto all = parts[0].get();
  std::vector<std::pair<std::string, std::uint64_t>> order(all.begin(), all.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = 0; i < std::min<std::size_t>(10, order.size()); ++i)
    std::printf("%6llu  %s\n", static_cast<unsigned long long>(order[i].second),
                order[i].first.c_str());
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "word_count: %s\n", e.what());
  return 1;
}
