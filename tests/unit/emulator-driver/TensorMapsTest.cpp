// Each constraint of tensor maps, named after it: a request that breaks it alone, and one at its edge that does not.
#include "emulator/driver/TensorMaps.h"

#include "tests/unit/emulator-driver/Gpu.h"

#include "emulator/tensor/TensorWalk.h"

#include <array>
#include <functional>
#include <set>

using namespace skip::driver;
using skip::cuda::TensorMapType; // not the emulator's own

namespace {
/// A request with the arrays that it points to: a good one, in either mode, to be spoilt.
struct Draft {
  alignas(64) skip::cuda::TensorMap map{};
  std::array<uint64_t, 6> dims{64, 14, 14, 8, 1, 1}, strides{128, 1792, 25088, 200704, 200704, 0};
  std::array<uint32_t, 6> box{64, 8, 1, 1, 1, 1}, elementStrides{1, 1, 1, 1, 1, 1};
  std::array<int, 3> lower{-1, -1, 0}, upper{-1, -1, 0};
  TensorMapRequest request;

  explicit Draft(bool im2col) {
    request = {.map = &map,
               .type = TensorMapType::bfloat16,
               .rank = 4,
               .address = 0x10000,
               .dims = dims.data(),
               .strides = strides.data(),
               .im2col = im2col,
               .box = im2col ? nullptr : box.data(),
               .lower = im2col ? lower.data() : nullptr,
               .upper = im2col ? upper.data() : nullptr,
               .channels = im2col ? 64u : 0,
               .pixels = im2col ? 128u : 0,
               .elementStrides = elementStrides.data(),
               .interleave = TensorMapInterleave::none,
               .swizzle = TensorMapSwizzle::b128,
               .promotion = TensorMapPromotion::b256,
               .fill = TensorMapFill::none};
  }
  Draft(const Draft &) = delete;
};

enum Modes { tile = 1, im2col = 2, both = 3 };
struct Case {
  const char *constraint; // that is broken; "" for none
  Modes modes;
  const char *what;
  std::function<void(Draft &)> spoil;
};
} // namespace

