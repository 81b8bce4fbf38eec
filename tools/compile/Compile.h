// The stages in order, from a spec to object code.
#pragma once

#include "codegen/LowerPlan.h"
#include "frontend/Frontend.h"
#include "tools/compile/Assembler.h"
#include "tools/compile/Targets.h"
#include "tools/compile/Tuning.h"
#include "tools/text/Failure.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <optional>

namespace mlir {
class OpPassManager;
}

namespace skip::tool {

/// What is compiled, and how.
struct CompileOptions : BodyOptions, TuningOptions {
  std::string spec; ///< a path, or a name of the catalogue
  std::string model;
  std::vector<frontend::Define> defines;
  std::vector<std::string> importPaths;
  std::vector<int64_t> batches;
  bool exact = false; ///< no algorithm that rounds differently from the direct one
  unsigned jobs = 0;  ///< threads that compile kernels; 0: all cores
  std::string dumpDir;
  bool printIrAfterAll = false;
  bool train = false;                ///< a training library: gradients beside inference, for x86
  std::vector<std::string> settings; ///< of training, NAME=VALUE, over those of the spec
  std::vector<std::string> freeze;   ///< labels of what training keeps as it is, in place of the spec's; empty: those
  bool timing = false;
  ObjectOptions objects;                  ///< of kernels for GPUs
  std::optional<int32_t> runsOn;          ///< the GPU that runs what is compiled, by its number in the driver; else the first
  std::function<void(Finding)> onWarning; ///< of the spec, which has been printed; may be empty
};

/// What a plan is made for.
struct PlanRequest {
  std::string name;              ///< of the library, a C identifier; empty: the model's
  std::vector<int64_t> batches;  ///< ascending
  std::vector<Body> bodies;      ///< ascending; with --target-cpu that decides
  TuningAhead *tuning = nullptr; ///< for x86, where it is being read already; it is taken
};

/// One model on its way through the stages. Each stage needs the one before it; after an error nothing more may be called. With
/// --dump-dir each stage leaves its text there.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options);

  /// Text to graph; errors in the spec have been printed when this returns. To train, also the graph of a step, as the spec's
  /// recipe says with the settings; an error where it has none, or they do not fit.
  llvm::Error readGraph();
  /// The passes on the graph.
  llvm::Error optimizeGraph();
  /// Graph to a plan for each target.
  llvm::Error makePlan(const PlanRequest &request);
  /// Plans to the image's tables and the list of kernels.
  llvm::Error lower();
  /// Kernels to objects. Those that were compiled before are taken from kernelCacheFolder().
  llvm::Error compileKernels();

  /// The canonical text of the spec (the `ast` stage).
  llvm::Error printSyntax(llvm::raw_ostream &os);

  mlir::ModuleOp module() const { return *workModule; } ///< the graph, or the first target's plan, as it stands now
  mlir::ModuleOp training() const {
    return trainingModule.get();
  } ///< the same of a step's gradients; null unless that is compiled
  std::vector<mlir::ModuleOp> plans() const; ///< one for each target
  /// How the spec says that it is trained, with the settings over it.
  const std::optional<frontend::Recipe> &recipe() const { return trainingRecipe; }
  codegen::LoweredModel &lowered() { return loweredModel; }
  const std::vector<std::string> &objects() const { return compiled.objects; } ///< in the order of lowered().jobs
  const std::vector<std::string> &ptx() const { return cudaTexts; }            ///< in the order of lowered().cudaJobs
  const std::string &libraryName() const { return name; }
  bool isTimed() const { return options.timing; }
  int32_t device() const { return options.runsOn.value_or(0); } ///< that runs it, of those that the target counts

private:
  /// When a stage's result is: by whom prints it or by the next stage, or at once.
  enum class Verify { byWhoReads, inTheEnd };
  llvm::Error runPasses(llvm::StringRef stage, mlir::ModuleOp module, Verify verify,
                        llvm::function_ref<void(mlir::OpPassManager &)> build);
  llvm::Error startTraining();
  llvm::Error planTraining(const PlanRequest &request);
  llvm::Error planFor(Target target, mlir::ModuleOp module, const PlanRequest &request);
  llvm::Error compileX86(codegen::KernelCache &cache, llvm::function_ref<void()> onCompiled);
  llvm::Error compileCuda(codegen::KernelCache &cache, llvm::function_ref<void()> onCompiled);
  llvm::Error assembleCuda(llvm::ArrayRef<codegen::Code> texts, std::vector<codegen::Code> &codes);
  llvm::Error dump(llvm::StringRef file, llvm::function_ref<void(llvm::raw_ostream &)> print);

  llvm::Error dumpKernels();

  const CompileOptions &options;
  mlir::MLIRContext context;
  frontend::Sources sources;
  std::string path, name;
  mlir::OwningOpRef<mlir::ModuleOp> workModule;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> otherPlans; // of the targets behind the first
  mlir::OwningOpRef<mlir::ModuleOp> trainingModule;
  std::optional<frontend::Recipe> trainingRecipe;
  codegen::LoweredModel loweredModel;
  x86::Compiled compiled;
  std::vector<std::string> cudaTexts;
};

/// The batch bounds of --batch, ascending and each once, or without the flag `otherwise`.
std::vector<int64_t> batchBounds(const CompileOptions &options, std::vector<int64_t> otherwise);

/// Text of MLIR that reads back, values named after the user's.
void printModule(mlir::ModuleOp module, llvm::raw_ostream &os);

/// The threads that --jobs means.
unsigned compileThreads(const CompileOptions &options);

} // namespace skip::tool
