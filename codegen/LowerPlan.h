// From the plan dialect to data: the image's tables and the kernels that they need.
#pragma once

#include "codegen/Image.h"
#include "codegen/x86/EmitObject.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace skip::codegen {

struct LoweredModel {
  Image image;
  std::vector<x86::Job> jobs; // each kernel once for each ISA, whatever the number of variants
};

/// `module` went through the whole plan pipeline. An error (a defect of ours) is emitted at the kernel it concerns.
mlir::FailureOr<LoweredModel> lowerPlan(mlir::ModuleOp module, llvm::StringRef name);

} // namespace skip::codegen
