// Walks of the tensor unit against plain loops over coordinates.
#include "emulator/tensor/TensorWalk.h"

#include <catch2/catch.hpp>

#include <map>

using namespace skip::emulator;

/// An f16 tensor of packed dims at address 4096.
static TensorMap tensor(std::initializer_list<uint32_t> dims, std::initializer_list<uint16_t> box) {
  TensorMap map{};
  map.magic = TensorMap::kMagic;
  map.element = TensorMap::Element::f16;
  map.rank = static_cast<uint8_t>(dims.size());
  map.address = 4096;
  std::copy(dims.begin(), dims.end(), map.dims.begin());
  std::copy(box.begin(), box.end(), map.box.begin());
  map.elementStrides.fill(1);
  uint64_t stride = 2;
  for (int dim = 0; dim + 1 < map.rank; ++dim)
    map.strides[dim] = stride *= map.dims[dim];
  return map;
}

/// Unswizzled byte in shared memory -> address of what is loaded there, 0 if it is outside.
static std::map<uint32_t, uint64_t> elements(const TensorMap &map, const TensorAccess &access) {
  std::vector<TensorChunk> chunks;
  REQUIRE_FALSE(refusalOf(map, access));
  walk(map, access, chunks);
  std::map<uint32_t, uint64_t> found;
  for (const TensorChunk &chunk : chunks)
    for (uint32_t byte = 0; byte < 16; byte += elementBytes(map.element))
      found[swizzled(chunk.shared, map.swizzle) + byte] = byte >= chunk.from && byte < chunk.to ? chunk.global + byte : 0;
  CHECK(found.size() * elementBytes(map.element) == boxBytes(map));
  CHECK(chunks.size() * 16 == boxBytes(map));
  return found;
}

TEST_CASE("tensor walk: a tile within and beyond every edge") {
  TensorMap map = tensor({24, 5, 3}, {16, 4, 2});
  for (std::array<int32_t, 3> at :
       {std::array<int32_t, 3>{0, 0, 0}, {8, 1, 1}, {16, 3, 2}, {-8, -2, -1}, {-3, 4, 0}, {40, 0, 0}, {0, 0, -9}}) {
    auto found = elements(map, {.coordinates = at, .shared = 1024});
    for (int z = 0; z < 2; ++z)
      for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 16; ++x) {
          int c0 = at[0] + x, c1 = at[1] + y, c2 = at[2] + z;
          bool inside = c0 >= 0 && c0 < 24 && c1 >= 0 && c1 < 5 && c2 >= 0 && c2 < 3;
          uint32_t shared = 1024 + 2 * (x + 16 * (y + 4 * z));
          REQUIRE(found.at(shared) == (inside ? 4096u + 2 * (c0 + 24 * (c1 + 5 * c2)) : 0));
        }
  }
}

TEST_CASE("tensor walk: element strides leave out rows, and rows of the box adjoin") {
  TensorMap map = tensor({8, 9}, {8, 6});
  map.elementStrides[1] = 4; // ceil(6 / 4) = 2 rows
  std::array<int32_t, 2> at{0, 1};
  CHECK(boxBytes(map) == 2 * 16);
  auto found = elements(map, {.coordinates = at});
  CHECK(found.at(0) == 4096 + 16);
  CHECK(found.at(16) == 4096 + 5 * 16);
}

TEST_CASE("tensor walk: rows may overlap in global memory, and lie apart") {
  TensorMap map = tensor({32, 4}, {32, 4});
  map.strides[0] = 16; // rows of 64 bytes, 16 apart
  std::array<int32_t, 2> at{0, 0};
  auto found = elements(map, {.coordinates = at});
  CHECK(found.at(64) == 4096 + 16);
  CHECK(found.at(3 * 64 + 2) == 4096 + 3 * 16 + 2);
}

TEST_CASE("tensor walk: chunks are swizzled by their address") {
  TensorMap map = tensor({64, 8}, {64, 8});
  map.swizzle = Swizzle::b128;
  std::array<int32_t, 2> at{0, 0};
  std::vector<TensorChunk> chunks;
  TensorAccess access{.coordinates = at, .shared = 1024 + 128};
  REQUIRE_FALSE(refusalOf(map, access));
  walk(map, access, chunks);
  for (uint32_t row = 0; row < 8; ++row)
    for (uint32_t chunk = 0; chunk < 8; ++chunk) {
      CHECK(chunks[8 * row + chunk].shared == 1024 + 128 * (row + 1) + 16 * (chunk ^ ((row + 1) & 7)));
      CHECK(chunks[8 * row + chunk].global == 4096 + 128 * row + 16 * chunk);
    }
}

static TensorMap image(uint32_t c, uint32_t w, uint32_t h, uint32_t n, int8_t pad, int8_t filter, uint8_t stride,
                       uint16_t pixels) {
  TensorMap map = tensor({c, w, h, n}, {static_cast<uint16_t>(c), pixels});
  map.im2col = 1;
  map.lower = {static_cast<int8_t>(-pad), static_cast<int8_t>(-pad), 0};
  map.upper = {static_cast<int8_t>(pad - (filter - 1)), static_cast<int8_t>(pad - (filter - 1)), 0};
  map.elementStrides = {1, stride, stride, 1, 1};
  return map;
}

