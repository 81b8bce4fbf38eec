// Makes safetensors files in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace test {

/// One tensor to write; `bytes` is what stands in the file.
struct TensorBytes {
  std::string name;
  std::string type;
  std::vector<int64_t> dims;
  std::string bytes;
};

TensorBytes f32(const std::string &name, std::vector<int64_t> dims, const std::vector<float> &values);
/// Rounded to the nearest BF16 or F16; `values` must be finite and not round to infinity.
TensorBytes bf16(const std::string &name, std::vector<int64_t> dims, const std::vector<float> &values);
TensorBytes f16(const std::string &name, std::vector<int64_t> dims, const std::vector<float> &values);
/// A counter as PyTorch stores it: one I64 without dimensions.
TensorBytes counter(const std::string &name);

/// A file with this header text and these data bytes, whatever they are.
std::string rawFile(const std::string &header, const std::string &data = "");
/// The header's entry for one tensor: `"name":{"dtype":...}`.
std::string headerEntry(const TensorBytes &tensor, size_t offset);
/// A valid file, tensors in the given order.
std::string safetensors(const std::vector<TensorBytes> &tensors);

/// `count` values in about [-1, 1), a different row for each seed.
std::vector<float> noise(size_t count, uint32_t seed);

} // namespace test
