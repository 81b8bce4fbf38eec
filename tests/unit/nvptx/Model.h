// A model compiled for CUDA, and its plan run step by step on the emulator, each step held against the reference.
#pragma once

#include "codegen/LowerPlan.h"
#include "ir/plan/Plan.h"
#include "ir/plan/cuda/MmaSchedule.h"
#include "ir/plan/cuda/WgmmaSchedule.h"
#include "ir/reference/Tensor.h"
#include "tests/unit/emulator-driver/Gpu.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <random>

namespace skip::testing {

using reference::Tensor;

/// A run of a plan: how many of the bound's images there are, and how the emulator goes about it.
struct Run {
  int64_t images = 1;
  uint64_t seed = 1;
  emulator::Completion completion = emulator::Completion::mixed;
  std::optional<float> special = {}; // what every 37th value of the inputs is
};

class Model {
public:
  /// Of a spec's only model, for one batch bound; a section's activations stay within so many megabytes. Parameters are random.
  /// It runs on the first GPU of the column.
  Model(const char *spec, int64_t batch, plan::Precision precision = plan::Precision::f32, int64_t near = 512,
        SkipCudaColumn column = SKIP_CUDA_SM_80);
  Model(const Model &) = delete;

  /// Chooses the tile of every contraction instead of the pipeline, in the column that it runs, and makes the code again.
  void useTile(const plan::GemmTile &tile);
  void useTile(const plan::MmaTile &tile);
  void useTile(const plan::WgmmaTile &tile);

  /// Runs the plan on a fresh emulator with all checks on, and compares each step's result with the reference's for the inputs
  /// that it read, to `bound` of its largest value and the rounding of its store; infinities and NaN are to be where they are
  /// in the reference's. The outputs.
  std::vector<std::vector<float>> run(const Run &run, double bound);

  /// The names of the kernels that it needs.
  std::vector<std::string> kernels() const;
  const std::string &ptx() const { return text; }
  mlir::ModuleOp plan() const { return *module; }

private:
  struct Memory;

  void compile();
  void useSchedule(llvm::function_ref<mlir::Attribute(mlir::Attribute)> choose);
  Tensor evaluate(plan::KernelOp kernel, const std::vector<Tensor> &inputs) const;
  void packWeights();
  Tensor loadedValue(plan::LoadOp load);
  void step(Memory &memory, plan::KernelOp kernel, const codegen::Step &step, int64_t first, int64_t turn, double bound);
  void launch(Memory &memory, const codegen::Step &step, int64_t first, int64_t turn);
  void compare(Memory &memory, plan::KernelOp kernel, const codegen::Step &step, const std::vector<Tensor> &inputs,
               int64_t first, int64_t count, double bound);

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  codegen::LoweredModel lowered;
  std::string text;
  int64_t batch;
  std::map<std::string, Tensor> parameters;
  llvm::DenseMap<mlir::Value, Tensor> loaded; // values of the load table's entries
  std::vector<std::byte> weights;             // packed
  plan::Precision precision;
  SkipCudaColumn column;
};

} // namespace skip::testing