TEST_CASE("tensor walk: im2col visits the pixels of a convolution in order, images after each other") {
  struct Case {
    int w, h, pad, filter, stride;
  };
  for (Case c : {Case{3, 3, 1, 3, 1}, {9, 14, 1, 3, 1}, {8, 7, 1, 3, 2}, {7, 7, 0, 1, 2}, {11, 9, 3, 7, 2}, {6, 6, 0, 3, 1}}) {
    int n = 3, q = (c.w + 2 * c.pad - c.filter) / c.stride + 1, p = (c.h + 2 * c.pad - c.filter) / c.stride + 1;
    constexpr uint16_t kPixels = 64;
    TensorMap map = image(8, c.w, c.h, n, static_cast<int8_t>(c.pad), static_cast<int8_t>(c.filter),
                          static_cast<uint8_t>(c.stride), kPixels);
    for (int first : {0, 5, q * p + 2, n * q * p - 3}) {
      int nn = first / (q * p), pp = first / q % p, qq = first % q;
      std::array<int32_t, 4> at{0, qq * c.stride - c.pad, pp * c.stride - c.pad, nn};
      for (int r = 0; r < c.filter; ++r)
        for (int s = 0; s < c.filter; ++s) {
          std::array<uint16_t, 2> tap{static_cast<uint16_t>(s), static_cast<uint16_t>(r)};
          auto found = elements(map, {.coordinates = at, .offsets = tap});
          for (int pixel = 0; pixel < kPixels; ++pixel) {
            int index = first + pixel, image = index / (q * p), y = index / q % p * c.stride - c.pad + r,
                x = index % q * c.stride - c.pad + s;
            bool inside = image < n && y >= 0 && y < c.h && x >= 0 && x < c.w;
            uint64_t address = 4096 + 2ull * 8 * (x + c.w * (y + c.h * image));
            REQUIRE(found.at(16 * pixel) == (inside ? address : 0));
          }
        }
    }
  }
}

TEST_CASE("tensor walk: im2col of one and of three spatial dimensions") {
  TensorMap line = tensor({8, 4, 2}, {8, 6});
  line.im2col = 1;
  std::array<int32_t, 3> at{0, 2, 0};
  std::array<uint16_t, 1> offset{0};
  auto found = elements(line, {.coordinates = at, .offsets = offset});
  for (int pixel = 0; pixel < 6; ++pixel)
    CHECK(found.at(16 * pixel) == 4096u + 16 * (2 + pixel)); // runs on into the second image

  TensorMap volume = tensor({8, 2, 3, 2, 2}, {8, 14});
  volume.im2col = 1;
  std::array<int32_t, 5> from{0, 0, 0, 0, 0};
  std::array<uint16_t, 3> offsets{0, 0, 0};
  auto pixels = elements(volume, {.coordinates = from, .offsets = offsets});
  for (int pixel = 0; pixel < 14; ++pixel)
    CHECK(pixels.at(16 * pixel) == 4096u + 16 * pixel);
}

TEST_CASE("tensor walk: im2col stores go without offsets") {
  TensorMap map = image(8, 4, 4, 1, 0, 1, 1, 4);
  std::array<int32_t, 4> at{0, 2, 0, 0};
  auto found = elements(map, {.coordinates = at, .store = true});
  CHECK(found.at(0) == 4096 + 32);
  CHECK(found.at(32) == 4096 + 64);
}

static void checkRefused(const TensorMap &map, const TensorAccess &access, const char *part) {
  auto refusal = refusalOf(map, access);
  REQUIRE(refusal);
  CHECK_THAT(*refusal, Catch::Matchers::Contains(part));
}

TEST_CASE("tensor walk: what an access cannot be") {
  TensorMap map = tensor({64, 8}, {64, 8});
  std::array<int32_t, 2> at{0, 0};
  std::array<int32_t, 3> three{0, 0, 0};
  std::array<uint16_t, 2> offsets{0, 0};
  REQUIRE_FALSE(refusalOf(map, {.coordinates = at}));
  checkRefused(map, {.coordinates = three}, "gives 3 coordinates, the map has rank 2");
  checkRefused(map, {.coordinates = at, .shared = 64}, "no multiple of 128");
  checkRefused(map, {.coordinates = at, .offsets = offsets}, "the map is one of tile mode");
  TensorMap bad = map;
  bad.magic = 0;
  checkRefused(bad, {.coordinates = at}, "no tensor map");
  bad = map;
  bad.interleave = 1;
  checkRefused(bad, {.coordinates = at}, "interleaved");
  bad = map;
  bad.box[0] = 32;
  bad.swizzle = Swizzle::b128;
  checkRefused(bad, {.coordinates = at}, "rows have 64 bytes with a swizzle of 128");

  TensorMap pixels = image(8, 9, 9, 1, 1, 3, 1, 16);
  std::array<int32_t, 4> base{0, -1, -1, 0};
  REQUIRE_FALSE(refusalOf(pixels, {.coordinates = base, .offsets = offsets}));
  checkRefused(pixels, {.coordinates = base}, "gives 0 im2col offsets, the map wants 2");
  checkRefused(pixels, {.coordinates = base, .offsets = offsets, .store = true}, "gives 2 im2col offsets, the map wants 0");
  std::array<uint16_t, 2> far{0, 256};
  checkRefused(pixels, {.coordinates = base, .offsets = far}, "offset 256 of H exceeds 255");
  base[1] = -2;
  checkRefused(pixels, {.coordinates = base, .offsets = offsets},
               "base coordinate -2 of W lies outside of the bounding box [-1, 7]");
  base[1] = 8;
  checkRefused(pixels, {.coordinates = base, .offsets = offsets}, "base coordinate 8 of W");
}

TEST_CASE("tensor walk: what is outside is zero, or a NaN of the element") {
  TensorMap map = tensor({64, 8}, {64, 8});
  CHECK(fillOf(map) == std::array<uint8_t, 16>{});
  map.fillNan = 1;
  CHECK(fillOf(map)[0] == 0xff);
  CHECK(fillOf(map)[1] == 0x7f);
  map.element = TensorMap::Element::f32;
  CHECK(fillOf(map)[1] == 0xff);
  CHECK(fillOf(map)[7] == 0x7f);
}
