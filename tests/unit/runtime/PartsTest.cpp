// Runs in parts, each by the plan for as many images.
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

using namespace test;

namespace {
struct Part {
  int64_t plan, first, images;
  bool operator==(const Part &) const = default;
};

/// The larger plan's numbers of images, 3 to 8, in parts: 3 is 2 and what remains, 5 is 4 and what remains, others are whole.
struct Divided : ImageCopy {
  Divided() : made(model()) {
    variants[1].parts = parts;
    variants[1].partCount = 6;
    target.variants = variants;
    std::string file = modelCheckpoint(3);
    REQUIRE(skipmodel_weights_load_memory(&made, file.data(), file.size(), &weights) == SKIP_OK);
  }
  ~Divided() {
    skipmodel_context_destroy(context);
    skipmodel_weights_destroy(weights);
  }
  void open(bool undivided) {
    skip_context_options options{};
    options.undivided = undivided;
    REQUIRE(skipmodel_context_create(&made, weights, &options, &context) == SKIP_OK);
    skip_observer hear = [](void *user, const skip_step_event *event) {
      if (event->index == 0)
        static_cast<Divided *>(user)->heard.push_back({event->plan, event->first_image, event->images});
    };
    REQUIRE(skipmodel_context_observe(context, hear, this) == SKIP_OK);
  }

  SkipVariant variants[2] = {tinyTarget().variants[0], tinyTarget().variants[1]};
  int64_t parts[6] = {2, 4, 4, 6, 7, 8};
  skip_model made;
  skip_weights *weights = nullptr;
  skip_context *context = nullptr;
  std::vector<Part> heard;
};
} // namespace

TEST_CASE("a run in parts takes each by its plan, and gives the model's values") {
  Divided divided;
  divided.open(false);
  for (int64_t n = 1; n <= largeBound; ++n) {
    Batch batch(n);
    REQUIRE(batch.run(divided.context) == SKIP_OK);
    batch.check(3);
  }
  divided.heard.clear();
  REQUIRE(Batch(3).run(divided.context) == SKIP_OK);
  CHECK(divided.heard == std::vector<Part>{{smallBound, 0, 2}, {smallBound, 2, 1}});
  divided.heard.clear();
  REQUIRE(Batch(5).run(divided.context) == SKIP_OK); // the larger plan takes three at a time
  CHECK(divided.heard == std::vector<Part>{{largeBound, 0, 3}, {largeBound, 3, 1}, {smallBound, 4, 1}});
}

TEST_CASE("a run in parts leaves out outputs that are not wanted") {
  Divided divided;
  divided.open(false);
  Batch batch(5);
  const float *in[] = {batch.pictures.data(), batch.vectors.data()};
  float *out[] = {nullptr, batch.energy.data()};
  REQUIRE(skipmodel_run(divided.context, 5, in, out) == SKIP_OK);
  Expected expected = expectedOutputs(3, 5, batch.pictures, batch.vectors);
  for (size_t i = 0; i < 5; ++i)
    CHECK(batch.energy[i] == Approx(expected.energy[i]).epsilon(1e-5));
}

TEST_CASE("an undivided context runs all images by one plan") {
  Divided divided;
  divided.open(true);
  Batch batch(5);
  REQUIRE(batch.run(divided.context) == SKIP_OK);
  batch.check(3);
  CHECK(divided.heard == std::vector<Part>{{largeBound, 0, 3}, {largeBound, 3, 2}});
}
