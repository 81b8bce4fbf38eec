// Steps of a trainer against the same training in double precision, and their bits.
#include "tests/unit/runtime-training/Model.h"
#include "tests/unit/runtime/ErrorText.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <thread>

using namespace test;

/// Relative to the largest element.
static double distance(const std::vector<float> &values, const std::vector<double> &expected) {
  double most = 0, apart = 0;
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    most = std::fmax(most, std::fabs(expected[i]));
    apart = std::fmax(apart, std::fabs(values[i] - expected[i]));
  }
  return most > 0 ? apart / most : apart;
}

static std::vector<Group> groupsOf(int64_t count, uint32_t step) {
  std::vector<Group> groups;
  for (int64_t i = 0; i < count; ++i)
    groups.emplace_back(5, step * 10 + static_cast<uint32_t>(i));
  return groups;
}

TEST_CASE("steps are those of SGD in double precision") {
  bool nesterov = GENERATE(false, true);
  int64_t groups = GENERATE(1, 2, 3, 5);
  Training training({.groups = groups});
  training.load(someValues(1));
  Reference reference(someValues(1));
  reference.nesterov = nesterov;
  reference.decay = 0.01;
  REQUIRE(skipmodel_trainer_set_number(training.trainer, SKIP_TRAINER_DECAY, 0.01) == SKIP_OK);
  REQUIRE(skipmodel_trainer_set_number(training.trainer, SKIP_TRAINER_NESTEROV, nesterov) == SKIP_OK);
  for (uint32_t step = 0; step < 5; ++step) {
    std::vector<Group> batch = groupsOf(groups, step);
    for (Group &group : batch)
      REQUIRE(group.gradients(training.trainer) == SKIP_OK);
    REQUIRE(skipmodel_trainer_apply(training.trainer, 0.1) == SKIP_OK);
    std::vector<double> losses = reference.step(batch, 0.1);
    for (size_t i = 0; i < batch.size(); ++i)
      CHECK(batch[i].result.loss == Approx(losses[i]).epsilon(1e-5));
  }
  Values values = training.values();
  for (const auto &[name, expected] : reference.values) {
    INFO(name);
    CHECK(distance(values[name], expected) < 1e-5);
  }
  for (const auto &[name, expected] : reference.velocities) {
    INFO(name);
    CHECK(distance(values["optimizer.momentum." + name], expected) < 1e-5);
  }
  CHECK(values["stem.weight"] == someValues(1)["stem.weight"]);
}

TEST_CASE("a group says how many of its images were wrong") {
  Training training;
  Values values = someValues(1);
  values["fc.weight"].assign(values["fc.weight"].size(), 0.0f);
  values["fc.bias"].assign(values["fc.bias"].size(), 0.0f);
  values["fc.bias"][7] = 1;
  training.load(values);
  Group group(4, 1);
  group.labels = {7, 7, 8, 7};
  REQUIRE(group.gradients(training.trainer) == SKIP_OK);
  CHECK(group.result.wrong == 1);
  CHECK(group.result.loss == Approx(std::log(249 + std::exp(1.0)) - 0.75));
}

/// Splits a loop over threads of its own.
static void onThreads(void *, int64_t count, skip_task task, void *argument) {
  std::thread half([=] { task(argument, 0, count / 2); });
  task(argument, count / 2, count);
  half.join();
}

static std::string trained(skip_trainer_options options, int32_t threads) {
  options.groups = 3;
  Training training(options, threads);
  REQUIRE(skipmodel_trainer_init(training.trainer, 42) == SKIP_OK);
  for (uint32_t step = 0; step < 4; ++step)
    training.step(groupsOf(3, step), 0.1);
  return training.save();
}

TEST_CASE("threads and a caller's loop change no bit") {
  std::string alone = trained({}, 0);
  for (int32_t threads : {1, 2, 3, 7})
    CHECK(trained({}, threads) == alone);
  CHECK(trained({.parallel_for = onThreads}, 0) == alone);
}

/// The gradients of single groups, added as floats.
static std::vector<float> gradientsOf(std::vector<Group> groups) {
  Training training({.groups = static_cast<int64_t>(groups.size())});
  training.load(someValues(2));
  for (Group &group : groups)
    REQUIRE(group.gradients(training.trainer) == SKIP_OK);
  float *gradients = nullptr;
  size_t count = 0;
  REQUIRE(skipmodel_trainer_gradient_array(training.trainer, &gradients, &count) == SKIP_OK);
  return {gradients, gradients + count};
}