static const Case kCases[] = {
    {"", both, "a good one", [](Draft &) {}},
    {"tensor-map-c1", both, "a type that is none", [](Draft &d) { d.request.type = static_cast<TensorMapType>(16); }},
    {"tensor-map-c1", both, "a negative type", [](Draft &d) { d.request.type = static_cast<TensorMapType>(-1); }},
    {"tensor-map-c1", both, "a packed type", [](Draft &d) { d.request.type = TensorMapType::packed16U6Align16; }},
    {"tensor-map-c2", both, "an interleave that is none",
     [](Draft &d) { d.request.interleave = static_cast<TensorMapInterleave>(3); }},
    {"tensor-map-c3", both, "a swizzle that is none", [](Draft &d) { d.request.swizzle = static_cast<TensorMapSwizzle>(7); }},
    {"tensor-map-c3", both, "a swizzle of later GPUs", [](Draft &d) { d.request.swizzle = TensorMapSwizzle::b128Atom32; }},
    {"tensor-map-c4", both, "rank 0", [](Draft &d) { d.request.rank = 0; }},
    {"tensor-map-c4", both, "rank 6", [](Draft &d) { d.request.rank = 6; }},
    {"tensor-map-c4", im2col, "rank 2 in im2col mode", [](Draft &d) { d.request.rank = 2; }},
    {"tensor-map-c4", tile, "rank 2, interleaved",
     [](Draft &d) {
       d.request.rank = 2;
       d.request.interleave = TensorMapInterleave::b16;
     }},
    {"", tile, "rank 1", [](Draft &d) { d.request.rank = 1; }},
    {"", both, "rank 5", [](Draft &d) { d.request.rank = 5; }},
    {"", both, "rank 3", [](Draft &d) { d.request.rank = 3; }},
    {"tensor-map-c5", both, "no map", [](Draft &d) { d.request.map = nullptr; }},
    {"tensor-map-c5", both, "a map at 16 modulo 64",
     [](Draft &d) { d.request.map = reinterpret_cast<skip::cuda::TensorMap *>(reinterpret_cast<uint64_t>(&d.map) + 16); }},
    {"tensor-map-c5", both, "no dims", [](Draft &d) { d.request.dims = nullptr; }},
    {"tensor-map-c5", both, "no strides", [](Draft &d) { d.request.strides = nullptr; }},
    {"tensor-map-c5", both, "no element strides", [](Draft &d) { d.request.elementStrides = nullptr; }},
    {"tensor-map-c5", both, "no box or corners", [](Draft &d) { d.request.box = nullptr, d.request.lower = nullptr; }},
    {"tensor-map-c6", both, "address 0", [](Draft &d) { d.request.address = 0; }},
    {"tensor-map-c6", both, "an address at 8 modulo 16", [](Draft &d) { d.request.address += 8; }},
    {"", both, "an address at 16 modulo 32", [](Draft &d) { d.request.address += 16; }},
    {"tensor-map-c6", both, "an address at 16 modulo 32, interleaved by 32",
     [](Draft &d) {
       d.request.address += 16;
       d.request.interleave = TensorMapInterleave::b32;
       d.request.swizzle = TensorMapSwizzle::b32;
     }},
    {"tensor-map-c7", both, "a dim of 0", [](Draft &d) { d.dims[2] = 0; }},
    {"tensor-map-c7", both, "a dim above 2^32", [](Draft &d) { d.dims[3] = (uint64_t{1} << 32) + 1; }},
    {"tensor-map-m1", both, "a dim of 2^32", [](Draft &d) { d.dims[3] = uint64_t{1} << 32; }},
    {"", both, "a dim of 2^32 - 1", [](Draft &d) { d.dims[3] = (uint64_t{1} << 32) - 1; }},
    {"tensor-map-c8", both, "a stride of 8 modulo 16", [](Draft &d) { d.strides[0] = 136; }},
    {"tensor-map-c8", both, "a stride of 2^40", [](Draft &d) { d.strides[2] = uint64_t{1} << 40; }},
    {"", both, "a stride of 2^40 - 16", [](Draft &d) { d.strides[2] = (uint64_t{1} << 40) - 16; }},
    {"", both, "rows that overlap", [](Draft &d) { d.strides[0] = 32; }},
    {"tensor-map-c8", both, "a stride of 16 modulo 32, interleaved by 32",
     [](Draft &d) {
       d.strides[1] += 16;
       d.request.interleave = TensorMapInterleave::b32;
       d.request.swizzle = TensorMapSwizzle::b32;
     }},
    {"tensor-map-c9", tile, "a box of 0", [](Draft &d) { d.box[1] = 0; }},
    {"tensor-map-c9", tile, "a box of 257", [](Draft &d) { d.box[1] = 257; }},
    {"", tile, "a box of 256", [](Draft &d) { d.box[1] = 256; }},
    {"tensor-map-c10", im2col, "no channels", [](Draft &d) { d.request.channels = 0; }},
    {"tensor-map-c10", im2col, "257 channels", [](Draft &d) { d.request.channels = 257; }},
    {"", im2col, "256 channels without swizzle",
     [](Draft &d) {
       d.request.channels = 256;
       d.request.swizzle = TensorMapSwizzle::none;
     }},
    {"tensor-map-c10", im2col, "no pixels", [](Draft &d) { d.request.pixels = 0; }},
    {"tensor-map-c10", im2col, "1025 pixels", [](Draft &d) { d.request.pixels = 1025; }},
    {"", im2col, "1024 pixels", [](Draft &d) { d.request.pixels = 1024; }},
    {"tensor-map-c11", im2col, "a lower corner of -129 at rank 4", [](Draft &d) { d.lower[0] = -129; }},
    {"tensor-map-c11", im2col, "a lower corner of 128 at rank 4", [](Draft &d) { d.lower[1] = 128; }},
    {"tensor-map-c11", im2col, "an upper corner of -129 at rank 4", [](Draft &d) { d.upper[1] = -129; }},
    {"tensor-map-c11", im2col, "an upper corner of 128 at rank 4", [](Draft &d) { d.upper[0] = 128; }},
    {"", im2col, "corners of -128 and 127 at rank 4", [](Draft &d) { d.lower[0] = -128, d.upper[0] = 127; }},
    {"tensor-map-c11", im2col, "a lower corner of -17 at rank 5", [](Draft &d) { d.request.rank = 5, d.lower[2] = -17; }},
    {"tensor-map-c11", im2col, "an upper corner of 16 at rank 5", [](Draft &d) { d.request.rank = 5, d.upper[2] = 16; }},
    {"", im2col, "corners of -16 and 15 at rank 5", [](Draft &d) { d.request.rank = 5, d.lower[2] = -16, d.upper[2] = 15; }},
    {"tensor-map-c11", im2col, "a corner of -32769 at rank 3", [](Draft &d) { d.request.rank = 3, d.lower[0] = -32769; }},
    {"tensor-map-m2", im2col, "a corner of -32768 at rank 3", [](Draft &d) { d.request.rank = 3, d.lower[0] = -32768; }},
    {"tensor-map-c12", im2col, "a box without area", [](Draft &d) { d.upper[0] = -15; }},
    {"", im2col, "a box of one column", [](Draft &d) { d.upper[0] = -14; }},
    {"tensor-map-c13", both, "an interleave of 32 without its swizzle",
     [](Draft &d) { d.request.interleave = TensorMapInterleave::b32; }},
    {"", both, "an interleave of 16 with any swizzle", [](Draft &d) { d.request.interleave = TensorMapInterleave::b16; }},
    {"tensor-map-c14", tile, "an inner box of 126 bytes", [](Draft &d) { d.box[0] = 63; }},
    {"tensor-map-c14", im2col, "an inner box of 126 bytes", [](Draft &d) { d.request.channels = 63; }},
    {"tensor-map-c15", tile, "an inner box of 144 bytes in a swizzle of 128", [](Draft &d) { d.box[0] = 72; }},
    {"tensor-map-c15", im2col, "an inner box of 144 bytes in a swizzle of 128", [](Draft &d) { d.request.channels = 72; }},
    {"tensor-map-c15", both, "an inner box of 128 bytes in a swizzle of 64",
     [](Draft &d) { d.request.swizzle = TensorMapSwizzle::b64; }},
    {"tensor-map-c15", both, "an inner box of 128 bytes in a swizzle of 32",
     [](Draft &d) { d.request.swizzle = TensorMapSwizzle::b32; }},
    {"", both, "an inner box of 128 bytes without swizzle", [](Draft &d) { d.request.swizzle = TensorMapSwizzle::none; }},
    {"tensor-map-c16", both, "an element stride of 0", [](Draft &d) { d.elementStrides[1] = 0; }},
    {"tensor-map-c16", both, "an element stride of 9", [](Draft &d) { d.elementStrides[2] = 9; }},
    {"", both, "an element stride of 8", [](Draft &d) { d.elementStrides[2] = 8; }},
    {"", both, "any element stride of dimension 0", [](Draft &d) { d.elementStrides[0] = 0; }},
    {"tensor-map-c16", both, "an element stride of 0 in dimension 0, interleaved",
     [](Draft &d) {
       d.elementStrides[0] = 0;
       d.request.interleave = TensorMapInterleave::b16;
     }},
    {"tensor-map-c17", both, "a promotion that is none",
     [](Draft &d) { d.request.promotion = static_cast<TensorMapPromotion>(4); }},
    {"tensor-map-c18", both, "a fill that is none", [](Draft &d) { d.request.fill = static_cast<TensorMapFill>(2); }},
    {"tensor-map-c18", both, "a NaN fill of integers",
     [](Draft &d) {
       d.request.type = TensorMapType::uint16;
       d.request.fill = TensorMapFill::nanRequestZeroFma;
     }},
    {"", both, "a NaN fill of bf16", [](Draft &d) { d.request.fill = TensorMapFill::nanRequestZeroFma; }},
};

