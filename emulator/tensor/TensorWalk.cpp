#include "emulator/tensor/TensorWalk.h"

#include <algorithm>

namespace skip::emulator {

static constexpr uint32_t kChunk = 16, kSharedAlignment = 128;

static uint32_t rowBytes(const TensorMap &map) { return map.box[0] * elementBytes(map.element); }

/// How many elements of a dimension above the innermost lie in a box of tile mode.
static uint32_t steps(const TensorMap &map, int dim) {
  return (map.box[dim] + map.elementStrides[dim] - 1u) / map.elementStrides[dim];
}

static uint32_t rowCount(const TensorMap &map) {
  if (map.im2col)
    return map.box[1];
  uint32_t rows = 1;
  for (int dim = 1; dim < map.rank; ++dim)
    rows *= steps(map, dim);
  return rows;
}

uint32_t boxBytes(const TensorMap &map) { return rowBytes(map) * rowCount(map); }

static std::optional<std::string> refusalOfMap(const TensorMap &map) {
  if (map.magic != TensorMap::kMagic)
    return "these 128 bytes are no tensor map (was it encoded, and passed by value or copied whole?)";
  if (map.interleave != 0)
    return "interleaved layouts are not modelled";
  if (map.swizzle != Swizzle::none && rowBytes(map) != spanBytes(map.swizzle))
    return "a box whose rows have " + std::to_string(rowBytes(map)) + " bytes with a swizzle of " +
           std::to_string(spanBytes(map.swizzle)) + " is not modelled: make them as wide as the swizzle";
  return std::nullopt;
}

/// The bits of one offset: all sixteen of rank 3, 8 of rank 4, 5 of rank 5.
static int offsetBits(int rank) { return rank == 3 ? 16 : rank == 4 ? 8 : 5; }

static std::optional<std::string> refusalOfPixels(const TensorMap &map, const TensorAccess &access) {
  static constexpr const char *kNames[] = {"W", "H", "D"};
  int spatial = map.rank - 2;
  if (access.store ? !access.offsets.empty() : static_cast<int>(access.offsets.size()) != spatial)
    return "the instruction gives " + std::to_string(access.offsets.size()) + " im2col offsets, the map wants " +
           std::to_string(access.store ? 0 : spatial);
  for (int i = 0; i < static_cast<int>(access.offsets.size()); ++i)
    if (access.offsets[i] >> offsetBits(map.rank))
      return "the im2col offset " + std::to_string(access.offsets[i]) + " of " + kNames[i] + " exceeds " +
             std::to_string((1 << offsetBits(map.rank)) - 1);
  for (int i = 0; i < spatial; ++i) {
    int64_t low = map.lower[i], high = int64_t{map.dims[i + 1]} + map.upper[i] - 1, at = access.coordinates[i + 1];
    if (at < low || at > high)
      return std::string("the base coordinate ") + std::to_string(at) + " of " + kNames[i] +
             " lies outside of the bounding box [" + std::to_string(low) + ", " + std::to_string(high) + "]";
  }
  return std::nullopt;
}

std::optional<std::string> refusalOf(const TensorMap &map, const TensorAccess &access) {
  if (auto refusal = refusalOfMap(map))
    return refusal;
  if (access.coordinates.size() != map.rank)
    return "the instruction gives " + std::to_string(access.coordinates.size()) + " coordinates, the map has rank " +
           std::to_string(map.rank);
  if (access.shared % kSharedAlignment)
    return "the address in shared memory is no multiple of " + std::to_string(kSharedAlignment);
  if (map.im2col)
    return refusalOfPixels(map, access);
  if (!access.offsets.empty())
    return "the instruction gives im2col offsets, the map is one of tile mode";
  return std::nullopt;
}

namespace {
/// Cuts rows of the box into chunks, one row after the other.
class RowCutter {
public:
  RowCutter(const TensorMap &map, const TensorAccess &access, std::vector<TensorChunk> &chunks)
      : map(map), chunks(chunks), shared(access.shared), first(access.coordinates[0]), element(elementBytes(map.element)) {}

  /// A row at the coordinates at[1..rank-1], which may be outside.
  void add(const std::array<int64_t, 5> &at) {
    uint64_t base = map.address;
    bool inside = true;
    for (int dim = 1; dim < map.rank; ++dim) {
      inside &= at[dim] >= 0 && at[dim] < int64_t{map.dims[dim]};
      base += static_cast<uint64_t>(at[dim]) * map.strides[dim - 1];
    }
    int64_t row = rowBytes(map), start = first * element, end = int64_t{map.dims[0]} * element;
    for (int64_t offset = 0; offset < row; offset += kChunk, shared += kChunk) {
      int64_t byte = start + offset;
      int64_t from = inside ? std::clamp<int64_t>(-byte, 0, kChunk) : 0,
              to = inside ? std::clamp<int64_t>(end - byte, from, kChunk) : 0;
      chunks.push_back({.shared = swizzled(shared, map.swizzle),
                        .global = base + static_cast<uint64_t>(byte),
                        .from = static_cast<uint8_t>(from),
                        .to = static_cast<uint8_t>(to)});
    }
  }

private:
  const TensorMap &map;
  std::vector<TensorChunk> &chunks;
  uint32_t shared;
  int64_t first, element;
};
} // namespace

static void walkTile(const TensorMap &map, const TensorAccess &access, RowCutter &rows) {
  std::array<uint32_t, 5> index{};
  for (uint32_t row = rowCount(map); row > 0; --row) {
    std::array<int64_t, 5> at{};
    for (int dim = 1; dim < map.rank; ++dim)
      at[dim] = int64_t{access.coordinates[dim]} + int64_t{index[dim]} * map.elementStrides[dim];
    rows.add(at);
    for (int dim = 1; dim < map.rank && ++index[dim] == steps(map, dim); ++dim)
      index[dim] = 0;
  }
}

static void walkPixels(const TensorMap &map, const TensorAccess &access, RowCutter &rows) {
  std::array<int64_t, 5> base{};
  int last = map.rank - 1; // N
  for (int dim = 1; dim <= last; ++dim)
    base[dim] = access.coordinates[dim];
  for (uint32_t pixel = 0; pixel < map.box[1]; ++pixel) {
    std::array<int64_t, 5> at = base;
    for (size_t i = 0; i < access.offsets.size(); ++i)
      at[i + 1] += access.offsets[i];
    rows.add(at);
    int dim = 1;
    for (; dim < last; ++dim) {
      base[dim] += map.elementStrides[dim];
      if (base[dim] < int64_t{map.dims[dim]} + map.upper[dim - 1])
        break;
      base[dim] = map.lower[dim - 1];
    }
    if (dim == last)
      ++base[last];
  }
}

void walk(const TensorMap &map, const TensorAccess &access, std::vector<TensorChunk> &chunks) {
  chunks.clear();
  chunks.reserve(boxBytes(map) / kChunk);
  RowCutter rows(map, access, chunks);
  map.im2col ? walkPixels(map, access, rows) : walkTile(map, access, rows);
}

std::array<uint8_t, 16> fillOf(const TensorMap &map) {
  std::array<uint8_t, 16> fill{};
  if (!map.fillNan)
    return fill;
  size_t element = elementBytes(map.element);
  for (size_t i = 0; i < fill.size(); ++i)
    fill[i] = i % element == element - 1 ? 0x7f : 0xff;
  return fill;
}

} // namespace skip::emulator