TEST_CASE("the groups' gradients are added as a tree") {
  std::vector<Group> groups = groupsOf(4, 3);
  std::vector<float> mean = gradientsOf(groups), each[4];
  for (size_t i = 0; i < 4; ++i)
    each[i] = gradientsOf({groups[i]});
  for (size_t i = 0; i < mean.size(); ++i)
    REQUIRE(mean[i] == ((each[0][i] + each[1][i]) + (each[2][i] + each[3][i])) / 4);
  std::vector<float> left = gradientsOf({groups[0], groups[1]}), right = gradientsOf({groups[2], groups[3]});
  for (size_t i = 0; i < mean.size(); ++i) // as two processes would
    REQUIRE(mean[i] == (left[i] + right[i]) / 2);
}

TEST_CASE("a step may have fewer groups than it could") {
  Training wide({.groups = 8}), narrow({.groups = 3});
  for (Training *training : {&wide, &narrow}) {
    training->load(someValues(3));
    training->step(groupsOf(3, 1), 0.1);
  }
  CHECK(wide.save() == narrow.save());
}

TEST_CASE("a changed gradient is what is applied") {
  Training training;
  Values before = someValues(1);
  training.load(before);
  Group group(4, 1);
  REQUIRE(group.gradients(training.trainer) == SKIP_OK);
  float *gradients = nullptr;
  size_t count = 0;
  REQUIRE(skipmodel_trainer_gradient_array(training.trainer, &gradients, &count) == SKIP_OK);
  for (size_t i = 0; i < count; ++i)
    gradients[i] = 0;
  CHECK_FAILS(group.gradients(training.trainer), SKIP_INVALID_ARGUMENT, "the step is whole");
  REQUIRE(skipmodel_trainer_apply(training.trainer, 1) == SKIP_OK);
  Values after = training.values();
  CHECK(after["fc.weight"] == before["fc.weight"]);
  CHECK(after["bn.running_mean"] != before["bn.running_mean"]);
}

TEST_CASE("a loss or gradient that is no number changes nothing") {
  Training training({.groups = 2});
  training.load(someValues(1));
  training.step(groupsOf(2, 0), 0.1);
  std::string before = training.save();
  Group good(5, 1), bad(5, 2);
  bad.x[4] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(good.gradients(training.trainer) == SKIP_OK);
  REQUIRE(bad.gradients(training.trainer) == SKIP_OK);
  CHECK(std::isnan(bad.result.loss));
  CHECK(bad.result.wrong == 5);
  CHECK_FAILS(skipmodel_trainer_apply(training.trainer, 0.1), SKIP_NOT_FINITE, "the loss is NaN or infinite");
  CHECK(training.save() == before);
  CHECK_FAILS(skipmodel_trainer_apply(training.trainer, 0.1), SKIP_INVALID_ARGUMENT, "no gradients");

  REQUIRE(good.gradients(training.trainer) == SKIP_OK);
  float *gradients = nullptr;
  size_t count = 0;
  REQUIRE(skipmodel_trainer_gradient_array(training.trainer, &gradients, &count) == SKIP_OK);
  gradients[count / 2] = std::numeric_limits<float>::infinity();
  CHECK_FAILS(skipmodel_trainer_apply(training.trainer, 0.1), SKIP_NOT_FINITE, "a gradient is NaN or infinite");
  CHECK(training.save() == before);
}

TEST_CASE("a statistic that is no number changes nothing") {
  Training training;
  Values values = someValues(1);
  for (float &value : values["stem.weight"])
    value *= 1e25f; // whose squares are beyond float32
  training.load(values);
  std::string before = training.save();
  Group group(5, 1);
  REQUIRE(group.gradients(training.trainer) == SKIP_OK);
  CHECK(std::isfinite(group.result.loss));
  CHECK_FAILS(skipmodel_trainer_apply(training.trainer, 0.1), SKIP_NOT_FINITE, "a batch norm's statistic is NaN or infinite");
  CHECK(training.save() == before);
}

TEST_CASE("a dropped step leaves no trace") {
  Training training({.groups = 2});
  training.load(someValues(1));
  std::string before = training.save();
  Group group(5, 1);
  REQUIRE(group.gradients(training.trainer) == SKIP_OK);
  REQUIRE(skipmodel_trainer_discard(training.trainer) == SKIP_OK);
  CHECK(training.save() == before);
  training.step(groupsOf(2, 4), 0.1);
  Training other({.groups = 2});
  other.load(someValues(1));
  other.step(groupsOf(2, 4), 0.1);
  CHECK(training.save() == other.save());
}

