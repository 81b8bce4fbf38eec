// normalize_rgb8 and preprocess_rgb8.
#include "runtime/Objects.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <thread>

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
  skip_model model{.image = &image, .target = &tinyTarget(), .body = SKIP_ISA_AVX2};
  uint8_t rgb[48] = {};
  float out[48];
  SkipPicture pictures[] = {skipModelImage.pictures[0], {}};
  image.pictures = pictures;
  pictures[0].deviation[1] = 0;
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, rgb, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "declares no mean and std");
  pictures[0] = {};
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, rgb, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "is not a picture of 3 channels");
  image.inputCount = 0;
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, rgb, 1, 4, 4, out), SKIP_INVALID_ARGUMENT, "is not a picture of 3 channels");
}

/// What the model `tiny` makes of a picture: its shorter side becomes 6, and the middle 4 x 4 are taken.
static std::vector<float> preprocessed(const skip_model *model, const uint8_t *pixels, int64_t width, int64_t height,
                                       int64_t rowBytes, skip_pixel_order order,
                                       const skip_preprocess_options *options = nullptr) {
  std::vector<float> planes(static_cast<size_t>(test::pixels), -77.0f);
  REQUIRE(skipmodel_preprocess_rgb8(model, pixels, width, height, rowBytes, order, planes.data(), options) == SKIP_OK);
  return planes;
}

TEST_CASE("a picture that has the size already is cut and normalised") {
  Handles h;
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 6 * 6 * 3; ++i)
    rgb.push_back(static_cast<uint8_t>(i * 37));
  std::vector<float> planes = preprocessed(h.model, rgb.data(), 6, 6, 0, SKIP_RGB);
  const float mean[] = {0.5f, 0.25f, 0.125f}, deviation[] = {0.25f, 0.5f, 2.0f};
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 4; ++x)
        CHECK(planes[static_cast<size_t>((c * 4 + y) * 4 + x)] ==
              (static_cast<float>(rgb[static_cast<size_t>(((y + 1) * 6 + x + 1) * 3 + c)]) / 255.0f - mean[c]) / deviation[c]);
}

TEST_CASE("one picture in each order, and with gaps between rows, gives one input") {
  Handles h;
  for (auto [width, height] : {std::pair(31, 17), {5, 90}, {3, 3}, {200, 9}}) {
    std::vector<uint8_t> rgb, bgr, rgba, gaps;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        uint8_t r = static_cast<uint8_t>(x * 7 + y * 91), g = static_cast<uint8_t>(x * y),
                b = static_cast<uint8_t>(x * x + 3 * y);
        rgb.insert(rgb.end(), {r, g, b});
        bgr.insert(bgr.end(), {b, g, r});
        rgba.insert(rgba.end(), {r, g, b, static_cast<uint8_t>(x)});
        gaps.insert(gaps.end(), {r, g, b});
      }
      if (y + 1 < height)
        gaps.insert(gaps.end(), 11, 255);
    }
    std::vector<float> expected = preprocessed(h.model, rgb.data(), width, height, 0, SKIP_RGB);
    CHECK(preprocessed(h.model, rgb.data(), width, height, 3 * width, SKIP_RGB) == expected);
    CHECK(preprocessed(h.model, bgr.data(), width, height, 0, SKIP_BGR) == expected);
    CHECK(preprocessed(h.model, rgba.data(), width, height, 0, SKIP_RGBA) == expected);
    CHECK(preprocessed(h.model, gaps.data(), width, height, 3 * width + 11, SKIP_RGB) == expected);
    skip_model plain = *h.model;
    plain.avx2 = false;
    CHECK(preprocessed(&plain, gaps.data(), width, height, 3 * width + 11, SKIP_RGB) == expected);
  }
}

