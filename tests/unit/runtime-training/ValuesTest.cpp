// Values of trainers: fresh ones, checkpoints, and weights of the inference model.
#include "tests/unit/runtime-training/Model.h"
#include "tests/unit/runtime/ErrorText.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

using namespace test;

TEST_CASE("fresh filters are normal with He's deviation") {
  Training training;
  REQUIRE(skipmodel_trainer_init(training.trainer, 7) == SKIP_OK);
  Values values = training.values();
  double sum = 0, squares = 0, beyond = 0;
  for (float value : values["fc.weight"]) {
    double normal = value / std::sqrt(2.0 / features);
    sum += normal;
    squares += normal * normal;
    beyond += std::fabs(normal) > 1.959964;
  }
  auto count = static_cast<double>(values["fc.weight"].size()); // 25,000
  CHECK(std::fabs(sum / count) < 0.02);
  CHECK(squares / count == Approx(1).epsilon(0.03));
  CHECK(beyond / count == Approx(0.05).epsilon(0.1));
  CHECK(values["bn.weight"] == std::vector<float>(features, 1));
  CHECK(values["bn.running_var"] == std::vector<float>(features, 1));
  for (const char *name : {"bn.bias", "bn.running_mean"})
    CHECK(values[name] == std::vector<float>(features, 0));
  CHECK(values["fc.bias"] == std::vector<float>(classes, 0));
  CHECK(values["optimizer.momentum.fc.weight"] == std::vector<float>(classes * features, 0));
  // What a seed gives may not change: runs are told by it.
  CHECK(std::to_string(1e7 * double{values["fc.weight"][0]}) == "-628711.432219");
  CHECK(std::to_string(1e7 * double{values["stem.weight"][1]}) == "-1501384.079456");
}

TEST_CASE("another seed gives other values, the same seed the same") {
  Training one, two;
  REQUIRE(skipmodel_trainer_init(one.trainer, 7) == SKIP_OK);
  REQUIRE(skipmodel_trainer_init(two.trainer, 8) == SKIP_OK);
  CHECK(one.save() != two.save());
  REQUIRE(skipmodel_trainer_init(two.trainer, 7) == SKIP_OK);
  CHECK(one.save() == two.save());
}

static std::vector<Group> groupsOf(uint32_t step) { return {Group(5, step), Group(5, step + 100)}; }

TEST_CASE("a resumed training gives the bits of an unbroken one") {
  Training unbroken({.groups = 2}, 2);
  REQUIRE(skipmodel_trainer_init(unbroken.trainer, 1) == SKIP_OK);
  std::string halfway;
  for (uint32_t step = 0; step < 6; ++step) {
    if (step == 3)
      halfway = unbroken.save();
    unbroken.step(groupsOf(step), 0.2);
  }
  Training resumed({.groups = 2});
  REQUIRE(skipmodel_trainer_load_memory(resumed.trainer, halfway.data(), halfway.size(), 0) == SKIP_OK);
  CHECK(resumed.save() == halfway);
  for (uint32_t step = 3; step < 6; ++step)
    resumed.step(groupsOf(step), 0.2);
  CHECK(resumed.save() == unbroken.save());
}

/// Logits of the inference model with `weights`, which it takes.
static std::vector<float> infer(const Training &training, skip_weights *weights, const Group &group) {
  skip_context *context = nullptr;
  REQUIRE(skipmodel_context_create(training.model, weights, nullptr, &context) == SKIP_OK);
  std::vector<float> logits(static_cast<size_t>(group.n * classes));
  const float *in[] = {group.x.data()};
  float *out[] = {logits.data()};
  REQUIRE(skipmodel_run(context, group.n, in, out) == SKIP_OK);
  skipmodel_context_destroy(context);
  skipmodel_weights_destroy(weights);
  return logits;
}

TEST_CASE("the inference model has the weights just trained") {
  Training training({.groups = 2});
  training.load(someValues(4));
  Reference reference(someValues(4));
  for (uint32_t step = 0; step < 3; ++step) {
    training.step(groupsOf(step), 0.1);
    reference.step(groupsOf(step), 0.1);
  }
  skip_weights *direct = nullptr, *loaded = nullptr;
  REQUIRE(skipmodel_trainer_weights(training.trainer, &direct) == SKIP_OK);
  std::string file = training.save();
  REQUIRE(skipmodel_weights_load_memory(training.model, file.data(), file.size(), &loaded) == SKIP_OK);
  Group group(6, 77);
  std::vector<float> logits = infer(training, direct, group);
  CHECK(logits == infer(training, loaded, group));
  std::vector<double> expected = reference.logits(group);
  for (size_t i = 0; i < logits.size(); ++i)
    REQUIRE(logits[i] == Approx(expected[i]).epsilon(1e-4).margin(1e-4));
}

