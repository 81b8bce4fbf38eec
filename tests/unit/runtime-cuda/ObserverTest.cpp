// Observed runs: what the observer hears and sees, and what it may change.
#include "tests/unit/runtime-cuda/Model.h"

#include <cmath>
#include <cstring>
#include <functional>

using namespace test;

namespace {
/// What was heard of a step: `results` as floats of its images.
struct Heard {
  std::string name;
  int64_t first, images;
  std::vector<std::vector<float>> results;
};

/// Floats of one image in each result.
std::vector<int64_t> sizesOf(const std::string &name) {
  if (name == "conv1")
    return {side * side * paddedChannels};
  return name == "sum"     ? std::vector<int64_t>{paddedChannels}
         : name == "score" ? std::vector<int64_t>{channels, 1}
                           : std::vector<int64_t>{};
}

struct Listener {
  std::vector<Heard> heard;
  std::function<void(const skip_step_event &)> then = [](const skip_step_event &) {};
  double seconds = 0;

  explicit Listener(skip_context *context) : context(context) {
    skip_observer hear = [](void *user, const skip_step_event *event) { static_cast<Listener *>(user)->hear(*event); };
    REQUIRE(skipmodel_context_observe(context, hear, this) == SKIP_OK);
  }
  ~Listener() { skipmodel_context_observe(context, nullptr, nullptr); }
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;

private:
  void hear(const skip_step_event &event) {
    Heard &now = heard.emplace_back(Heard{event.name, event.first_image, event.images, {}});
    std::vector<int64_t> sizes = sizesOf(event.name);
    for (int32_t r = 0; r < event.result_count; ++r) {
      auto *values = static_cast<const float *>(event.results[r]);
      int64_t count = sizes.empty() ? 1 : sizes[static_cast<size_t>(r)] * event.images;
      now.results.emplace_back(values, values + count);
    }
    seconds += event.seconds;
    then(event);
  }
  skip_context *context;
};
} // namespace

static std::vector<std::string> linesOf(const std::vector<Heard> &heard) {
  std::vector<std::string> lines;
  for (const Heard &step : heard)
    lines.push_back(step.name + " " + std::to_string(step.first) + "+" + std::to_string(step.images));
  return lines;
}

TEST_CASE("cuda: an observer hears each step of each turn, for the images that are there") {
  Handles h;
  h.open();
  Listener listener(h.context);
  Batch batch(7);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  CHECK(batch.wrong(1) == 0);
  CHECK(linesOf(listener.heard) == std::vector<std::string>{"conv1 0+3", "sum 0+3", "conv1 3+3", "sum 3+3", "conv1 6+1",
                                                            "sum 6+1", "score 0+7", "count 0+7"});
  CHECK(listener.seconds >= 0);
  listener.heard.clear();
  Batch small(1);
  REQUIRE(small.run(h.context) == SKIP_OK);
  CHECK(linesOf(listener.heard) == std::vector<std::string>{"conv1 0+1", "sum 0+1", "score 0+1", "count 0+1"});
}

TEST_CASE("cuda: an observer sees the values of its images") {
  Handles h;
  h.open();
  Listener listener(h.context);
  Batch batch(5), plain(5);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  std::vector<float> sums;
  for (const Heard &step : listener.heard)
    if (step.name == "sum")
      sums.insert(sums.end(), step.results[0].begin(), step.results[0].end());
  REQUIRE(sums.size() == 5 * paddedChannels);
  for (int64_t image = 0; image < 5; ++image)
    for (int64_t c = 0; c < paddedChannels; ++c) {
      float sum = sums[static_cast<size_t>(image * paddedChannels + c)];
      CHECK(sum == (c < channels ? Approx(batch.scores[static_cast<size_t>(image * channels + c)] -
                                          batch.vectors[static_cast<size_t>(image * channels + c)])
                                       .margin(1e-5)
                                 : Approx(0)));
    }
  const Heard &score = listener.heard[listener.heard.size() - 2];
  CHECK(score.results[0] == batch.scores);
  CHECK(score.results[1] == batch.energy);
  CHECK(listener.heard.back().results[0] == std::vector<float>{1}); // the counter
  REQUIRE(skipmodel_context_observe(h.context, nullptr, nullptr) == SKIP_OK);
  REQUIRE(plain.run(h.context) == SKIP_OK); // the same bits as without an observer
  CHECK(plain.scores == batch.scores);
  CHECK(plain.energy == batch.energy);
}

TEST_CASE("cuda: the counter counts each run once, observed or not") {
  Handles h;
  h.open({.max_batch = 4});
  Batch two(2), four(4);
  for (Batch *batch : {&two, &four, &two})
    REQUIRE(batch->run(h.context) == SKIP_OK);
  Listener listener(h.context);
  REQUIRE(four.run(h.context) == SKIP_OK);
  CHECK(listener.heard.back().results[0] == std::vector<float>{4});
  REQUIRE(two.run(h.context) == SKIP_OK);
  CHECK(listener.heard.back().results[0] == std::vector<float>{5});
}

TEST_CASE("cuda: what an observer changes is what the next step reads") {
  Handles h;
  h.open();
  Listener listener(h.context);
  listener.then = [](const skip_step_event &event) {
    auto *values = static_cast<float *>(const_cast<void *>(event.results[0]));
    if (std::string(event.name) == "sum" && event.first_image == 3) // the fourth image's sums
      for (int64_t c = 0; c < channels; ++c)
        values[c] = static_cast<float>(100 + c);
    if (std::string(event.name) == "score")
      const_cast<float *>(static_cast<const float *>(event.results[1]))[2] = 77;
  };
  Batch batch(5), plain(5);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  for (size_t c = 0; c < channels; ++c)
    CHECK(batch.scores[3 * channels + c] == static_cast<float>(100 + c) + batch.vectors[3 * channels + c]);
  CHECK(batch.energy[2] == 77);
  listener.then = [](const skip_step_event &) {};
  REQUIRE(plain.run(h.context) == SKIP_OK);
  CHECK(plain.wrong(1) == 0);
  for (size_t i = 0; i < 3 * channels; ++i)
    CHECK(batch.scores[i] == plain.scores[i]);
}

TEST_CASE("cuda: an observed run takes arrays of the device too") {
  Handles h;
  h.open();
  Caller caller;
  DeviceBatch batch(caller, 4);
  Listener listener(h.context);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  CHECK(batch.wrong(1) == 0);
  CHECK(listener.heard[listener.heard.size() - 2].results[0] == batch.batch.scores);
}