TEST_CASE("grey is repeated for three channels, and colours become grey for one") {
  Handles h;
  std::vector<uint8_t> grey, rgb, greys;
  for (int i = 0; i < 9 * 14; ++i) {
    grey.push_back(static_cast<uint8_t>(i * i));
    greys.insert(greys.end(), 3, grey.back());
    rgb.insert(rgb.end(), {static_cast<uint8_t>(i), static_cast<uint8_t>(3 * i), static_cast<uint8_t>(i * i)});
  }
  CHECK(preprocessed(h.model, grey.data(), 9, 14, 0, SKIP_GREY) == preprocessed(h.model, greys.data(), 9, 14, 0, SKIP_RGB));

  SkipModelImage image = skipModelImage;
  SkipPort port = {"grey", 4, SKIP_PORT_F32, {-1, 1, 14, 9}};
  SkipPicture rule = {1, SKIP_FILTER_BILINEAR, {0, 0}, 0, {0.5f}, {0.25f}};
  image.inputs = &port;
  image.pictures = &rule;
  image.inputCount = 1;
  skip_model model{.image = &image, .target = &tinyTarget(), .body = SKIP_ISA_AVX2};
  std::vector<float> plane(grey.size());
  REQUIRE(skipmodel_preprocess_rgb8(&model, rgb.data(), 9, 14, 0, SKIP_RGB, plane.data(), nullptr) == SKIP_OK);
  for (size_t i = 0; i < plane.size(); ++i) {
    int value = (19595 * rgb[3 * i] + 38470 * rgb[3 * i + 1] + 7471 * rgb[3 * i + 2] + 32768) >> 16;
    CHECK(plane[i] == (static_cast<float>(value) / 255.0f - 0.5f) / 0.25f);
  }
}

TEST_CASE("black lies around a picture that is cropped to more than it has") {
  SkipModelImage image = skipModelImage;
  SkipPicture rules[] = {{3, SKIP_FILTER_BILINEAR, {0, 0}, 4, {}, {}}, {}};
  image.pictures = rules;
  skip_model model{.image = &image, .target = &tinyTarget(), .body = SKIP_ISA_AVX2};
  const uint8_t rgb[] = {255, 0, 51, 255, 255, 102}; // two pixels
  std::vector<float> planes = preprocessed(&model, rgb, 2, 1, 0, SKIP_RGB);
  std::vector<float> expected(48, 0.0f);
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 2; ++x)
      expected[static_cast<size_t>(c * 16 + 4 + 1 + x)] = static_cast<float>(rgb[3 * x + c]) / 255.0f;
  CHECK(planes == expected);
}

TEST_CASE("scratch memory may be the caller's") {
  Handles h;
  std::vector<uint8_t> rgb(300 * 200 * 3, 9);
  size_t bytes = skipmodel_preprocess_scratch_bytes(h.model, 0, 300, 200, SKIP_RGB);
  REQUIRE(bytes > 0);
  REQUIRE(bytes % 64 == 0);
  std::unique_ptr<uint8_t, void (*)(void *)> scratch(static_cast<uint8_t *>(std::aligned_alloc(64, bytes)),
                                                     [](void *memory) { std::free(memory); });
  skip_preprocess_options options = {0, scratch.get(), bytes};
  CHECK(preprocessed(h.model, rgb.data(), 300, 200, 0, SKIP_RGB, &options) ==
        preprocessed(h.model, rgb.data(), 300, 200, 0, SKIP_RGB));
  float out[48];
  options.scratch_bytes = bytes - 1;
  CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, rgb.data(), 300, 200, 0, SKIP_RGB, out, &options), SKIP_INVALID_ARGUMENT,
              "this picture needs " + std::to_string(bytes));
  options = {0, scratch.get() + 8, bytes};
  CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, rgb.data(), 300, 200, 0, SKIP_RGB, out, &options), SKIP_INVALID_ARGUMENT,
              "not 64-byte aligned");
}

