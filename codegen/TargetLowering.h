// What a target makes of a plan's kernels. Ports, tensors, loads, operands and sections are the same for all targets.
#pragma once

#include "codegen/Image.h"
#include "ir/plan/Plan.h"

#include <optional>

namespace skip::codegen {

/// A kernel's inputs in the order that its code wants, and its parameters. The results come after the inputs.
struct StepShape {
  llvm::SmallVector<unsigned> inputs;
  std::vector<SkipParam> params;
};

/// One module's, variant by variant.
class TargetLowering {
public:
  virtual ~TargetLowering() = default;

  virtual SkipTarget target() const = 0;
  /// A variant without steps, to which the kernels that are added next belong.
  virtual Variant startVariant(int64_t batch) = 0;
  /// The kernel's index in the variant's table, which gets an entry unless it has an equal one. Nothing when no kernel family
  /// computes it.
  virtual std::optional<uint32_t> addKernel(plan::KernelOp kernel, Variant &variant) = 0;
  virtual StepShape stepShapeOf(plan::KernelOp kernel) const = 0;
};

} // namespace skip::codegen
