// From the plan dialect to data: the image's tables and the kernels that they need.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/TrainingImage.h"
#include "codegen/nvptx/EmitPtx.h"
#include "codegen/x86/EmitObject.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace skip::codegen {

struct LoweredModel {
  LoweredModel(); // they are compiled once: the kinds of kernels are many
  LoweredModel(LoweredModel &&);
  ~LoweredModel();
  LoweredModel &operator=(LoweredModel &&);

  Image image;
  std::optional<TrainingImage> training;
  std::vector<x86::Job> jobs;       // each kernel once for each ISA, whatever the number of variants
  std::vector<nvptx::Job> cudaJobs; // each kernel once
};

/// What makes kernels of a plan for `target`, into a model that outlives it; null where no target has such plans.
std::unique_ptr<TargetLowering> loweringFor(plan::TargetInterface target, LoweredModel &model);

/// The plans of one model, for a target each, in the order in which these are tried. They went through the whole plan pipeline.
/// An error (a defect of ours) is emitted at the kernel it concerns.
mlir::FailureOr<LoweredModel> lowerPlans(llvm::ArrayRef<mlir::ModuleOp> modules, llvm::StringRef name);

/// The same of a model for one target.
inline mlir::FailureOr<LoweredModel> lowerPlan(mlir::ModuleOp module, llvm::StringRef name) { return lowerPlans(module, name); }

/// Adds the plan of the model's gradients (functions of role `gradients`, for x86), which went through the whole plan pipeline
/// too.
mlir::LogicalResult lowerTraining(mlir::ModuleOp module, llvm::StringRef name, LoweredModel &model);

} // namespace skip::codegen
