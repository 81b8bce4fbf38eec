// A small compiled model, made by hand: the skipModelImage that the runtime's tests run.
//
// The model, for n pictures x of 3 x 4 x 4 and n vectors v of 5:
//   y = relu(batch_norm(conv1x1(x)))           5 channels, stored [n][6][6][16] with a halo of zeros
//   p = mean of y over 3 x 3 with padding 1    stored [n][4][4][16]
//   scores[n][c] = sum of p over the plane + v[n][c];  energy[n] = sum over c of scores^2
// and a counter in the state segment grows by one with each run.
#pragma once

#include "runtime/Objects.h"
#include "tests/unit/runtime/Checkpoint.h"

#include <atomic>

namespace test {

inline constexpr int64_t channels = 5, side = 4, pixels = 3 * side * side;
inline constexpr int64_t smallBound = 2, largeBound = 8;
inline constexpr double epsilon = 1e-5;

/// The model's one target.
inline const SkipTargetImage &tinyTarget() { return skipModelImage.targets[0]; }

/// The image, to be changed.
struct ImageCopy {
  ImageCopy() { image.targets = &target; }
  ImageCopy(const ImageCopy &) = delete;
  skip_model model() const { return {&image, &target, SKIP_ISA_AVX2}; }

  SkipModelImage image = skipModelImage;
  SkipTargetImage target = tinyTarget();
};

/// How often the kernels of each column were called, since the process began.
extern std::atomic<int64_t> kernelCalls[SKIP_ISA_COUNT];

/// The model's five tensors, from `seed`; the same names in the same order as the image's.
std::vector<TensorBytes> modelTensors(uint32_t seed);
std::string modelCheckpoint(uint32_t seed);

/// What the model computes, in double, from modelTensors(seed).
struct Expected {
  std::vector<double> scores, energy;
};
Expected expectedOutputs(uint32_t seed, int64_t n, const std::vector<float> &pictures, const std::vector<float> &vectors);

/// Inputs and outputs of exactly n images, so that a sanitizer sees any access beyond them.
struct Batch {
  explicit Batch(int64_t n);
  skip_status run(skip_context *context);
  /// That the outputs are what the model computes with modelTensors(seed).
  void check(uint32_t seed) const;

  int64_t n;
  std::vector<float> pictures, vectors, scores, energy;
};

/// Owns what the C API gives out.
struct Handles {
  ~Handles();
  skip_model *model = nullptr;
  skip_weights *weights = nullptr;
  skip_pool *pool = nullptr;
  skip_context *context = nullptr;

  /// Creates the model and loads modelCheckpoint(seed).
  explicit Handles(uint32_t seed = 1);
  Handles(const Handles &) = delete;
  /// Creates the context, and before it a pool when `threads` > 0.
  void open(int32_t threads = 0, skip_context_options options = {});
};

} // namespace test
