// The identity of a kernel is the list of its specifications, compared member by member: no text that stands for them, which
// could leave one out.
#include "codegen/x86/KernelIdentity.h"

#include "codegen/x86/KernelSpec.h"

std::optional<skip::codegen::KernelIdentity> skip::codegen::identityOf(plan::KernelOp kernel) {
  KernelIdentity identity;
  mlir::FailureOr<plan::TargetInterface> target = plan::targetOf(kernel);
  auto x86 = mlir::succeeded(target) ? llvm::dyn_cast<plan::X86TargetAttr>(*target) : nullptr;
  if (!x86)
    return std::nullopt;
  for (auto [schedule, isa] : llvm::zip_equal(kernel.getSchedulesAttr(), x86.getIsas())) {
    std::optional<kernel::Spec> spec = specOf(kernel, schedule, static_cast<SkipIsa>(isa));
    if (!spec)
      return std::nullopt;
    identity.push_back(std::move(*spec));
  }
  return identity;
}
