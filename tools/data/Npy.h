// NumPy's .npy files: one array each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace skip::data {

/// `values` in C order; as many as the product of `shape` (1 for the empty shape).
struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// Reads a C-order array of '<f4', '<f8' or '|u1' (the latter two converted to float32) from a file of version 1, 2 or 3.
/// The header's shape must fit the file's length exactly; otherwise nothing, and a message.
std::optional<NpyArray> readNpy(const std::string &path, std::string &error);

/// The same for a file's bytes; `name` stands for the file in messages.
std::optional<NpyArray> decodeNpy(std::span<const uint8_t> bytes, const std::string &name, std::string &error);

/// Writes '<f4' in C order, version 1; the file appears whole or not at all. False, with a message, on failure, also if
/// `shape` and the number of values disagree.
bool writeNpy(const std::string &path, std::span<const int64_t> shape, std::span<const float> values, std::string &error);

/// "[1, 3, 224, 224]", for messages.
std::string formatShape(std::span<const int64_t> shape);

} // namespace skip::data
