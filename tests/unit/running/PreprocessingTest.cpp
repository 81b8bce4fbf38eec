// The table of docs/preprocessing.md.
#include "tools/running/Preprocessing.h"

#include "tools/data/Resize.h"

#include <catch2/catch.hpp>

using namespace skip;
using tool::Preprocessing;

namespace {
/// A picture whose red is the column, whose green the row.
data::Picture picture(int width, int height) {
  data::Picture made{width, height, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      made.rgb.insert(made.rgb.end(), {static_cast<uint8_t>(x), static_cast<uint8_t>(y), 7});
  return made;
}

/// What the input [3, height, width] gets, as bytes; empty where it was refused.
std::vector<uint8_t> fitted(const data::Picture &from, int64_t height, int64_t width, int64_t resize, int64_t crop, bool asIs,
                            std::string &error) {
  tool::Ports ports;
  ports.inputs.push_back({"image", {3, height, width}, {}, {}, resize, crop});
  tool::PictureOptions options;
  options.asIs = asIs;
  llvm::Expected<Preprocessing> made = Preprocessing::of(ports, options);
  REQUIRE(bool(made));
  std::vector<float> planes(static_cast<size_t>(3 * height * width));
  std::vector<uint8_t> bytes;
  if (!made->apply(from, planes.data(), error))
    return bytes;
  for (int64_t pixel = 0; pixel < height * width; ++pixel)
    for (int64_t channel = 0; channel < 3; ++channel)
      bytes.push_back(static_cast<uint8_t>(planes[static_cast<size_t>(channel * height * width + pixel)] * 255 + 0.5f));
  return bytes;
}
} // namespace

TEST_CASE("preprocessing: without resize and crop the whole picture is scaled to the input") {
  std::string error;
  data::Picture wide = picture(40, 20);
  CHECK(fitted(wide, 10, 16, 0, 0, false, error) == data::resize(wide, 16, 10, error)->rgb);
  CHECK(fitted(wide, 20, 40, 0, 0, false, error) == wide.rgb);
}

TEST_CASE("preprocessing: resize scales the shorter side, and the middle is cut out, of a picture of the input's size too") {
  std::string error;
  for (auto [width, height] : {std::pair(40, 20), {20, 40}, {14, 14}}) {
    data::Picture from = picture(width, height);
    data::Picture scaled = *data::resizeShorterSide(from, 16, error);
    CHECK(fitted(from, 14, 14, 16, 14, false, error) == data::centerCrop(scaled, 14, 14).rgb);
    CHECK(fitted(from, 14, 14, 16, 0, false, error) == data::centerCrop(scaled, 14, 14).rgb);
  }
}

TEST_CASE("preprocessing: with crop alone nothing is scaled") {
  std::string error;
  for (auto [width, height] : {std::pair(40, 20), {14, 14}, {5, 30}})
    CHECK(fitted(picture(width, height), 14, 14, 0, 14, false, error) == data::centerCrop(picture(width, height), 14, 14).rgb);
}

TEST_CASE("preprocessing: as they are, pictures of the input's size are taken and others refused") {
  std::string error;
  CHECK(fitted(picture(14, 14), 14, 14, 16, 14, true, error) == picture(14, 14).rgb);
  CHECK(fitted(picture(15, 14), 14, 14, 16, 14, true, error).empty());
  CHECK(error.find("15 x 14 pixels, and with --as-is it must have the input's 14 x 14") != std::string::npos);
}

TEST_CASE("preprocessing: a whole picture is scaled to two lengths, by either filter, and the middle cut out") {
  std::string error;
  data::Picture from = picture(33, 21);
  for (bool bicubic : {false, true}) {
    tool::Ports ports;
    tool::InputPort &input = ports.inputs.emplace_back();
    input.dims = {3, 10, 12};
    input.resizeHeight = 14;
    input.resizeWidth = 13;
    input.bicubic = bicubic;
    llvm::Expected<Preprocessing> made = Preprocessing::of(ports, {});
    REQUIRE(bool(made));
    data::Picture scaled = *data::resize(from, 13, 14, error, bicubic ? SKIP_FILTER_BICUBIC : SKIP_FILTER_BILINEAR);
    data::Picture middle = data::centerCrop(scaled, 12, 10);
    std::vector<float> planes(360);
    REQUIRE(made->apply(from, planes.data(), error));
    for (size_t i = 0; i < planes.size(); ++i)
      REQUIRE(planes[i] == static_cast<float>(middle.rgb[i % 120 * 3 + i / 120]) / 255.0f);
  }
}

TEST_CASE("preprocessing: an input of one channel gets the grey of a picture") {
  std::string error;
  data::Picture from = picture(8, 6);
  tool::Ports ports;
  ports.inputs.push_back({"image", {1, 6, 8}, {0.5}, {0.25}});
  llvm::Expected<Preprocessing> made = Preprocessing::of(ports, {});
  REQUIRE(bool(made));
  std::vector<float> plane(48);
  REQUIRE(made->apply(from, plane.data(), error));
  data::Picture grey = data::grey(from);
  for (size_t i = 0; i < plane.size(); ++i)
    CHECK(plane[i] == (static_cast<float>(grey.rgb[3 * i]) / 255.0f - 0.5f) / 0.25f);

  tool::PictureOptions options;
  options.mean = {1, 2, 3};
  llvm::Expected<Preprocessing> refused = Preprocessing::of(ports, options);
  REQUIRE_FALSE(bool(refused));
  CHECK(llvm::toString(refused.takeError()) == "--mean takes one number for the one channel, and was given 3");
  ports.inputs[0].dims[0] = 2;
  llvm::Expected<Preprocessing> none = Preprocessing::of(ports, {});
  REQUIRE_FALSE(bool(none));
  CHECK(llvm::toString(none.takeError()) ==
        "the model does not take pictures: it needs one input, of three channels or, for grey, of one");
}