TEST_CASE("a checkpoint has the metadata that it was given") {
  Training training;
  training.load(someValues(1));
  std::string file;
  auto append = [](void *user, const void *bytes, size_t count) {
    static_cast<std::string *>(user)->append(static_cast<const char *>(bytes), count);
    return 0;
  };
  skip_metadata metadata[] = {{"step", "17"}, {"a \"quoted\" name", "back\\slash\nand lines"}};
  REQUIRE(skipmodel_trainer_save(training.trainer, metadata, 2, append, &file) == SKIP_OK);
  CHECK_THAT(file,
             Catch::Contains(
                 R"("__metadata__":{"step":"17","a \"quoted\" name":"back\\slash\u000aand lines"},"stem.weight":{"dtype")"));
  CHECK(readCheckpoint(file) == training.values());
  skip_metadata twice[] = {{"step", "17"}, {"step", "18"}};
  CHECK_FAILS(skipmodel_trainer_save(training.trainer, twice, 2, append, &file), SKIP_INVALID_ARGUMENT, "has two texts `step`");
  metadata[0].value = "\xff";
  CHECK_FAILS(skipmodel_trainer_save(training.trainer, metadata, 2, append, &file), SKIP_INVALID_ARGUMENT, "no UTF-8");
  auto refuse = [](void *, const void *, size_t) { return 1; };
  CHECK_FAILS(skipmodel_trainer_save(training.trainer, nullptr, 0, refuse, nullptr), SKIP_IO_ERROR, "could not be written");
}

TEST_CASE("values that are no numbers are not saved") {
  Training training;
  training.load(someValues(1));
  REQUIRE(Group(5, 1).gradients(training.trainer) == SKIP_OK);
  float *gradients = nullptr;
  size_t count = 0;
  REQUIRE(skipmodel_trainer_gradient_array(training.trainer, &gradients, &count) == SKIP_OK);
  gradients[0] = std::numeric_limits<float>::max();
  REQUIRE(skipmodel_trainer_apply(training.trainer, 1e5) == SKIP_OK);
  auto never = [](void *, const void *, size_t) -> int {
    FAIL("written");
    return 1;
  };
  CHECK_FAILS(skipmodel_trainer_save(training.trainer, nullptr, 0, never, nullptr), SKIP_NOT_FINITE, "`fc.weight`: 1 of 25000");
  skip_weights *weights = nullptr;
  CHECK_FAILS(skipmodel_trainer_weights(training.trainer, &weights), SKIP_BAD_WEIGHTS, "not finite");
}

static skip_status load(skip_trainer *trainer, const Values &values, uint32_t flags) {
  std::string file = checkpointOf(values);
  return skipmodel_trainer_load_memory(trainer, file.data(), file.size(), flags);
}

TEST_CASE("what is missing or has another shape may stay fresh") {
  Training training;
  REQUIRE(skipmodel_trainer_init(training.trainer, 7) == SKIP_OK);
  Values fresh = training.values(), given = someValues(1);
  given.erase("fc.bias");
  given["optimizer.momentum.fc.weight"] = given["fc.weight"];
  std::vector<TensorBytes> tensors = {f32("stem.weight", {features, inputs, 1, 1}, given["stem.weight"]),
                                      f32("fc.weight", {4, features}, std::vector<float>(4 * features)),
                                      f32("head.bias", {3}, {1, 2, 3})};
  std::string file = safetensors(tensors);
  CHECK_FAILS(skipmodel_trainer_load_memory(training.trainer, file.data(), file.size(), 0), SKIP_BAD_WEIGHTS,
              "missing: `fc.bias` [250]");
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("shape: `fc.weight` is [4, 100], the model needs [250, 100]"));
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("extra: `head.bias` [3]"));
  CHECK(training.values() == fresh);
  REQUIRE(skipmodel_trainer_load_memory(training.trainer, file.data(), file.size(), SKIP_FRESH_MISSING) == SKIP_OK);
  Values values = training.values();
  CHECK(values["stem.weight"] == given["stem.weight"]);
  CHECK(values["fc.weight"] == fresh["fc.weight"]);

  REQUIRE(load(training.trainer, given, SKIP_FRESH_MISSING) == SKIP_OK);
  values = training.values();
  CHECK(values["optimizer.momentum.fc.weight"] == given["fc.weight"]);
  CHECK(values["fc.weight"] == given["fc.weight"]);
  CHECK(values["fc.bias"] == fresh["fc.bias"]);
  std::string foreign = safetensors({f32("other", {1}, {1})});
  CHECK_FAILS(skipmodel_trainer_load_memory(training.trainer, foreign.data(), foreign.size(), SKIP_FRESH_MISSING),
              SKIP_BAD_WEIGHTS, "none of its 1 tensor has a name and a shape of the model's");
}

TEST_CASE("values that are no use are refused") {
  Training training;
  training.load(someValues(1));
  std::string before = training.save();
  Values values = someValues(2);
  values["fc.weight"][3] = NAN;
  values["bn.running_var"][5] = -1;
  values["optimizer.momentum.fc.bias"] = std::vector<float>(classes, INFINITY);
  CHECK_FAILS(load(training.trainer, values, 0), SKIP_BAD_WEIGHTS, "not finite: `fc.weight`: 1 of 25000 elements");
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("negative variance: `bn.running_var`: -1 at index 5"));
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("not finite: `optimizer.momentum.fc.bias`: 250 of 250 elements"));
  CHECK(training.save() == before);
}

TEST_CASE("a checkpoint that is cut short is refused") {
  Training training;
  training.load(someValues(1));
  std::string file = training.save(), before = file;
  for (size_t bytes = 0; bytes < file.size(); bytes += bytes < 2000 ? 7 : 4999)
    REQUIRE(skipmodel_trainer_load_memory(training.trainer, file.data(), bytes, 0) == SKIP_BAD_WEIGHTS);
  CHECK(training.save() == before);
}

TEST_CASE("a file is read, and one that is not there is named") {
  Training training;
  CHECK_FAILS(skipmodel_trainer_load_file(training.trainer, "/no/such/file", 0), SKIP_IO_ERROR, "/no/such/file");
  CHECK_FAILS(skipmodel_trainer_load_file(training.trainer, "x", 8), SKIP_INVALID_ARGUMENT, "no such flags, 8");
}
