#include "actors/scheduler/core/story.hpp"

#include <algorithm>
#include <array>
#include <variant>

namespace troupe::core {

namespace {

using namespace scheduling;

// One for each kind of event and message, in their order.

constexpr std::array<const char*, std::variant_size_v<event>> event_causes{
    "a client joined",
    "a worker joined",
    "",
    "",
    "left",
    "was lost",
    "its time had come",
    "the end of a worker was explained",
    "a launch is not wanted any more",
    "read from the journal",
    "the journal was read"};

constexpr std::array<const char*, std::variant_size_v<client_message>> client_causes{
    "submitted",   "scattered",        "released",           "cancelled",          "not found by",
    "looked at",   "claimed",          "came back",          "went away",          "steered",
    "asked about", "to be copied for", "to be balanced for", "workers retired by", "detached",
    "named"};

constexpr std::array<const char*, std::variant_size_v<worker_message>> worker_causes{
    "finished a run",  "a run threw",     "could not fetch inputs",
    "has a copy",      "reported",        "a run waits for others",
    "a run goes on",   "gave a run back", "changed its state",
    "runs it already", "came back"};

}  // namespace

void story_book::begin(const event& why, time_point now) {
  now_ = now;
  who_ = 0;
  said_by_ = speaker::nobody;
  cause_ = event_causes[why.index()];
  const auto said = [this](speaker by, std::uint64_t who) {
    said_by_ = by;
    who_ = who;
  };
  if (const auto* c = std::get_if<client_said>(&why)) {
    said(speaker::client, c->client.value);
    cause_ = client_causes[c->message.index()];
  } else if (const auto* w = std::get_if<worker_said>(&why)) {
    said(speaker::worker, w->worker.value);
    cause_ = worker_causes[w->message.index()];
  } else if (const auto* gone = std::get_if<worker_lost>(&why)) {
    said(speaker::worker, gone->worker.value);
  } else if (const auto* left = std::get_if<client_lost>(&why)) {
    said(speaker::client, left->client.value);
  }
}

std::vector<story_book::step> story_book::of(task_id task) const {
  std::vector<step> found;
  const auto oldest = next_ - std::min<std::uint64_t>(next_, steps_kept);
  for (auto i = oldest; i < next_; ++i)
    if (const auto& s = steps_[i % steps_kept]; s.task == task) found.push_back(s);
  return found;
}

std::string_view to_string(task_state s) noexcept {
  constexpr std::array<std::string_view, task_states> names{
      "released", "waiting", "queued", "processing", "arriving", "in memory", "failed"};
  return names[static_cast<std::size_t>(s)];
}

}  // namespace troupe::core
