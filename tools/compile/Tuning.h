// Where the commands find what tuning measured.
#pragma once

#include "ir/plan/Plan.h"
#include "tools/tuning/Measurement.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/Support/Error.h"

#include <future>
#include <set>
#include <string>
#include <vector>

namespace skip::tool {

/// Which measurements count.
struct TuningOptions {
  std::string database; ///< empty: the user's and those that Skip ships
  bool noTuning = false;
  std::string device; ///< whose tuning counts: a fingerprint, or a file with one; empty: this machine's
};

/// This machine; an error if it has no AVX2.
llvm::Expected<tuning::Device> thisDevice();

/// The machine that --device states, else this one, whatever GPU it states.
llvm::Expected<tuning::Device> deviceOf(const TuningOptions &options);

/// An error where --device states nothing of use: a CPU for plans of which none is for one, a GPU likewise.
llvm::Error checkDevice(const TuningOptions &options, bool usesCpu, bool usesGpu);

/// --db, else tuning.db in skip's folder below $XDG_CACHE_HOME or ~/.cache; empty without any of these.
std::string databasePath(const TuningOptions &options);

/// What builds go by: of --db alone, or else of the user's database, if there is one, and of those that Skip ships. Damage is
/// an error in a database that --db names, and a note for others.
llvm::Expected<plan::TuningTable> loadTuning(const TuningOptions &options);

/// The same for GPUs: for the one that --device states, else for the one that the cost model chooses tiles for.
llvm::Expected<plan::CudaTuning> loadCudaTuning(const TuningOptions &options);

/// What loadTuning loads, on a thread of its own where one is to be had. What there is to say, `take` says.
class TuningAhead {
public:
  /// The options must outlive this.
  explicit TuningAhead(const TuningOptions &options);
  ~TuningAhead();

  /// Once at most.
  llvm::Expected<plan::TuningTable> take();

private:
  std::vector<std::string> notes; // whose thread is done before they go
  std::future<llvm::Expected<plan::TuningTable>> reading;
};

/// Gives the module, a graph for the target that it bears, what `table` knows of its contractions (`plan.tuning`).
void attachTuning(mlir::ModuleOp module, const plan::TuningTable &table, llvm::ArrayRef<int64_t> batches);
void attachTuning(mlir::ModuleOp module, const plan::CudaTuning &table, llvm::ArrayRef<int64_t> batches);

/// The tuning problems of a graph's contractions.
std::set<plan::CudaProblem> cudaProblemsOf(mlir::ModuleOp module, plan::CudaTargetAttr target, llvm::ArrayRef<int64_t> batches);

/// The contractions of a plan whose schedule was not measured, by step and ISA: `layer1.0.conv1 (avx2)`. `total` counts all.
std::vector<std::string> untunedSteps(mlir::ModuleOp module, size_t &total);

} // namespace skip::tool
