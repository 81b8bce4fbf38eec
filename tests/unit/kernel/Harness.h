// What kernel tests and benchmarks share: kernels compiled and loaded into this process, and activations in memory.
#pragma once

#include "codegen/x86/EmitObject.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
}

namespace skip::testing {

/// The ISA levels that this machine runs, the lowest first.
std::vector<x86::Target> hostTargets();

/// `avx2` or `avx512`, for test messages.
const char *nameOf(SkipIsa isa);

/// A kernel in this process.
class LoadedKernel {
public:
  /// Compiles and loads; ends the process with the compiler's message if that fails.
  LoadedKernel(const kernel::Spec &spec, const x86::Target &target);
  ~LoadedKernel();

  SkipKernelFn function() const { return fn; }
  size_t objectBytes() const { return bytes; }

  /// The number of units of a domain (params[0..2]).
  int64_t units(const std::vector<int64_t> &params) const;

  /// Computes all units in one call.
  void run(const std::vector<void *> &operands, const std::vector<int64_t> &params) const;

  /// Computes all units in many calls of uneven lengths, the last ones first: what threads may do.
  void runInPieces(const std::vector<void *> &operands, const std::vector<int64_t> &params) const;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::array<int64_t, 3> split;
  SkipKernelFn fn = nullptr;
  size_t bytes = 0;
};

/// A tensor [N, C, H, W] in memory with a halo, blocked by 16 channels or planar, between guard elements.
class Activation {
public:
  struct Shape {
    int64_t images = 1, channels = 1, height = 1, width = 1;
    int64_t halo = 0;
    bool planar = false;
  };

  /// Every element, halo and padding included, is NaN at first, so that what is read too early or left unwritten shows.
  explicit Activation(Shape shape);

  /// Logical elements get uniform values of [-1, 1); halo and padding channels zero.
  void randomize(std::mt19937 &random);
  /// Multiplies each pixel of each image by factor(channel, row, column).
  void scale(llvm::function_ref<float(int64_t c, int64_t y, int64_t x)> factor);

  float &at(int64_t image, int64_t channel, int64_t row, int64_t column);
  float at(int64_t image, int64_t channel, int64_t row, int64_t column) const {
    return const_cast<Activation *>(this)->at(image, channel, row, column);
  }
  float *origin() { return storage.data() + originIndex; }

  /// Empty if every halo element is zero and no guard was overwritten; else what is wrong.
  std::string checkBorders() const;

  Shape shape;
  int64_t blocks;                   // of 16 channels; planar: channels
  int64_t image, block, row, pixel; // strides in elements

private:
  std::vector<float> storage;
  int64_t originIndex;
};

/// The largest |got - want| over the largest |want|; infinite if any element of `got` is NaN.
double relativeError(const Activation &got, const std::vector<double> &want);

/// What an epilogue reads, in chain order, and its result in double precision.
struct EpilogueOperands {
  std::vector<Activation> tensors;
  std::vector<std::vector<float>> vectors; // zero in padding channels

  EpilogueOperands() = default;
  /// Random ones for a result of `shape`; the tensors have its halo.
  EpilogueOperands(const kernel::Epilogue &chain, Activation::Shape shape, std::mt19937 &random);

  /// The pointers that a kernel takes; `first` stands for the first tensor's, unless it is null.
  void appendTo(std::vector<void *> &operands, const kernel::Epilogue &chain, void *first = nullptr);

  double apply(const kernel::Epilogue &chain, double value, int64_t image, int64_t channel, int64_t row, int64_t column) const;
};

} // namespace skip::testing