TEST_CASE("tensor maps: each constraint is held, and its edge is not") {
  for (const Case &c : kCases)
    for (Modes mode : {tile, im2col}) {
      if (!(c.modes & mode))
        continue;
      INFO(c.what << (mode == im2col ? " (im2col)" : " (tile)"));
      Draft draft(mode == im2col);
      c.spoil(draft);
      auto refusal = refusalOf(draft.request);
      std::string got = refusal ? refusal->substr(0, refusal->find(':')) : "";
      INFO(refusal.value_or("accepted"));
      CHECK(got == c.constraint);
    }
}

TEST_CASE("tensor maps: each constraint has a case") {
  std::set<std::string> tried, known;
  for (const Case &c : kCases)
    tried.insert(c.constraint);
  for (const TensorMapConstraint &constraint : tensorMapConstraints())
    CHECK(tried.count(constraint.id) == 1);
}

TEST_CASE("tensor maps: the entry points encode what the walk reads") {
  Gpu gpu(Setup{.architecture = "sm_90a"});
  DeviceAddress tensor = gpu.allocate(8 * 14 * 14 * 64 * 2);
  for (bool im2col : {false, true}) {
    Draft draft(im2col);
    const TensorMapRequest &r = draft.request;
    auto *address = reinterpret_cast<void *>(tensor);
    Result result = im2col ? gpu.api.cuTensorMapEncodeIm2col(r.map, r.type, r.rank, address, r.dims, r.strides, r.lower,
                                                             r.upper, r.channels, r.pixels, r.elementStrides, r.interleave,
                                                             r.swizzle, r.promotion, r.fill)
                           : gpu.api.cuTensorMapEncodeTiled(r.map, r.type, r.rank, address, r.dims, r.strides, r.box,
                                                            r.elementStrides, r.interleave, r.swizzle, r.promotion, r.fill);
    CHECK_RESULT(result, CUDA_SUCCESS);
    skip::emulator::TensorMap map;
    std::memcpy(&map, r.map, sizeof map);
    std::array<int32_t, 4> coordinates{0, im2col ? -1 : 0, im2col ? -1 : 0, 1};
    std::array<uint16_t, 2> offsets{1, 1};
    skip::emulator::TensorAccess access{.coordinates = coordinates};
    if (im2col)
      access.offsets = offsets;
    REQUIRE_FALSE(skip::emulator::refusalOf(map, access));
    std::vector<skip::emulator::TensorChunk> chunks;
    walk(map, access, chunks);
    CHECK(chunks.size() == (im2col ? 128 * 8 : 8 * 8));
    CHECK(chunks[0].global == tensor + 14 * 14 * 64 * 2);
  }
}

