// Makes safetensors files in memory.
#include "tests/unit/runtime/Checkpoint.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <sstream>

namespace test {

static std::string halves(const std::vector<float> &values, uint16_t (*round)(float)) {
  std::string bytes;
  for (float value : values) {
    uint16_t half = round(value);
    bytes += static_cast<char>(half & 0xFF);
    bytes += static_cast<char>(half >> 8);
  }
  return bytes;
}

static uint16_t toBf16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static uint16_t toF16(float value) {
  int exponent = -13; // of zero: that of the smallest values
  double magnitude = std::fabs(value);
  if (magnitude > 0)
    std::frexp(magnitude, &exponent);
  int unit = std::max(exponent - 11, -24); // the exponent of the last place
  auto places = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -unit)));
  uint32_t bits = places + (static_cast<uint32_t>(unit + 24) << 10); // the hidden bit of `places` raises the exponent by one
  return static_cast<uint16_t>(bits | (std::signbit(value) ? 0x8000u : 0u));
}

TensorBytes f32(const std::string &name, std::vector<int64_t> dims, const std::vector<float> &values) {
  return {name, "F32", std::move(dims), std::string(reinterpret_cast<const char *>(values.data()), values.size() * 4)};
}
TensorBytes bf16(const std::string &name, std::vector<int64_t> dims, const std::vector<float> &values) {
  return {name, "BF16", std::move(dims), halves(values, toBf16)};
}
TensorBytes f16(const std::string &name, std::vector<int64_t> dims, const std::vector<float> &values) {
  return {name, "F16", std::move(dims), halves(values, toF16)};
}
TensorBytes counter(const std::string &name) { return {name, "I64", {}, std::string(8, '\1')}; }

std::string rawFile(const std::string &header, const std::string &data) {
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return file + header + data;
}

std::string headerEntry(const TensorBytes &tensor, size_t offset) {
  std::ostringstream entry;
  entry << '"' << tensor.name << "\":{\"dtype\":\"" << tensor.type << "\",\"shape\":[";
  for (size_t i = 0; i < tensor.dims.size(); ++i)
    entry << (i == 0 ? "" : ",") << tensor.dims[i];
  entry << "],\"data_offsets\":[" << offset << ',' << offset + tensor.bytes.size() << "]}";
  return entry.str();
}

std::string safetensors(const std::vector<TensorBytes> &tensors) {
  std::string header, data;
  for (const TensorBytes &tensor : tensors) {
    header += header.empty() ? '{' : ',';
    header += headerEntry(tensor, data.size());
    data += tensor.bytes;
  }
  header += header.empty() ? "{}" : "}";
  return rawFile(header, data);
}

std::vector<float> noise(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  uint32_t state = seed * 2654435761u + 1;
  for (float &value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

} // namespace test
