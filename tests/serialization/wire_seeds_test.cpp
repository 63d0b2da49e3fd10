#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "serialization/messages.hpp"
#include "serialization/wire.hpp"
#include "tests/serialization/wire_samples.hpp"

using namespace troupe;
using namespace troupe::samples;

namespace {

/// As it is on a connection: header and body.
std::string framed(wire::frame_kind kind, const bytes& body) {
  const wire::frame_header header{static_cast<std::uint32_t>(body.size() / 8),
                                  static_cast<std::uint16_t>(kind), 0};
  std::string frame(reinterpret_cast<const char*>(&header), sizeof(header));
  return frame.append(body.text());
}

/// Frames of some batches, as one encoder says them.
template <class Message>
std::string conversation(wire::frame_kind kind, const batch<Message>& all, generator& random) {
  wire::encoder encoder;
  std::string frames;
  for (int i = 0; i < 3; ++i) {
    const auto some = shuffled(all, random() % 12 + 1, random);
    frames += framed(kind, encoder.encode(std::span<const Message>(some)));
  }
  return frames;
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (const auto& [kind, body] : frames())
    all.push_back(framed(kind, body));
  all.push_back(framed(wire::frame_kind::refusal, wire::encode_refusal(failure())));
  generator random(5);
  for (int i = 0; i < 8; ++i) {
    using wire::frame_kind;
    all.push_back(conversation(frame_kind::client_messages, client_messages(), random));
    all.push_back(conversation(frame_kind::client_replies, client_replies(), random));
    all.push_back(conversation(frame_kind::worker_messages, worker_messages(), random));
    all.push_back(conversation(frame_kind::worker_orders, worker_orders(), random));
    all.push_back(conversation(frame_kind::data_messages, data_messages(), random));
  }
  return all;
}

}  // namespace

TEST_CASE("the seeds of the frame fuzzer are whole words, and are written where it is asked for") {
  const auto all = seeds();
  CHECK(std::all_of(all.begin(), all.end(), [](const auto& seed) { return seed.size() % 8 == 0; }));
  const char* corpus = std::getenv("TROUPE_FUZZ_CORPUS");
  if (!corpus) return;
  const auto folder = std::filesystem::path(corpus) / "frame";
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::ofstream file(folder / ("seed-" + std::to_string(i)), std::ios::binary);
    file << all[i];
    CHECK(file.good());
  }
}
