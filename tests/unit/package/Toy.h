// A model made by hand, small enough to be computed here: y = 2 (W x + b), x of 4 floats, y of 3.
#pragma once

#include "codegen/Image.h"
#include "codegen/PackWeights.h"
#include "codegen/Package.h"

#include <string>
#include <vector>

namespace test {

inline constexpr int64_t toyInputs = 4, toyOutputs = 3, toyBatch = 8;

/// What its kernels take of a thread's stack: more than all of a thread of musl.
inline constexpr uint64_t toyStackBytes = 400 * 1024 + 256;

/// Two steps over the kernels of toyKernels(); `name` is the library's.
skip::codegen::Image toyImage(const std::string &name);

/// One object, compiled once from C by `cc`, whose symbols do not depend on the model's name.
const std::vector<std::string> &toyKernels();

/// A safetensors file; the weights are small integers that depend on `seed`.
std::string toyCheckpoint(int seed);

/// `count` images, and what the model makes of them with toyCheckpoint(seed), exactly.
std::vector<float> toyImages(int64_t count);
std::vector<float> toyResults(int64_t count, int seed);

/// The weights segment of toyCheckpoint(seed).
skip::codegen::Segment toySegment(const skip::codegen::Image &image, int seed);

/// The error's text; empty for success.
std::string textOf(llvm::Error error);

/// Builds the toy into `folder`, with weights of `seed`; fails the test on an error.
void packageToy(const std::string &folder, const std::string &name, skip::codegen::WeightsMode mode, int seed = 1);

} // namespace test
