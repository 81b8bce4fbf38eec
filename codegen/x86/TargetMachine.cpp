// Target machines for an ISA level or a CPU, and the machine that we run on.
#include "codegen/x86/TargetMachine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <cstdlib>
#include <mutex>

using namespace skip;
using namespace skip::x86;

static const llvm::Target *backend() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  std::string ignored;
  return llvm::TargetRegistry::lookupTarget(llvm::Triple("x86_64-unknown-linux-gnu"), ignored);
}

/// The features that an ISA's kernels rely on, spelled out so that a `cpu` with a looser definition keeps its promise.
static std::string featuresOf(const Target &target) {
  llvm::StringRef level =
      target.isa == SKIP_ISA_AVX512 ? "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512cd,+avx2,+fma" : "+avx2,+fma";
  return target.features.empty() ? level.str() : target.features + "," + level.str();
}

std::unique_ptr<llvm::TargetMachine> x86::createTargetMachine(const Target &target) {
  const llvm::Target *x86 = backend();
  if (!x86)
    return nullptr;
  std::string cpu = target.cpu.empty() ? (target.isa == SKIP_ISA_AVX512 ? "x86-64-v4" : "x86-64-v3") : target.cpu;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only the fused operations that emitters ask for
  options.MCOptions.AsmVerbose = false;
  return std::unique_ptr<llvm::TargetMachine>(
      x86->createTargetMachine(llvm::Triple("x86_64-unknown-linux-gnu"), cpu, featuresOf(target), options, llvm::Reloc::PIC_,
                               llvm::CodeModel::Small, llvm::CodeGenOptLevel::Aggressive));
}

/// As if the CPU had none of the features that come with AVX-512, where SKIP_NO_AVX512 says so (as
/// runtime/x86/CpuDispatch.cpp).
static llvm::StringMap<bool> hostFeatures() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  const char *without = std::getenv("SKIP_NO_AVX512");
  if (without && *without && llvm::StringRef(without) != "0")
    for (auto &feature : features)
      if (feature.first().starts_with("avx512") || feature.first().starts_with("avx10"))
        feature.second = false;
  return features;
}

llvm::Expected<Target> x86::nativeTarget() {
  llvm::StringMap<bool> features = hostFeatures();
  auto hasAll = [&](std::initializer_list<llvm::StringRef> names) {
    return llvm::all_of(names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  if (!hasAll({"avx2", "fma"}))
    return llvm::createStringError("this CPU has no AVX2 and FMA, which Skip's kernels need");
  Target target;
  target.isa = hasAll({"avx512f", "avx512vl", "avx512bw", "avx512dq", "avx512cd"}) ? SKIP_ISA_AVX512 : SKIP_ISA_AVX2;
  target.cpu = llvm::sys::getHostCPUName().str();
  std::vector<std::string> names;
  for (const auto &feature : features)
    names.push_back(((feature.second ? "+" : "-") + feature.first()).str());
  llvm::sort(names);
  target.features = llvm::join(names, ",");
  return target;
}
