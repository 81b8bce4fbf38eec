#include "emulator/driver/TensorMaps.h"

#include "emulator/driver/Report.h"

#include <algorithm>

namespace skip::driver {

using namespace cuda;
using Request = TensorMapRequest;

static std::string number(int64_t value) { return std::to_string(value); }
static std::string at(const char *array, uint32_t index) { return std::string(array) + "[" + number(index) + "]"; }

static bool isInterleaved(const Request &r) { return r.interleave != TensorMapInterleave::none; }
static emulator::TensorMap::Element elementOf(const Request &r) { return static_cast<emulator::TensorMap::Element>(r.type); }
static uint64_t bytesOf(const Request &r) { return emulator::elementBytes(elementOf(r)); }
static uint64_t alignment(const Request &r) { return r.interleave == TensorMapInterleave::b32 ? 32 : 16; }
static uint64_t innerBytes(const Request &r) { return (r.im2col ? r.channels : r.box[0]) * bytesOf(r); }
static uint64_t span(const Request &r) { return uint64_t{16} << static_cast<int>(r.swizzle); }
template <class Enum> static bool isOneOf(Enum value, Enum last) { return static_cast<int>(value) >= 0 && value <= last; }

static std::string checkPointers(const Request &r) {
  if (!r.map)
    return "the tensor map is at address 0";
  if (reinterpret_cast<uint64_t>(r.map) % 64)
    return "the tensor map is at " + hex(reinterpret_cast<uint64_t>(r.map)) + ", which is no multiple of 64";
  bool shape = r.im2col ? r.lower && r.upper : r.box != nullptr;
  if (!r.dims || (!r.strides && r.rank > 1) || !r.elementStrides || !shape)
    return "an array is at address 0";
  return {};
}

static std::string checkType(const Request &r) {
  if (!isOneOf(r.type, TensorMapType::packed16U6Align16))
    return "the data type is " + number(static_cast<int>(r.type)) + ", which is none";
  return r.type >= TensorMapType::packed16U4Align8 ? "packed data types need an sm_100" : "";
}

static std::string checkRank(const Request &r) {
  uint32_t least = r.im2col || isInterleaved(r) ? 3 : 1;
  if (r.rank >= least && r.rank <= 5)
    return {};
  return "the rank is " + number(r.rank) + ", from " + number(least) + " to 5 are possible" +
         (r.im2col           ? " in im2col mode"
          : isInterleaved(r) ? " with an interleaved layout"
                             : "");
}

static std::string checkAddress(const Request &r) {
  if (r.address == 0 || r.address % alignment(r))
    return "the global address is " + hex(r.address) + ", which is " +
           (r.address ? "no multiple of " + number(alignment(r)) : "no address");
  return {};
}

static std::string checkDims(const Request &r) {
  for (uint32_t i = 0; i < r.rank; ++i)
    if (r.dims[i] == 0 || r.dims[i] > uint64_t{1} << 32)
      return at("globalDim", i) + " is " + std::to_string(r.dims[i]) + ", from 1 to 2^32 are possible";
  return {};
}

static std::string checkModelledDims(const Request &r) {
  for (uint32_t i = 0; i < r.rank; ++i)
    if (r.dims[i] > UINT32_MAX)
      return at("globalDim", i) + " is 2^32, which this emulator does not model";
  return {};
}

static std::string checkStrides(const Request &r) {
  for (uint32_t i = 0; i + 1 < r.rank; ++i) {
    if (r.strides[i] % alignment(r))
      return at("globalStrides", i) + " is " + std::to_string(r.strides[i]) + ", which is no multiple of " +
             number(alignment(r));
    if (r.strides[i] >= uint64_t{1} << 40)
      return at("globalStrides", i) + " is " + std::to_string(r.strides[i]) + ", which is not below 2^40";
  }
  return {};
}

static std::string checkBox(const Request &r) {
  for (uint32_t i = 0; !r.im2col && i < r.rank; ++i)
    if (r.box[i] == 0 || r.box[i] > 256)
      return at("boxDim", i) + " is " + number(r.box[i]) + ", from 1 to 256 are possible";
  return {};
}

static std::string checkColumns(const Request &r) {
  if (r.im2col && (r.channels == 0 || r.channels > 256))
    return "channelsPerPixel is " + number(r.channels) + ", from 1 to 256 are possible";
  if (r.im2col && (r.pixels == 0 || r.pixels > 1024))
    return "pixelsPerColumn is " + number(r.pixels) + ", from 1 to 1024 are possible";
  return {};
}

static std::string checkCorners(const Request &r) {
  static constexpr int kMost[] = {32767, 127, 15}; // of rank 3, 4, 5
  for (uint32_t i = 0; r.im2col && i < r.rank - 2; ++i)
    for (bool upper : {false, true}) {
      int most = kMost[r.rank - 3], corner = upper ? r.upper[i] : r.lower[i];
      if (corner < -most - 1 || corner > most)
        return at(upper ? "pixelBoxUpperCorner" : "pixelBoxLowerCorner", i) + " is " + number(corner) + ", from " +
               number(-most - 1) + " to " + number(most) + " are possible at rank " + number(r.rank);
    }
  return {};
}

static std::string checkArea(const Request &r) {
  for (uint32_t i = 0; r.im2col && i < r.rank - 2; ++i)
    if (static_cast<int64_t>(r.dims[i + 1]) + r.upper[i] - r.lower[i] <= 0)
      return "the bounding box has no area: globalDim is " + std::to_string(r.dims[i + 1]) + ", the lower corner " +
             number(r.lower[i]) + ", the upper corner " + number(r.upper[i]) + " in dimension " + number(i + 1);
  return {};
}

static std::string checkModelledCorners(const Request &r) {
  for (uint32_t i = 0; r.im2col && r.rank == 3 && i < 1; ++i)
    if (r.lower[i] < -128 || r.lower[i] > 127 || r.upper[i] < -128 || r.upper[i] > 127)
      return "corners beyond [-128, 127] at rank 3 are not modelled by this emulator";
  return {};
}

static std::string checkInterleave(const Request &r) {
  if (!isOneOf(r.interleave, TensorMapInterleave::b32))
    return "the interleave is " + number(static_cast<int>(r.interleave)) + ", which is none";
  return {};
}

static std::string checkSwizzle(const Request &r) {
  if (!isOneOf(r.swizzle, TensorMapSwizzle::b128Atom64))
    return "the swizzle is " + number(static_cast<int>(r.swizzle)) + ", which is none";
  return r.swizzle > TensorMapSwizzle::b128 ? "swizzles with atoms of more than 16 bytes need an sm_100" : "";
}

static std::string checkInterleavedSwizzle(const Request &r) {
  if (r.interleave == TensorMapInterleave::b32 && r.swizzle != TensorMapSwizzle::b32)
    return "an interleave of 32 bytes needs a swizzle of 32 bytes";
  return {};
}

static std::string checkInnerMultiple(const Request &r) {
  if (!isInterleaved(r) && innerBytes(r) % 16)
    return "the inner dimension of the box has " + number(static_cast<int64_t>(innerBytes(r))) +
           " bytes, which is no multiple of 16";
  return {};
}

static std::string checkInnerSpan(const Request &r) {
  if (!isInterleaved(r) && r.swizzle != TensorMapSwizzle::none && innerBytes(r) > span(r))
    return "the inner dimension of the box has " + number(static_cast<int64_t>(innerBytes(r))) + " bytes, more than the " +
           number(static_cast<int64_t>(span(r))) + " of the swizzle";
  return {};
}

static std::string checkElementStrides(const Request &r) {
  for (uint32_t i = isInterleaved(r) ? 0 : 1; i < r.rank; ++i) // dimension 0 has none without interleave
    if (r.elementStrides[i] == 0 || r.elementStrides[i] > 8)
      return at("elementStrides", i) + " is " + number(r.elementStrides[i]) + ", from 1 to 8 are possible";
  return {};
}

static std::string checkPromotion(const Request &r) {
  return isOneOf(r.promotion, TensorMapPromotion::b256)
             ? ""
             : "the L2 promotion is " + number(static_cast<int>(r.promotion)) + ", which is none";
}

static std::string checkFill(const Request &r) {
  if (!isOneOf(r.fill, TensorMapFill::nanRequestZeroFma))
    return "the fill is " + number(static_cast<int>(r.fill)) + ", which is none";
  bool isFloat = r.type >= TensorMapType::float16;
  return r.fill == TensorMapFill::nanRequestZeroFma && !isFloat ? "a fill with NaN needs a floating-point type" : "";
}

static constexpr TensorMapConstraint kConstraints[] = {
    {"tensor-map-c1", checkType},
    {"tensor-map-c2", checkInterleave},
    {"tensor-map-c3", checkSwizzle},
    {"tensor-map-c4", checkRank},
    {"tensor-map-c5", checkPointers},
    {"tensor-map-c6", checkAddress},
    {"tensor-map-c7", checkDims},
    {"tensor-map-c8", checkStrides},
    {"tensor-map-c9", checkBox},
    {"tensor-map-c10", checkColumns},
    {"tensor-map-c11", checkCorners},
    {"tensor-map-c12", checkArea},
    {"tensor-map-c13", checkInterleavedSwizzle},
    {"tensor-map-c14", checkInnerMultiple},
    {"tensor-map-c15", checkInnerSpan},
    {"tensor-map-c16", checkElementStrides},
    {"tensor-map-c17", checkPromotion},
    {"tensor-map-c18", checkFill},
    {"tensor-map-m1", checkModelledDims}, // of this emulator, not of the API
    {"tensor-map-m2", checkModelledCorners},
};

std::span<const TensorMapConstraint> tensorMapConstraints() { return kConstraints; }

std::optional<std::string> refusalOf(const Request &request) {
  for (const TensorMapConstraint &constraint : kConstraints)
    if (std::string wrong = constraint.check(request); !wrong.empty())
      return std::string(constraint.id) + ": " + wrong;
  return std::nullopt;
}

emulator::TensorMap encode(const Request &r) {
  emulator::TensorMap map{};
  map.magic = emulator::TensorMap::kMagic;
  map.element = elementOf(r);
  map.rank = static_cast<uint8_t>(r.rank);
  map.im2col = r.im2col;
  map.fillNan = r.fill == TensorMapFill::nanRequestZeroFma;
  map.swizzle = static_cast<emulator::TensorMap::Swizzle>(r.swizzle);
  map.l2Promotion = static_cast<uint8_t>(r.promotion);
  map.interleave = static_cast<uint8_t>(r.interleave);
  map.address = r.address;
  map.elementStrides.fill(1);
  for (uint32_t i = 0; i < r.rank; ++i) {
    map.dims[i] = static_cast<uint32_t>(r.dims[i]);
    if (i + 1 < r.rank)
      map.strides[i] = r.strides[i];
    if (!r.im2col)
      map.box[i] = static_cast<uint16_t>(r.box[i]);
    if (i > 0 || isInterleaved(r))
      map.elementStrides[i] = static_cast<uint8_t>(r.elementStrides[i]);
  }
  if (r.im2col) {
    map.box[0] = static_cast<uint16_t>(r.channels);
    map.box[1] = static_cast<uint16_t>(r.pixels);
    for (uint32_t i = 0; i < r.rank - 2; ++i) {
      map.lower[i] = static_cast<int8_t>(r.lower[i]);
      map.upper[i] = static_cast<int8_t>(r.upper[i]);
    }
  }
  return map;
}

} // namespace skip::driver
