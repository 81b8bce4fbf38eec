// The x86 target's kernels: entries of an image, and jobs for their code.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/x86/EmitObject.h"
#include "codegen/x86/KernelIdentity.h"

namespace skip::x86 {

class Lowering : public codegen::TargetLowering {
public:
  /// Appends to `jobs` each kernel once for each ISA, whatever the number of variants. `prefix` begins their symbols, so that
  /// two plans of one library may call different kernels alike.
  Lowering(plan::X86TargetAttr target, std::vector<Job> &jobs, llvm::StringRef prefix = "k.")
      : isas(target), jobs(jobs), prefix(prefix) {}

  SkipTarget target() const override { return SKIP_TARGET_X86; }
  codegen::Variant startVariant(int64_t batch) override;
  std::optional<uint32_t> addKernel(plan::KernelOp kernel, codegen::Variant &variant) override;
  codegen::StepShape stepShapeOf(plan::KernelOp kernel) const override;
  std::optional<size_t> identityOf(plan::KernelOp kernel) override;
  void printTiling(llvm::raw_ostream &os, plan::KernelOp kernel) const override;

private:
  codegen::X86Kernel entryOf(plan::KernelOp kernel, const codegen::KernelIdentity &identity);
  std::string symbolFor(const kernel::Spec &spec, const Target &machine, const std::string &symbol);

  plan::X86TargetAttr isas;
  std::vector<Job> &jobs;
  llvm::StringRef prefix;
  std::vector<codegen::KernelIdentity> identities; // of the variant's kernels
  std::vector<codegen::KernelIdentity> known;      // of the module's, by number
};

} // namespace skip::x86
