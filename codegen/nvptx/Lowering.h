// The CUDA target's kernels: entries of an image, and jobs for their code.
#pragma once

#include "codegen/TargetLowering.h"
#include "codegen/nvptx/EmitPtx.h"

namespace skip::nvptx {

class Lowering : public codegen::TargetLowering {
public:
  /// Appends to `jobs` each kernel once, whatever the number of variants.
  Lowering(plan::CudaTargetAttr target, std::vector<Job> &jobs) : attribute(target), jobs(jobs) {}

  SkipTarget target() const override { return SKIP_TARGET_CUDA; }
  codegen::Variant startVariant(int64_t batch) override;
  std::optional<uint32_t> addKernel(plan::KernelOp kernel, codegen::Variant &variant) override;
  codegen::StepShape stepShapeOf(plan::KernelOp kernel) const override;
  std::optional<size_t> identityOf(plan::KernelOp kernel) override;
  codegen::Refusal refusalOf(plan::KernelOp kernel) const override;

private:
  using Specs = llvm::SmallVector<Spec, 2>; // of a kernel, by column

  std::optional<Specs> specsOf(plan::KernelOp kernel) const;
  std::string symbolFor(const Spec &spec, llvm::StringRef name);

  plan::CudaTargetAttr attribute;
  std::vector<Job> &jobs;
  std::vector<Specs> kernels; // of the variant
  std::vector<Specs> known;   // of the module's, by number
};

} // namespace skip::nvptx
