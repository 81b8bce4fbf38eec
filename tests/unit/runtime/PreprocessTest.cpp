// normalize_rgb8.
#include "runtime/Objects.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

using namespace test;

TEST_CASE("pictures become normalised planes") {
  Handles h;
  std::vector<uint8_t> rgb(2 * pixels);
  for (size_t i = 0; i < rgb.size(); ++i)
    rgb[i] = static_cast<uint8_t>(i * 37);
  std::vector<float> planes(2 * pixels);
  REQUIRE(skipmodel_normalize_rgb8(h.model, rgb.data(), 2, side, side, planes.data()) == SKIP_OK);
  const float mean[] = {0.5f, 0.25f, 0.125f}, deviation[] = {0.25f, 0.5f, 2.0f};
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t i = 0; i < side * side; ++i)
        CHECK(planes[(n * 3 + c) * side * side + i] ==
              (static_cast<float>(rgb[(n * side * side + i) * 3 + c]) / 255.0f - mean[c]) / deviation[c]);
  CHECK(skipmodel_normalize_rgb8(h.model, rgb.data(), 0, side, side, planes.data()) == SKIP_OK);
}

TEST_CASE("pictures of another size are refused") {
  Handles h;
  std::vector<uint8_t> rgb(300);
  float out[300];
  CHECK_FAILS(skipmodel_normalize_rgb8(h.model, rgb.data(), 1, 5, 4, out), SKIP_INVALID_ARGUMENT,
              "1 pictures of 5 x 4, model `tiny` takes 4 x 4 (height x width)");
  CHECK_FAILS(skipmodel_normalize_rgb8(h.model, rgb.data(), -1, 4, 4, out), SKIP_INVALID_ARGUMENT, "-1 pictures");
  CHECK_FAILS(skipmodel_normalize_rgb8(nullptr, rgb.data(), 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "`model` is null");
  CHECK_FAILS(skipmodel_normalize_rgb8(h.model, nullptr, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "`pixels` is null");
  CHECK_FAILS(skipmodel_normalize_rgb8(h.model, rgb.data(), 1, 4, 4, nullptr), SKIP_INVALID_ARGUMENT, "`input` is null");
}

TEST_CASE("a model whose spec says nothing of pictures is refused") {
  SkipModelImage image = skipModelImage;
  skip_model model{&image, &tinyTarget(), SKIP_ISA_AVX2};
  uint8_t rgb[48] = {};
  float out[48];
  image.deviation[1] = 0;
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, rgb, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "declares no mean and std");
  image.inputs = skipModelImage.inputs + 1;
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, rgb, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "is not a picture of 3 channels");
  image.inputCount = 0;
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, rgb, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "is not a picture of 3 channels");
}
