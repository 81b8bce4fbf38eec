// The loader: the same batches for any number of threads, in order, and a clean end at any time.
#include "tools/data/Loader.h"
#include "tools/data/Order.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

using namespace skip::data;
using Catch::Contains;

namespace {
/// Pictures of 6 x 6 of one grey each; those of `broken` cannot be read. Some take longer than others.
class FakeSet final : public Dataset {
public:
  explicit FakeSet(uint32_t count, std::vector<uint32_t> broken = {}) : count(count), broken(std::move(broken)) {}
  size_t size() const override { return count; }
  uint32_t label(size_t index) const override { return static_cast<uint32_t>(index % 7); }
  std::string name(size_t index) const override { return "picture " + std::to_string(index); }
  std::optional<Picture> picture(size_t index, std::string &error) const override {
    if (index % 5 == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    if (std::find(broken.begin(), broken.end(), index) != broken.end()) {
      error = "`" + name(index) + "` is broken";
      return std::nullopt;
    }
    return Picture{6, 6, std::vector<uint8_t>(108, static_cast<uint8_t>(index))};
  }

private:
  uint32_t count;
  std::vector<uint32_t> broken;
};
} // namespace

static std::vector<uint32_t> allOf(uint32_t count) {
  std::vector<uint32_t> indices(count);
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

static LoaderOptions optionsFor(uint32_t count, size_t batch) {
  LoaderOptions options;
  options.indices = allOf(count);
  options.batch = batch;
  options.seed = 5;
  options.shuffle = true;
  options.augmentation.fit = {6, 6, 0, false, false};
  options.augmentation.crop = Augmentation::Crop::Padded;
  options.augmentation.pad = 2;
  options.augmentation.flip = true;
  options.augmentation.colour = 0.1;
  return options;
}

static std::vector<Batch> take(Loader &loader, size_t count) {
  std::vector<Batch> batches(count);
  std::string error;
  for (Batch &batch : batches) {
    INFO(error);
    REQUIRE(loader.next(batch, error));
  }
  return batches;
}

static bool same(const std::vector<Batch> &a, const std::vector<Batch> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Batch &x, const Batch &y) {
    return x.pixels == y.pixels && x.labels == y.labels && x.indices == y.indices;
  });
}

TEST_CASE("loader: any number of threads and of batches ahead gives the same batches") {
  FakeSet set(53, {3, 17, 18});
  LoaderOptions options = optionsFor(53, 8);
  options.threads = 0;
  Loader alone(set, options);
  std::vector<Batch> expected = take(alone, 30);
  for (unsigned threads : {1u, 2u, 3u, 7u})
    for (unsigned ahead : {1u, 4u}) {
      options.threads = threads;
      options.ahead = ahead;
      Loader loader(set, options);
      CHECK(same(take(loader, 30), expected));
      CHECK(loader.badPictures().size() == 3);
    }
}

TEST_CASE("loader: in each epoch every picture comes once, in the order of the epoch") {
  FakeSet set(20);
  LoaderOptions options = optionsFor(20, 8);
  options.threads = 3;
  Loader loader(set, options);
  std::vector<uint32_t> row;
  for (const Batch &batch : take(loader, 10)) {
    CHECK(batch.pixels.size() == 8 * 108);
    row.insert(row.end(), batch.indices.begin(), batch.indices.end());
    for (size_t i = 0; i < 8; ++i)
      CHECK(batch.labels[i] == static_cast<int32_t>(batch.indices[i] % 7));
  }
  for (uint32_t epoch = 0; epoch < 4; ++epoch)
    CHECK(std::vector<uint32_t>(row.begin() + 20 * epoch, row.begin() + 20 * (epoch + 1)) == shuffled(20, 5, epoch));
}

TEST_CASE("loader: without shuffling and augmentation pictures come as they are, in order, once if so wished") {
  FakeSet set(20);
  LoaderOptions options = optionsFor(20, 8);
  options.indices = {2, 4, 6, 8, 10, 12, 14, 16, 18, 19};
  options.shuffle = false;
  options.once = true;
  options.threads = 2;
  options.augmentation = {};
  options.augmentation.fit = {6, 6, 0, false, false};
  Loader loader(set, options);
  std::vector<Batch> batches = take(loader, 2);
  CHECK(batches[0].indices == std::vector<uint32_t>{2, 4, 6, 8, 10, 12, 14, 16});
  CHECK(batches[1].indices == std::vector<uint32_t>{18, 19});
  CHECK(batches[1].pixels.size() == 2 * 108);
  CHECK(batches[1].pixels[107] == 18 / 255.0f);
  Batch batch;
  std::string error = "old";
  CHECK_FALSE(loader.next(batch, error));
  CHECK(error.empty());
  CHECK_FALSE(loader.next(batch, error));
}

