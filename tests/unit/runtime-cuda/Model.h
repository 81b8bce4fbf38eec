// A small compiled model of target cuda, made by hand: the skipModelImage of these tests.
//
// For n pictures x of 3 x 4 x 4 and n vectors v of 5:
//   h = relu(batch_norm(conv1x1(x)))   5 channels, stored [n][4][4][8], as long as a turn's images
//   s = sum of h over the pixels       stored [n][8], for the whole batch
//   scores[n][c] = s + v;  energy[n] = sum over c of scores^2
// and a counter in the state segment grows by one with each run that the scores are wanted of. The larger variant makes h and s
// of three images at a time.
#pragma once

#include "runtime/Objects.h"
#include "runtime/cuda/Driver.h"
#include "tests/unit/runtime/Checkpoint.h"
#include "tests/unit/runtime/ErrorText.h"

namespace test {

inline constexpr int64_t channels = 5, paddedChannels = 8, side = 4, pixels = 3 * side * side;
inline constexpr int64_t smallBound = 2, largeBound = 8;
inline constexpr double epsilon = 1e-5;

inline const SkipTargetImage &tinyTarget() { return skipModelImage.targets[0]; }

/// The image, to be changed.
struct ImageCopy {
  ImageCopy() { image.targets = &target; }
  ImageCopy(const ImageCopy &) = delete;
  SkipModelImage image = skipModelImage;
  SkipTargetImage target = tinyTarget();
};

std::string modelCheckpoint(uint32_t seed);

/// Inputs and outputs of n images in memory of the host's.
struct Batch {
  explicit Batch(int64_t n, uint32_t seed = 100);
  skip_status run(skip_context *context);
  /// How many outputs are not what modelCheckpoint(seed) makes of the inputs.
  int64_t wrong(uint32_t seed) const;
  void forget();

  int64_t n;
  bool wantsScores = true;
  std::vector<float> pictures, vectors, scores, energy;
};

/// Owns what the C API gives out.
struct Handles {
  ~Handles();
  skip_model *model = nullptr;
  skip_weights *weights = nullptr;
  skip_context *context = nullptr;

  /// Creates the model and loads modelCheckpoint(seed).
  explicit Handles(uint32_t seed = 1, int32_t device = 0);
  Handles(const Handles &) = delete;
  Handles &operator=(const Handles &) = delete;
  void open(skip_context_options options = {});
};

/// The driver, for what a caller does with it; loads it.
const skip::cuda::DriverFunctions &cuda();
#define CUDA_OK(call) REQUIRE((call) == ::skip::cuda::Result::success)

/// A caller with the device's primary context for its current one, and memory there.
class Caller {
public:
  explicit Caller(int32_t device = 0);
  ~Caller();
  Caller(const Caller &) = delete;
  Caller &operator=(const Caller &) = delete;

  skip::cuda::Context context() const { return primary; }
  skip::cuda::Stream stream();
  float *device(size_t floats);
  float *device(const std::vector<float> &values);
  float *pinned(size_t floats);
  std::vector<float> read(const float *address, size_t floats);

private:
  int32_t ordinal;
  skip::cuda::Context primary = nullptr;
  std::vector<skip::cuda::Stream> streams;
  std::vector<float *> memory, host;
};

/// A batch whose arrays lie on the device.
struct DeviceBatch {
  DeviceBatch(Caller &caller, int64_t n, uint32_t seed = 100);
  skip_status run(skip_context *context);
  skip_status runAsync(skip_context *context, skip::cuda::Stream stream);
  /// Copies the outputs back, and asks Batch::wrong.
  int64_t wrong(uint32_t seed);

  Caller &caller;
  Batch batch;
  float *pictures, *vectors, *scores, *energy;
};

} // namespace test
