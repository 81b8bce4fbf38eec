// Guarded arrays for a model's outputs.
#pragma once

#include "tools/compile/Ports.h"
#include "tools/running/GuardedMemory.h"

#include <algorithm>

namespace skip::tool {

class Outputs {
public:
  Outputs(const Ports &ports, int64_t images) {
    for (const OutputPort &port : ports.outputs)
      arrays.emplace_back(static_cast<size_t>(images * port.elements()) * sizeof(float));
  }

  std::vector<float *> pointers() const {
    std::vector<float *> all;
    for (const GuardedMemory &array : arrays)
      all.push_back(array.floats());
    return all;
  }
  bool hasMemory() const {
    return std::all_of(arrays.begin(), arrays.end(), [](auto &array) { return array.data(); });
  }
  bool areIntact() const {
    return std::all_of(arrays.begin(), arrays.end(), [](auto &array) { return array.isIntact(); });
  }
  const float *operator[](size_t port) const { return arrays[port].floats(); }
  size_t elements(size_t port) const { return arrays[port].bytes() / sizeof(float); }
  size_t count() const { return arrays.size(); }

private:
  std::vector<GuardedMemory> arrays;
};

} // namespace skip::tool
