// A convolution by Winograd's kernels, and its result in double precision by definition.
#pragma once

#include "tests/unit/kernel/Harness.h"

#include <vector>

namespace skip::testing {

/// Sizes are those of the output; the input's follow from the padding.
struct WinogradCaseShape {
  int64_t images = 1, inChannels = 16, outChannels = 16, height = 1, width = 1;
  plan::WinogradTaps taps = {}; // with stride 2 an input of up to 4 channels is planar
  int64_t padding = 1;
  int64_t halo = 0;      // of the result
  int64_t extraHalo = 0; // zeros around the input beyond the padding
  bool bias = false;
  kernel::Epilogue epilogue = {};
  bool addInPlace = false; // the first Add's operand and the result share a buffer
  float spread = 0;        // as in ConvCaseShape: of the sizes of input and output channels
  float pixelSpread = 0;   // the same of the input's pixels
  float tapSpread = 0;     // and of the filter's taps
  int64_t onlyTap = -1;    // all others are zero; -1: none is
};

/// What is free to choose: F(tile x tile, r x r), tiles that lie together, the register tile, and whether one kernel does it
/// all.
struct WinogradChoice {
  int64_t tile = 4, group = 1;
  plan::ConvSchedule schedule;
  bool fused = false;
};

class WinogradCase {
public:
  explicit WinogradCase(WinogradCaseShape shape, unsigned seed = 1);

  static kernel::WinogradInputSpec inputSpec(const WinogradCaseShape &shape, const WinogradChoice &choice);
  static kernel::WinogradConvSpec convSpec(const WinogradCaseShape &shape, const WinogradChoice &choice);

  /// The operands of both kernels (a fused one reads no transformed input) for one choice. Every element that the first kernel
  /// does not write is NaN.
  struct Buffers {
    std::vector<float> filter, input;
    float *alignedFilter, *alignedInput;
    size_t inputFloats;
    Activation result;
  };
  Buffers buffers(const WinogradChoice &choice) const;
  std::vector<int64_t> inputParams(const WinogradChoice &choice) const;
  void runInput(const LoadedKernel &kernel, const WinogradChoice &choice, Buffers &buffers, bool inPieces = false);
  /// Some of its units.
  void runInputUnits(const LoadedKernel &kernel, const WinogradChoice &choice, Buffers &buffers, int64_t begin, int64_t end);
  void runConv(const LoadedKernel &kernel, const WinogradChoice &choice, Buffers &buffers, bool inPieces = false);

  /// Replaces one element of the input: image, channel, row, column.
  void setInput(std::array<int64_t, 4> place, float value) { input.at(place[0], place[1], place[2], place[3]) = value; }

  /// Computed anew at each call.
  std::vector<double> want() const;

  /// What the elements of a tile are made of, one of which is this (docs/verification.md): the sum over channels of the
  /// window's largest |x| times the sum of the taps' |w|, and |b|. Of stride 1 or 2, without an epilogue.
  double magnitude(int64_t tile, int64_t image, int64_t channel, int64_t row, int64_t column) const;

private:
  std::vector<float> makeVector(int64_t count, int64_t padded);
  std::vector<float> sizes(int64_t count, float spread);
  void spreadSizes();
  double convolve(int64_t image, int64_t channel, int64_t row, int64_t column) const;

  WinogradCaseShape shape;
  std::mt19937 random;
  Activation input;
  std::vector<float> weights; // [oc][ic][k][k]
  std::vector<float> bias;
  EpilogueOperands epilogue;
};

/// The error allowed by the points of a tile's window along an axis, max|c - r| / max|r|, on values in [-1, 1) and few
/// channels: half of what networks are held to (plan::errorBound), or less. Measured: 5e-7, 2e-6, 1.1e-5 for 4, 6 and 8.
inline double toleranceOf(int64_t points) { return points == 4 ? 2e-6 : points < 7 ? 8e-6 : points == 7 ? 2e-5 : 4e-5; }

/// Both kernels of one choice, compiled for one target.
struct CompiledWinograd {
  CompiledWinograd(const WinogradCaseShape &shape, const WinogradChoice &choice, const x86::Target &target)
      : target(target), input(WinogradCase::inputSpec(shape, choice), target),
        conv(WinogradCase::convSpec(shape, choice), target) {}

  x86::Target target;
  LoadedKernel input, conv;
};

} // namespace skip::testing
