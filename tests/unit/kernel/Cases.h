// What the tests of the memory-bound kernels share: shapes, negative pictures, and what surrounds a result's values.
#pragma once

#include "tests/unit/kernel/Harness.h"

#include <functional>

namespace skip::testing {

using Shape = Activation::Shape;

/// A random activation.
Activation randomActivation(Shape shape, std::mt19937 &random);

/// One number for each channel, uniform in [from, to), then zeros up to whole blocks.
std::vector<float> randomVector(int64_t channels, std::mt19937 &random, float from = -1, float to = 1);

/// A vector of so many channels that is still to be written: NaN.
std::vector<float> unwrittenVector(int64_t channels);

/// The largest |got - want| over the largest |want|; infinite if any is NaN or a padding channel is not zero.
double relativeError(const std::vector<float> &got, const std::vector<double> &want);

/// Values in the order that `relativeError` compares: image, channel, row, column.
std::vector<double> generate(const Shape &shape,
                             const std::function<double(int64_t n, int64_t c, int64_t y, int64_t x)> &value);

/// Empty if values are not finite just where `want` is, NaN where it is NaN and the same infinity where it is one, and are near
/// it elsewhere; else the first that is not so.
std::string firstUnlike(const Activation &got, const std::vector<double> &want);

/// The same of a kernel that mixes neighbours: where `mayDiffer` holds, values that should be finite need not be.
std::string firstUnlike(const Activation &got, const std::vector<double> &want,
                        const std::function<bool(int64_t n, int64_t y, int64_t x)> &mayDiffer);

/// Empty if halo and padding channels are zero and no guard was overwritten; else what is wrong.
std::string checkSurroundings(const Activation &result);

/// `1 x 17 x 5 x 7 halo 1`, for test messages.
std::string describe(const Shape &shape);

} // namespace skip::testing
