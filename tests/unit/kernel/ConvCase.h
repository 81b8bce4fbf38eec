// A convolution with random operands and its result in double precision.
#pragma once

#include "tests/unit/kernel/Harness.h"

#include <vector>

namespace skip::testing {

/// A root's filter and input; the input's height and width follow from the output's.
struct ConvCaseRoot {
  int64_t channels = 16;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t stride = 1, padding = 0;
  int64_t extraHalo = 0; // zeros around the input beyond the padding
  bool planar = false;
};

struct ConvCaseShape {
  int64_t images = 1, channels = 16, height = 1, width = 1;
  int64_t halo = 0;
  std::vector<ConvCaseRoot> roots = {{}};
  bool bias = false;
  kernel::Epilogue epilogue = {};
  bool imagesAreColumns = false;
  bool addInPlace = false; // the epilogue's first tensor and the result share a buffer
  float spread = 0;      // sizes of input and output channels are between 10^-spread and 10^spread; weights make up for inputs'
  float pixelSpread = 0; // the same of the input's pixels
  float unitNoise = 0;   // where not 0 each filter is a unit matrix with so much noise beside its ones
};

class ConvCase {
public:
  explicit ConvCase(ConvCaseShape shape, unsigned seed = 1);

  kernel::ConvSpec spec(const plan::ConvSchedule &schedule) const;

  /// What chooses a schedule for this convolution.
  plan::ConvShape planShape() const;

  /// The convolution's result by `kernel`, which was compiled from `spec`.
  Activation run(const LoadedKernel &kernel, bool inPieces);

  /// Replaces one element of a root's input: image, channel, row, column.
  void setInput(size_t root, std::array<int64_t, 4> place, float value);

  const std::vector<double> &want() const { return expected; }

  /// The sum of |x| |w| over the terms of an element before its epilogue, and over those of the others in the group of `rows`
  /// rows that its row is in.
  double magnitude(int64_t image, int64_t channel, int64_t row, int64_t column, int64_t rows) const;

private:
  struct Root {
    Activation input;
    std::vector<float> logical; // [oc][ic][kh][kw]
    std::vector<float> packed;
  };

  Root makeRoot(const ConvCaseRoot &root);
  std::vector<float> makeVector();
  void compute();
  double convolve(const Root &root, const ConvCaseRoot &filter, int64_t image, int64_t channel, int64_t row, int64_t column,
                  bool magnitudes = false) const;
  std::vector<float> sizes(int64_t count, float spread);
  std::vector<int64_t> params(const Activation &result) const;

  ConvCaseShape shape;
  std::mt19937 random;
  std::vector<Root> roots;
  std::vector<float> bias;
  EpilogueOperands epilogue;
  std::vector<double> expected;
  std::vector<float> outputSizes;
};

} // namespace skip::testing
