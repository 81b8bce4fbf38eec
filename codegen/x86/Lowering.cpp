#include "codegen/x86/Lowering.h"

#include "codegen/x86/KernelSpec.h"
#include "codegen/x86/StepParams.h"
#include "ir/plan/WinogradLayout.h"
#include "ir/plan/x86/Shapes.h"

using namespace skip;
using codegen::KernelIdentity;
using codegen::X86Kernel;
using codegen::X86Kernels;

codegen::Variant x86::Lowering::startVariant(int64_t batch) {
  identities.clear();
  codegen::Variant variant;
  variant.extents = {{batch, batch}, {plan::winogradMostCopies, 1}};
  variant.threadsExtent = codegen::kThreadsExtent;
  return variant;
}

/// The symbol of the function that computes `spec`: a known one's, or that of a new job.
std::string x86::Lowering::symbolFor(const kernel::Spec &spec, const Target &machine, const std::string &symbol) {
  auto known = llvm::find_if(jobs, [&](const Job &job) { return job.target.isa == machine.isa && job.spec == spec; });
  if (known != jobs.end())
    return known->symbol;
  jobs.push_back({symbol, spec, machine});
  return symbol;
}

X86Kernel x86::Lowering::entryOf(plan::KernelOp kernel, const KernelIdentity &identity) {
  X86Kernel entry;
  entry.name = kernel.getKernelAttr().str();
  entry.split.fill({1, 1, 1});
  for (auto [isa, spec] : llvm::zip_equal(isas.getIsas(), identity)) {
    size_t column = static_cast<size_t>(isa);
    entry.split[column] = kernel::splitOf(spec);
    Target machine{static_cast<SkipIsa>(isa), isas.getCpu().str(), isas.getFeatures().str()};
    entry.symbols[column] = symbolFor(spec, machine, (prefix + entry.name + ".").str() + plan::stringifyIsa(isa).str());
  }
  return entry;
}

codegen::StepShape x86::Lowering::stepShapeOf(plan::KernelOp kernel) const { return codegen::stepShapeOf(kernel); }

std::optional<uint32_t> x86::Lowering::addKernel(plan::KernelOp kernel, codegen::Variant &variant) {
  std::optional<KernelIdentity> identity = codegen::identityOf(kernel);
  if (!identity)
    return std::nullopt;
  size_t index = llvm::find(identities, *identity) - identities.begin();
  if (index == identities.size()) {
    std::get<X86Kernels>(variant.kernels).push_back(entryOf(kernel, *identity));
    identities.push_back(std::move(*identity));
  }
  return static_cast<uint32_t>(index);
}

std::optional<size_t> x86::Lowering::identityOf(plan::KernelOp kernel) {
  std::optional<KernelIdentity> identity = codegen::identityOf(kernel);
  return identity ? std::optional(numberOf(std::move(*identity), known)) : std::nullopt;
}

void x86::Lowering::printTiling(llvm::raw_ostream &os, plan::KernelOp kernel) const {
  if (plan::imagesAreColumns(kernel))
    os << ".columns";
  if (!plan::usesStrassen(kernel))
    return;
  for (const plan::ContractionView &view : plan::contractionsOf(kernel))
    os << ".c" << view.inChannels;
  os << ".w" << llvm::cast<mlir::RankedTensorType>(kernel.getResult(0).getType()).getDimSize(3);
}
