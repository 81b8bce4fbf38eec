// Arrays for a run on made-up images.
#pragma once

#include "runtime/training/Draws.h"
#include "tools/compile/Ports.h"
#include "tools/weights/Random.h"

#include <bit>

namespace skip::tool {

/// Inputs of mean 0 and variance 1, as normalised pictures have them, labels of the port's classes, the draws of a new
/// trainer's first group, and room for the outputs.
class RandomInput {
public:
  RandomInput(const Ports &ports, int64_t images, uint64_t seed) {
    for (const InputPort &port : ports.inputs) {
      Random random(seed, port.name);
      areIntegers.push_back(port.classes > 0 || port.areDraws);
      std::vector<float> &values = inputValues.emplace_back(static_cast<size_t>(images * port.elements()));
      for (float &value : values)
        value = port.classes > 0
                    ? std::bit_cast<float>(static_cast<int32_t>(random.next() % static_cast<uint64_t>(port.classes)))
                    : random.normal();
      for (size_t i = 0; port.areDraws && i < values.size(); ++i)
        values[i] = std::bit_cast<float>(runtime::drawOf({}, i));
    }
    for (const OutputPort &port : ports.outputs)
      outputValues.emplace_back(static_cast<size_t>(images * port.elements()));
  }

  std::vector<const float *> inputs() const {
    std::vector<const float *> pointers;
    for (const std::vector<float> &values : inputValues)
      pointers.push_back(values.data());
    return pointers;
  }
  std::vector<float *> outputs() {
    std::vector<float *> pointers;
    for (std::vector<float> &values : outputValues)
      pointers.push_back(values.data());
    return pointers;
  }
  const std::vector<float> &input(size_t port) const { return inputValues[port]; }
  /// What an input's words mean: floats, labels or draws.
  std::vector<double> values(size_t port) const {
    std::vector<double> all;
    for (float word : inputValues[port])
      all.push_back(areIntegers[port] ? std::bit_cast<int32_t>(word) : static_cast<double>(word));
    return all;
  }

private:
  std::vector<bool> areIntegers; // by port
  std::vector<std::vector<float>> inputValues, outputValues;
};

} // namespace skip::tool
