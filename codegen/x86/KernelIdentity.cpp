// The identity of a kernel is the list of its specifications, compared member by member: no text that stands for them, which
// could leave one out.
#include "codegen/x86/KernelIdentity.h"

#include "codegen/x86/KernelSpec.h"

std::optional<skip::codegen::KernelIdentity> skip::codegen::identityOf(plan::KernelOp kernel) {
  KernelIdentity identity;
  for (mlir::Attribute schedule : kernel.getSchedulesAttr()) {
    std::optional<kernel::Spec> spec = specOf(kernel, schedule);
    if (!spec)
      return std::nullopt;
    identity.push_back(std::move(*spec));
  }
  return identity;
}
