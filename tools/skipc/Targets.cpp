// From --target-cpu, SKIP_ISA and the machine to plan.target.
#include "tools/skipc/Targets.h"

#include "codegen/x86/EmitObject.h"
#include "tools/skipc/Failure.h"

#include <cstdlib>

using namespace skip;

std::vector<SkipIsa> tool::allIsas() { return {SKIP_ISA_AVX2, SKIP_ISA_AVX512}; }

llvm::Expected<std::vector<SkipIsa>> tool::hostIsas() {
  llvm::Expected<x86::Target> native = x86::nativeTarget();
  if (!native)
    return badInput(llvm::toString(native.takeError()));
  return native->isa == SKIP_ISA_AVX512 ? allIsas() : std::vector<SkipIsa>{SKIP_ISA_AVX2};
}

llvm::Expected<std::vector<SkipIsa>> tool::preferredIsa() {
  llvm::Expected<std::vector<SkipIsa>> host = hostIsas();
  if (!host)
    return host.takeError();
  const char *forced = std::getenv("SKIP_ISA");
  if (!forced || !*forced)
    return std::vector<SkipIsa>{host->back()};
  for (SkipIsa isa : *host)
    if (isaName(isa) == forced)
      return std::vector<SkipIsa>{isa};
  return badInput(llvm::Twine("SKIP_ISA is `") + forced + "`, this machine runs " +
                  (host->size() == 2 ? "avx2 and avx512" : "avx2"));
}

llvm::Expected<plan::TargetAttr> tool::targetAttribute(mlir::MLIRContext &context, llvm::StringRef cpu,
                                                       llvm::ArrayRef<SkipIsa> isas) {
  auto planIsa = [](SkipIsa isa) { return static_cast<plan::Isa>(isa); };
  if (cpu == "native") {
    llvm::Expected<x86::Target> native = x86::nativeTarget();
    if (!native)
      return badInput(llvm::toString(native.takeError()));
    return plan::TargetAttr::get(&context, {planIsa(native->isa)}, native->cpu, native->features);
  }
  if (!cpu.empty())
    return plan::TargetAttr::get(&context, {cpu == "x86-64-v4" ? plan::Isa::avx512 : plan::Isa::avx2}, "", "");
  llvm::SmallVector<plan::Isa, 2> list = llvm::map_to_vector<2>(isas, planIsa);
  return plan::TargetAttr::get(&context, list, "", "");
}

llvm::StringRef tool::isaName(SkipIsa isa) { return isa == SKIP_ISA_AVX512 ? "avx512" : "avx2"; }
