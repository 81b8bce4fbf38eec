// A dense double-precision tensor: the value type of the reference interpreter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skip::reference {

struct Tensor {
  std::vector<int64_t> shape; // the batch is concrete here
  std::vector<double> data;   // row-major

  Tensor() = default;
  explicit Tensor(std::vector<int64_t> dims) : shape(std::move(dims)), data(countElements(shape)) {}

  int64_t size() const { return static_cast<int64_t>(data.size()); }
  int64_t dim(size_t axis) const { return shape[axis]; }

  static size_t countElements(const std::vector<int64_t> &dims) {
    size_t count = 1;
    for (int64_t dim : dims)
      count *= static_cast<size_t>(dim);
    return count;
  }
};

} // namespace skip::reference
