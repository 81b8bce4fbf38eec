// One way to compute one convolution, compiled and loaded to be timed.
#pragma once

#include "ir/plan/x86/Tuning.h"
#include "tools/loaded/LoadedModel.h"
#include "tools/tuning/Evictor.h"
#include "tools/tuning/Placements.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::tool {

/// A checkpoint for the problem's candidateGraph().
std::string candidateWeights(const plan::ConvProblem &problem);

class Candidate {
public:
  /// Compiles `choice` through the pipeline that builds go through; `weights` must outlive it. Null where that pipeline would
  /// not follow the choice, for reasons that the problem's key does not tell.
  static llvm::Expected<std::unique_ptr<Candidate>> compile(mlir::MLIRContext &context, const plan::ConvProblem &problem,
                                                            const plan::ConvChoice &choice, const std::string &weights,
                                                            unsigned threads);

  /// Counts as many placements as were timed before, by another process, with that time and noise.
  void remember(int64_t nanoseconds, int64_t placements, int64_t noise);

  /// Times it in `placements` more places in memory, each time with cold weights, and with activations in the caches as steps
  /// before it leave them. The time is that of the contraction and, for Winograd, of the transform of its input. Once `isOver`
  /// says so it ends behind the run at hand: a place that has not had all its runs then does not count, unless there is none
  /// yet.
  llvm::Error run(int64_t placements, Evictor &evictor, llvm::function_ref<bool()> isOver);

  const plan::ConvChoice choice;
  int64_t nanoseconds = 0; ///< of all placements (Placements.h)
  int64_t runs = 0;        ///< placements
  int64_t noise = 0;       ///< by which that may be off, as placements differ

private:
  explicit Candidate(const plan::ConvChoice &choice) : choice(choice) {}

  /// Gives weights and activations other memory.
  llvm::Error place();
  /// Of one place, in nanoseconds.
  struct Time {
    int64_t least = 1;
    bool isWhole = true; ///< it had all its runs
  };
  llvm::Expected<Time> leastTime(Evictor &evictor, llvm::function_ref<bool()> isOver);

  struct alignas(64) CacheLine {
    char bytes[64];
  };

  std::vector<CacheLine> workspace;
  std::unique_ptr<loaded::LoadedModel> library;
  loaded::Weights weights;
  loaded::Pool pool;
  loaded::Context context;
  std::vector<bool> counts; ///< by step
  std::vector<float> input, output;
  tuning::Placements times;
  llvm::StringRef checkpoint;
  int64_t images = 1;
};

} // namespace skip::tool