TEST_CASE("what is no picture, or none of the model's, is refused before anything is read") {
  Handles h;
  const uint8_t *none = reinterpret_cast<const uint8_t *>(1);
  float out[48];
  auto refused = [&](int64_t width, int64_t height, int64_t rowBytes, int order, const std::string &text) {
    CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, none, width, height, rowBytes, order, out, nullptr), SKIP_INVALID_ARGUMENT,
                text);
  };
  refused(0, 5, 0, SKIP_RGB, "a picture of 0 x 5 (width x height); each side must be 1 to 65535");
  refused(5, 0, 0, SKIP_RGB, "a picture of 5 x 0");
  refused(-1, 5, 0, SKIP_RGB, "a picture of -1 x 5");
  refused(65536, 5, 0, SKIP_RGB, "a picture of 65536 x 5");
  refused(INT64_MAX, INT64_MAX, INT64_MAX, SKIP_RGBA, "each side must be");
  refused(INT64_MIN, 1, 0, SKIP_GREY, "each side must be");
  refused(5, 5, 14, SKIP_RGB, "row_bytes is 14, a row of 5 pixels of 3 bytes needs 15 (0: that many)");
  refused(5, 5, -15, SKIP_RGB, "row_bytes is -15");
  refused(5, 5, INT64_MAX, SKIP_RGB,
          "row_bytes is 9223372036854775807, and 5 rows of that are more than an address space holds");
  refused(5, 5, 0, -1, "there is no pixel order -1");
  refused(5, 5, 0, 4, "there is no pixel order 4; it is SKIP_RGB, SKIP_BGR, SKIP_RGBA or SKIP_GREY");
  for (int64_t size : {int64_t{0}, int64_t{65536}, INT64_MAX})
    CHECK(skipmodel_preprocess_scratch_bytes(h.model, 0, size, 7, SKIP_RGB) == 0);
  CHECK(skipmodel_preprocess_scratch_bytes(nullptr, 0, 7, 7, SKIP_RGB) == 0);

  skip_preprocess_options options = {1, nullptr, 0};
  CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, none, 5, 5, 0, SKIP_RGB, out, &options), SKIP_INVALID_ARGUMENT,
              "the input `vector` of model `tiny` takes no pictures");
  options.input = 2;
  CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, none, 5, 5, 0, SKIP_RGB, out, &options), SKIP_INVALID_ARGUMENT,
              "no input 2, model `tiny` has 2");
  CHECK_FAILS(skipmodel_preprocess_rgb8(nullptr, none, 5, 5, 0, SKIP_RGB, out, nullptr), SKIP_INVALID_ARGUMENT,
              "`model` is null");
  CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, nullptr, 5, 5, 0, SKIP_RGB, out, nullptr), SKIP_INVALID_ARGUMENT,
              "`pixels` is null");
  CHECK_FAILS(skipmodel_preprocess_rgb8(h.model, none, 5, 5, 0, SKIP_RGB, nullptr, nullptr), SKIP_INVALID_ARGUMENT,
              "`input` is null");

  SkipModelImage image = skipModelImage;
  SkipPicture rules[] = {{3, SKIP_FILTER_BILINEAR, {65535, 0}, 0, {}, {}}, {}};
  image.pictures = rules;
  skip_model model{.image = &image, .target = &tinyTarget(), .body = SKIP_ISA_AVX2};
  CHECK_FAILS(skipmodel_preprocess_rgb8(&model, none, 2, 65535, 0, SKIP_RGB, out, nullptr), SKIP_INVALID_ARGUMENT,
              "a picture of 2 x 65535 (width x height) is too narrow: with its shorter side scaled to 65535");
}

TEST_CASE("the largest pictures need little scratch") {
  Handles h;
  for (auto [width, height] : {std::pair<int64_t, int64_t>(65535, 65535), {65535, 1}, {1, 65535}, {65535, 3}}) {
    size_t bytes = skipmodel_preprocess_scratch_bytes(h.model, 0, width, height, SKIP_RGBA);
    CHECK(bytes > 0);
    CHECK(bytes < 64 << 20);
  }
}

TEST_CASE("pictures may be prepared on any number of threads at once") {
  Handles h;
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 97 * 61 * 3; ++i)
    rgb.push_back(static_cast<uint8_t>(i * i));
  std::vector<float> expected = preprocessed(h.model, rgb.data(), 97, 61, 0, SKIP_RGB);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        std::vector<float> planes(48);
        bool good = skipmodel_preprocess_rgb8(h.model, rgb.data(), 97, 61, 0, SKIP_RGB, planes.data(), nullptr) == SKIP_OK;
        wrong += !good || planes != expected;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a model tells what it makes of pictures, and the names of its classes") {
  Handles h;
  skip_picture_info info;
  REQUIRE(skipmodel_model_picture(h.model, 0, &info) == SKIP_OK);
  CHECK(info.channels == 3);
  CHECK(info.height == 4);
  CHECK(info.width == 4);
  CHECK(info.resize == 6);
  CHECK(info.resize_width == 0);
  CHECK(info.crop == 0);
  CHECK(info.bicubic == 0);
  CHECK(info.mean[1] == 0.25f);
  CHECK(info.std[2] == 2.0f);
  CHECK_FAILS(skipmodel_model_picture(h.model, 1, &info), SKIP_INVALID_ARGUMENT,
              "the input `vector` of model `tiny` takes no pictures");
  CHECK_FAILS(skipmodel_model_picture(h.model, 2, &info), SKIP_INVALID_ARGUMENT, "no input 2, the model has 2");
  CHECK_FAILS(skipmodel_model_picture(h.model, 0, nullptr), SKIP_INVALID_ARGUMENT, "`info` is null");
  CHECK(std::string(skipmodel_model_class_name(h.model, 0, 4)) == "elk");
  for (auto [output, index] : {std::pair(0, 5), {0, -1}, {1, 0}, {2, 0}, {-1, 0}})
    CHECK(skipmodel_model_class_name(h.model, output, index) == nullptr);
  CHECK(skipmodel_model_class_name(nullptr, 0, 0) == nullptr);
}
