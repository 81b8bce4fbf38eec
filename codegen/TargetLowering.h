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

/// Why a target has no code for a kernel.
struct Refusal {
  std::string text;
  bool isKnown = false; ///< what the target lacks, and says so; else a defect of the compiler
};

/// The defect that no family computes the kernel, with the operations that it is made of.
inline Refusal noFamilyComputes(plan::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "no kernel family computes this";
  for (mlir::Operation &op : kernel.getBody().front().without_terminator())
    os << (&op == &kernel.getBody().front().front() ? ": `" : ", `") << op.getName() << "`";
  return {text};
}

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

  /// A number for all that the kernel's code is made from: kernels of one number have equal code, whatever layer, batch or
  /// variant they stand in. Nothing when no kernel family computes it. The kernel must have layouts and schedules.
  virtual std::optional<size_t> identityOf(plan::KernelOp kernel) = 0;
  /// What people tell contractions of this target apart by, besides their structure.
  virtual void printTiling(llvm::raw_ostream &, plan::KernelOp) const {}
  /// Why no kernel family computes `kernel`.
  virtual Refusal refusalOf(plan::KernelOp kernel) const { return noFamilyComputes(kernel); }

protected:
  /// The number of `identity` among `known`, to which a new one is added.
  template <typename Identity> static size_t numberOf(Identity identity, std::vector<Identity> &known) {
    size_t number = llvm::find(known, identity) - known.begin();
    if (number == known.size())
      known.push_back(std::move(identity));
    return number;
  }
};

/// An error at the kernel; of what the target is known to lack one that isKnownLack tells.
mlir::LogicalResult refuse(const TargetLowering &target, plan::KernelOp kernel);

/// Whether an error says what a target is known to lack, which is not a defect.
bool isKnownLack(mlir::Diagnostic &diagnostic);

} // namespace skip::codegen