TEST_CASE("tensor maps: each parameter has its place") {
  Draft draft(true);
  draft.lower = {-3, 4, 0};
  draft.upper = {-5, 6, 0};
  draft.elementStrides = {7, 2, 3, 4};
  draft.request.fill = TensorMapFill::nanRequestZeroFma;
  skip::emulator::TensorMap map = encode(draft.request);
  CHECK(map.magic == skip::emulator::TensorMap::kMagic);
  CHECK(map.element == skip::emulator::TensorMap::Element::bf16);
  CHECK((map.rank == 4 && map.im2col == 1 && map.fillNan == 1 && map.l2Promotion == 3 && map.interleave == 0));
  CHECK(map.swizzle == skip::emulator::Swizzle::b128);
  CHECK(map.address == 0x10000);
  CHECK(map.dims == std::array<uint32_t, 5>{64, 14, 14, 8, 0});
  CHECK(map.strides == std::array<uint64_t, 4>{128, 1792, 25088, 0});
  CHECK((map.box[0] == 64 && map.box[1] == 128));
  CHECK(map.elementStrides == std::array<uint8_t, 5>{1, 2, 3, 4, 1}); // that of the innermost dimension is ignored
  CHECK(map.lower == std::array<int8_t, 3>{-3, 4, 0});
  CHECK(map.upper == std::array<int8_t, 3>{-5, 6, 0});
  Draft tiled(false);
  CHECK(encode(tiled.request).box == std::array<uint16_t, 5>{64, 8, 1, 1, 0});
}

TEST_CASE("tensor maps: they need an sm_90, and a request that is good") {
  Gpu older(Setup{.architecture = "sm_80"});
  Draft draft(false);
  const TensorMapRequest &r = draft.request;
  auto encode = [&](Gpu &gpu) {
    return gpu.api.cuTensorMapEncodeTiled(r.map, r.type, r.rank, reinterpret_cast<void *>(r.address), r.dims, r.strides, r.box,
                                          r.elementStrides, r.interleave, r.swizzle, r.promotion, r.fill);
  };
  CHECK_RESULT(encode(older), CUDA_ERROR_NOT_SUPPORTED);
  Gpu gpu(Setup{.architecture = "sm_90"});
  CHECK_RESULT(encode(gpu), CUDA_SUCCESS);
  draft.box[1] = 257;
  CHECK_RESULT(encode(gpu), CUDA_ERROR_INVALID_VALUE);
}
