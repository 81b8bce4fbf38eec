// What training makes of a picture: geometry to the pixel, and how often what is drawn.
#include "tools/data/Augment.h"

#include "tools/data/Normalize.h"
#include "tools/data/Resize.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <map>

using namespace skip::data;

/// Red is the column and green the row, both from 1, so that each pixel says where it comes from; blue is 200.
static Picture places(int width, int height) {
  Picture picture{width, height, {}};
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column)
      for (int value : {column + 1, row + 1, 200})
        picture.rgb.push_back(static_cast<uint8_t>(value));
  return picture;
}

/// mean 0 and std 1 / 255, so that outputs are about bytes.
static Augmentation plain(int width, int height) {
  Augmentation how;
  how.fit = {height, width, 0, false, false};
  for (float &std : how.std)
    std = 1.0f / 255.0f;
  return how;
}

static std::vector<int> bytesOf(const Picture &picture, const Augmentation &how, uint32_t epoch, uint32_t index) {
  std::vector<float> out(static_cast<size_t>(3 * how.fit.width * how.fit.height), -1.0f);
  std::string error;
  REQUIRE(augment(picture, how, 11, epoch, index, out.data(), error));
  std::vector<int> bytes;
  for (float value : out)
    bytes.push_back(static_cast<int>(std::lround(value)));
  return bytes;
}

TEST_CASE("augment: nothing drawn gives inference's bits") {
  Picture picture = places(40, 30);
  Augmentation how;
  how.fit = {20, 20, 24, true, false};
  for (int c = 0; c < 3; ++c)
    how.mean[c] = 0.4f + 0.05f * static_cast<float>(c), how.std[c] = 0.2f + 0.01f * static_cast<float>(c);
  std::vector<float> drawn(1200), expected(1200);
  std::string error;
  REQUIRE(augment(picture, how, 1, 2, 3, drawn.data(), error));
  toNchwFloat(centerCrop(*resizeShorterSide(picture, 24, error), 20, 20), how.mean, how.std, expected.data());
  CHECK(drawn == expected);
}

TEST_CASE("augment: nothing drawn gives inference's bits of grey pictures, scaled bicubically too") {
  Picture picture = places(40, 30);
  Augmentation how;
  how.fit = {.height = 20, .width = 20, .resize = 24, .crops = true, .filter = SKIP_FILTER_BICUBIC, .channels = 1};
  how.mean[0] = 0.4f, how.std[0] = 0.2f;
  std::vector<float> drawn(400), expected(400);
  std::string error;
  REQUIRE(augment(picture, how, 1, 2, 3, drawn.data(), error));
  Picture scaled = *resizeShorterSide(grey(picture), 24, error, SKIP_FILTER_BICUBIC);
  toNchwFloat(centerCrop(scaled, 20, 20), how.mean, how.std, expected.data(), 1);
  CHECK(drawn == expected);
}

TEST_CASE("augment: a padded crop is the picture moved, with black around it, mirrored or not") {
  constexpr int side = 8, pad = 3;
  Picture picture = places(side, side);
  Augmentation how = plain(side, side);
  how.crop = Augmentation::Crop::Padded;
  how.pad = pad;
  how.flip = true;
  for (uint32_t index = 0; index < 300; ++index) {
    Drawn drawn = draw(how, side, side, 11, 5, index);
    REQUIRE((drawn.left >= 0 && drawn.left <= 2 * pad && drawn.top >= 0 && drawn.top <= 2 * pad));
    std::vector<int> expected;
    for (int channel = 0; channel < 3; ++channel)
      for (int row = 0; row < side; ++row)
        for (int column = 0; column < side; ++column) {
          int x = (drawn.mirrored ? side - 1 - column : column) + drawn.left - pad, y = row + drawn.top - pad;
          bool inside = x >= 0 && x < side && y >= 0 && y < side;
          expected.push_back(!inside ? 0 : channel == 0 ? x + 1 : channel == 1 ? y + 1 : 200);
        }
    REQUIRE(bytesOf(picture, how, 5, index) == expected);
  }
}

TEST_CASE("augment: crops and mirrors are all as likely, and independent") {
  Augmentation how = plain(32, 32);
  how.crop = Augmentation::Crop::Padded;
  how.pad = 4;
  how.flip = true;
  std::map<std::pair<int, int>, int> crops;
  int mirrored = 0, mirroredAtLeft = 0, atLeft = 0;
  constexpr int count = 81'000;
  for (uint32_t i = 0; i < count; ++i) {
    Drawn drawn = draw(how, 32, 32, 4, i / 1000, i % 1000);
    ++crops[{drawn.left, drawn.top}];
    mirrored += drawn.mirrored;
    atLeft += drawn.left < 4;
    mirroredAtLeft += drawn.mirrored && drawn.left < 4;
  }
  REQUIRE(crops.size() == 81);
  double chi = 0;
  for (const auto &[place, hits] : crops)
    chi += (hits - 1000.0) * (hits - 1000.0) / 1000;
  CHECK(chi < 124.9); // one of a thousand seeds is above it, of 80 degrees of freedom
  CHECK(mirrored / double(count) == Approx(0.5).margin(0.008));
  CHECK(mirroredAtLeft / double(atLeft) == Approx(0.5).margin(0.012));
}