TEST_CASE("loader: a resumed one gives what an unbroken one would") {
  FakeSet set(53, {5});
  LoaderOptions options = optionsFor(53, 8);
  options.threads = 2;
  Loader whole(set, options);
  std::vector<Batch> expected = take(whole, 20);
  options.firstBatch = 13;
  Loader resumed(set, options);
  CHECK(same(take(resumed, 7), {expected.begin() + 13, expected.end()}));
}

TEST_CASE("loader: what a caller gives back is used again, whatever it holds") {
  FakeSet set(20);
  Loader loader(set, optionsFor(20, 8)), other(set, optionsFor(20, 8));
  Batch batch;
  batch.pixels.assign(5000, 7.0f);
  batch.labels.assign(3, 99);
  std::string error;
  for (const Batch &expected : take(other, 12)) {
    REQUIRE(loader.next(batch, error));
    CHECK(batch.pixels == expected.pixels);
    CHECK(batch.labels == expected.labels);
    std::fill(batch.pixels.begin(), batch.pixels.end(), NAN);
  }
}

TEST_CASE("loader: the next picture of the epoch takes the place of one that cannot be used") {
  FakeSet set(10, {3, 4, 9});
  LoaderOptions options = optionsFor(10, 10);
  options.shuffle = false;
  Loader loader(set, options);
  CHECK(take(loader, 1)[0].indices == std::vector<uint32_t>{0, 1, 2, 5, 5, 5, 6, 7, 8, 0});
  std::vector<BadPicture> bad = loader.badPictures();
  REQUIRE(bad.size() == 3);
  CHECK(bad[1].index == 4);
  CHECK(bad[1].error == "`picture 4` is broken");
}

TEST_CASE("loader: once means no picture twice, so that nothing takes the place of one that cannot be used") {
  for (unsigned threads : {0u, 3u}) {
    FakeSet set(13, {0, 1, 2, 5, 9, 12});
    LoaderOptions options = optionsFor(13, 3);
    options.shuffle = false;
    options.once = true;
    options.threads = threads;
    options.augmentation = {};
    options.augmentation.fit = {6, 6, 0, false, false};
    Loader loader(set, options);
    std::vector<std::vector<uint32_t>> given;
    Batch batch;
    std::string error;
    while (loader.next(batch, error)) {
      given.push_back(batch.indices);
      REQUIRE(batch.labels.size() == batch.indices.size());
      REQUIRE(batch.pixels.size() == 108 * batch.indices.size());
      for (size_t i = 0; i < batch.indices.size(); ++i) {
        CHECK(batch.labels[i] == static_cast<int32_t>(batch.indices[i] % 7));
        CHECK(batch.pixels[108 * i + 107] == static_cast<float>(batch.indices[i]) / 255.0f);
      }
    }
    CHECK(error.empty());
    CHECK(given == std::vector<std::vector<uint32_t>>{{3, 4}, {6, 7, 8}, {10, 11}});
    CHECK(loader.badPictures().size() == 6);
  }
}

TEST_CASE("loader: once, and no picture can be used") {
  FakeSet set(3, {0, 1, 2});
  LoaderOptions options = optionsFor(3, 2);
  options.once = true;
  Loader loader(set, options);
  Batch batch;
  std::string error;
  CHECK_FALSE(loader.next(batch, error));
  CHECK(error == "none of the 3 pictures can be used; the first: `picture 0` is broken");
}

TEST_CASE("loader: a picture that cannot have the input's size is bad too, and named") {
  FakeSet set(2);
  LoaderOptions options = optionsFor(2, 2);
  options.augmentation.crop = Augmentation::Crop::None;
  options.augmentation.fit.asIs = true;
  options.augmentation.fit.width = 5;
  Loader loader(set, options);
  Batch batch;
  std::string error;
  CHECK_FALSE(loader.next(batch, error));
  CHECK_THAT(error, Contains("none of the 2 pictures can be used; the first: `picture 0`: it has 6 x 6 pixels"));
}

TEST_CASE("loader: where no picture can be used there is an error, again and again") {
  for (unsigned threads : {0u, 1u, 3u}) {
    FakeSet set(4, {0, 1, 2, 3});
    LoaderOptions options = optionsFor(4, 2);
    options.threads = threads;
    Loader loader(set, options);
    Batch batch;
    std::string error;
    CHECK_FALSE(loader.next(batch, error));
    CHECK_THAT(error, Contains("none of the 4 pictures can be used; the first: `picture 0` is broken"));
    CHECK_FALSE(loader.next(batch, error));
    CHECK_FALSE(error.empty());
  }
}

TEST_CASE("loader: it stops at any time") {
  FakeSet set(53);
  for (size_t batches : {0, 1, 5}) {
    LoaderOptions options = optionsFor(53, 8);
    options.threads = 3;
    Loader loader(set, options);
    take(loader, batches);
  }
}
