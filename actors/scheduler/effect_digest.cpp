#include "actors/scheduler/effect_digest.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

using namespace core::scheduling;

void effect_digest::add(std::span<const effect> all) {
  for (const auto& e : all) {
    mix(e.index());
    if (const auto* client = std::get_if<admit_client>(&e)) {
      mix(client->connection);
      mix(client->client.value);
    } else if (const auto* worker = std::get_if<admit_worker>(&e)) {
      mix(worker->connection);
      mix(worker->worker.value);
    } else if (const auto* away = std::get_if<dismiss_client>(&e)) {
      mix(away->client.value);
    } else if (const auto* gone = std::get_if<dismiss_worker>(&e)) {
      mix(gone->worker.value);
    } else if (const auto* kept = std::get_if<keep_record>(&e)) {
      std::vector<std::byte> blocks;
      journal_.write(std::span(&kept->record, 1), blocks);
      mix(bytes::adopt(std::move(blocks)));
    } else if (const auto* reply = std::get_if<tell_client>(&e)) {
      mix(reply->client.value);
      mix(encoder_.encode(std::span(&reply->message, 1)));
    } else if (const auto* order = std::get_if<tell_worker>(&e)) {
      mix(order->worker.value);
      mix(encoder_.encode(std::span(&order->message, 1)));
    }
  }
}

void effect_digest::mix(std::uint64_t word) noexcept {
  sum_ = (sum_ ^ word) * 0x9E3779B97F4A7C15u;
  sum_ ^= sum_ >> 29;
}

void effect_digest::mix(const bytes& body) noexcept {
  mix(body.size());
  for (std::size_t at = 0; at < body.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, body.data() + at, std::min(sizeof word, body.size() - at));
    mix(word);
  }
}

}  // namespace troupe