TEST_CASE("what makes no sense in a step is refused") {
  Training training({.max_group = 6, .groups = 2});
  skip_trainer *trainer = training.trainer;
  training.load(someValues(1));
  Group group(5, 1);
  group.labels[3] = 250;
  CHECK_FAILS(group.gradients(trainer), SKIP_INVALID_ARGUMENT, "label 250 of image 3, the model has 250 classes, 0 to 249");
  group.labels[3] = -1;
  CHECK_FAILS(group.gradients(trainer), SKIP_INVALID_ARGUMENT, "label -1 of image 3");
  CHECK_FAILS(Group(7, 1).gradients(trainer), SKIP_INVALID_ARGUMENT, "a group of 7 images, this trainer takes 1 to 6");
  const float *null[] = {nullptr};
  skip_training_result result;
  CHECK_FAILS(skipmodel_trainer_gradients(trainer, 2, null, Group(2, 1).labels.data(), &result), SKIP_INVALID_ARGUMENT,
              "input 0, `x`, is null");
  CHECK_FAILS(skipmodel_trainer_apply(trainer, 0.1), SKIP_INVALID_ARGUMENT, "no gradients");
  REQUIRE(Group(5, 1).gradients(trainer) == SKIP_OK);
  CHECK_FAILS(Group(4, 1).gradients(trainer), SKIP_INVALID_ARGUMENT, "a group of 4 images after one of 5");
  CHECK_FAILS(skipmodel_trainer_apply(trainer, NAN), SKIP_INVALID_ARGUMENT, "a rate of nan");
  CHECK_FAILS(skipmodel_trainer_apply(trainer, -0.1), SKIP_INVALID_ARGUMENT,
              "a rate of -0.1, which must be a number from 0 on");
  REQUIRE(Group(5, 2).gradients(trainer) == SKIP_OK);
  CHECK_FAILS(Group(5, 3).gradients(trainer), SKIP_INVALID_ARGUMENT, "made for 2 groups a step");
  auto set = [&](skip_trainer_number number, double value) { return skipmodel_trainer_set_number(trainer, number, value); };
  double none = std::numeric_limits<double>::quiet_NaN();
  for (double value : {1.0, 1.5, -0.1, none})
    CHECK_FAILS(set(SKIP_TRAINER_MOMENTUM, value), SKIP_INVALID_ARGUMENT, "which must be from 0 to below 1");
  for (double value : {0.5, -1.0, 2.0, none})
    CHECK_FAILS(set(SKIP_TRAINER_NESTEROV, value), SKIP_INVALID_ARGUMENT, "which must be 0 or 1");
  for (skip_trainer_number number : {SKIP_TRAINER_DECAY, SKIP_TRAINER_STATISTICS})
    for (double value : {1.5, -0.1, none})
      CHECK_FAILS(set(number, value), SKIP_INVALID_ARGUMENT, "which must be from 0 to 1");
  REQUIRE(set(SKIP_TRAINER_NESTEROV, 1) == SKIP_OK);
  CHECK_FAILS(set(SKIP_TRAINER_MOMENTUM, 0), SKIP_INVALID_ARGUMENT, "which needs a momentum above 0");
  REQUIRE(set(SKIP_TRAINER_NESTEROV, 0) == SKIP_OK);
  REQUIRE(set(SKIP_TRAINER_MOMENTUM, 0) == SKIP_OK);
  CHECK_FAILS(set(SKIP_TRAINER_NESTEROV, 1), SKIP_INVALID_ARGUMENT, "which needs a momentum above 0");
}

TEST_CASE("draws of no sense are refused") {
  Training training;
  CHECK_FAILS(skipmodel_trainer_set_draws(nullptr, 1, 0, 0), SKIP_INVALID_ARGUMENT, "trainer");
  CHECK_FAILS(skipmodel_trainer_set_draws(training.trainer, 1, -1, 0), SKIP_INVALID_ARGUMENT, "step -1");
  CHECK_FAILS(skipmodel_trainer_set_draws(training.trainer, 1, 0, -2), SKIP_INVALID_ARGUMENT, "first group -2");
  CHECK(skipmodel_trainer_set_draws(training.trainer, 1, 7, 1) == SKIP_OK);
}

TEST_CASE("a trainer is observed") {
  Training training;
  training.load(someValues(1));
  int64_t steps = 0;
  auto count = [](void *user, const skip_step_event *event) { *static_cast<int64_t *>(user) += event->images; };
  REQUIRE(skipmodel_trainer_observe(training.trainer, count, &steps) == SKIP_OK);
  REQUIRE(Group(5, 1).gradients(training.trainer) == SKIP_OK);
  CHECK(steps == 5);
}