TEST_CASE("augment: one augmentation does not change what another draws") {
  Augmentation all = plain(32, 32), crop = plain(32, 32);
  all.crop = crop.crop = Augmentation::Crop::Padded;
  all.pad = crop.pad = 4;
  all.flip = true;
  all.colour = 0.1;
  for (uint32_t i = 0; i < 50; ++i) {
    CHECK(draw(all, 32, 32, 1, 0, i).left == draw(crop, 32, 32, 1, 0, i).left);
    CHECK_FALSE(draw(crop, 32, 32, 1, 0, i).mirrored);
    CHECK(draw(crop, 32, 32, 1, 0, i).colour[0] == 0);
  }
}

TEST_CASE("augment: the shorter side is drawn, and a crop lies within the scaled picture") {
  Picture picture = places(60, 40);
  Augmentation how = plain(24, 24);
  how.crop = Augmentation::Crop::Resized;
  how.from = 24;
  how.to = 32;
  std::map<int, int> sides;
  for (uint32_t i = 0; i < 9000; ++i) {
    Drawn drawn = draw(how, 60, 40, 2, 0, i);
    ++sides[drawn.side];
    REQUIRE(drawn.left <= 60 * drawn.side / 40 - 24);
    REQUIRE(drawn.top <= drawn.side - 24);
  }
  REQUIRE(sides.size() == 9);
  CHECK(sides.begin()->first == 24);
  CHECK(sides.rbegin()->first == 32);
  for (const auto &[side, hits] : sides)
    CHECK(hits == Approx(1000).margin(150));

  Drawn drawn = draw(how, 60, 40, 11, 0, 7);
  std::string error;
  Picture scaled = *resizeShorterSide(picture, drawn.side, error);
  std::vector<int> bytes = bytesOf(picture, how, 0, 7);
  for (int channel = 0; channel < 3; ++channel)
    for (int row = 0; row < 24; ++row)
      for (int column = 0; column < 24; ++column)
        REQUIRE(bytes[static_cast<size_t>((channel * 24 + row) * 24 + column)] ==
                scaled.rgb[static_cast<size_t>(3 * ((row + drawn.top) * scaled.width + column + drawn.left) + channel)]);
}

TEST_CASE("augment: colours move along the principal components, by as much as their eigenvalues say") {
  Augmentation how = plain(4, 4);
  how.colour = 0.1;
  constexpr int count = 50'000;
  double sum[3] = {}, products[3][3] = {};
  for (uint32_t i = 0; i < count; ++i) {
    Drawn drawn = draw(how, 4, 4, 6, 0, i);
    for (int a = 0; a < 3; ++a) {
      sum[a] += drawn.colour[a];
      for (int b = 0; b < 3; ++b)
        products[a][b] += drawn.colour[a] * drawn.colour[b];
    }
  }
  // The covariance is P diag((0.1 l)^2) P^T; nearly all of it is the first component, brightness.
  double first = 0.02175 * 0.02175;
  for (int a = 0; a < 3; ++a) {
    CHECK(std::abs(sum[a] / count) < 5 * 0.0125 / std::sqrt(count));
    CHECK(products[a][a] / count == Approx(first / 3).epsilon(0.05));
  }
  CHECK(products[0][1] / count == Approx(first * 0.5675 * 0.5808).epsilon(0.03));

  Picture picture = places(4, 4);
  std::vector<float> coloured(48), grey(48);
  std::string error;
  REQUIRE(augment(picture, how, 6, 0, 9, coloured.data(), error));
  REQUIRE(augment(picture, plain(4, 4), 6, 0, 9, grey.data(), error));
  Drawn drawn = draw(how, 4, 4, 6, 0, 9);
  for (size_t i = 0; i < 48; ++i)
    CHECK(coloured[i] - grey[i] == Approx(255 * drawn.colour[i / 16]).margin(1e-3));
}

TEST_CASE("augment: a picture that cannot have the size is an error") {
  Augmentation how = plain(8, 8);
  how.crop = Augmentation::Crop::Resized;
  how.from = how.to = 16384;
  std::vector<float> out(192);
  std::string error;
  CHECK_FALSE(augment(places(2, 1), how, 1, 0, 0, out.data(), error));
  CHECK_THAT(error, Catch::Contains("cannot resize"));
}
