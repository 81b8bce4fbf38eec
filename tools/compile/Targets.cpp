// From --target-cpu, --isa, SKIP_ISA and the machine to the bodies that run, and to plan.target.
#include "tools/compile/Targets.h"

#include "codegen/x86/EmitObject.h"
#include "tools/text/Failure.h"

#include <cstdlib>

using namespace skip;

std::vector<SkipIsa> tool::allIsas() { return {SKIP_ISA_AVX2, SKIP_ISA_AVX512}; }

const char *const tool::bodyRule =
    "Which body runs: the widest of this machine (verify: each of them) that --target-cpu, verify's --isa and the\n"
    "environment's SKIP_ISA=avx2|avx512 all allow. Two that exclude each other are an error.";

namespace {
/// What one of the three says.
struct Wish {
  std::string text; ///< as the user wrote it
  bool allows[SKIP_ISA_COUNT];
  bool needsAll = false; ///< not any of the allowed bodies but each

  bool excludes(const Wish &other) const {
    bool shared = false, lost = false;
    for (SkipIsa isa : tool::allIsas()) {
      shared |= allows[isa] && other.allows[isa];
      lost |= needsAll && allows[isa] && !other.allows[isa];
    }
    return !shared || lost;
  }
};
} // namespace

/// A wish for the body called `isa`.
static Wish wishFor(std::string text, llvm::StringRef isa) {
  return {std::move(text), {isa == tool::isaName(SKIP_ISA_AVX2), isa == tool::isaName(SKIP_ISA_AVX512)}};
}

static llvm::Expected<std::vector<Wish>> wishesOf(const tool::BodyOptions &options, SkipIsa widest) {
  std::vector<Wish> wishes;
  if (const char *forced = std::getenv("SKIP_ISA"); forced && *forced) {
    wishes.push_back(wishFor(std::string("SKIP_ISA=") + forced, forced));
    if (!wishes[0].allows[SKIP_ISA_AVX2] && !wishes[0].allows[SKIP_ISA_AVX512])
      return tool::badInput(llvm::Twine("SKIP_ISA in the environment is `") + forced + "`; it may be avx2 or avx512, or unset");
  }
  if (const std::string &cpu = options.targetCpu; !cpu.empty()) {
    SkipIsa isa = cpu == "native" ? widest : cpu == "x86-64-v4" ? SKIP_ISA_AVX512 : SKIP_ISA_AVX2;
    wishes.push_back(wishFor("--target-cpu=" + cpu, tool::isaName(isa)));
  }
  if (options.isa == "both")
    wishes.push_back({"--isa=both", {true, true}, /*needsAll=*/true});
  else if (!options.isa.empty())
    wishes.push_back(wishFor("--isa=" + options.isa, options.isa));
  return wishes;
}

llvm::Expected<std::vector<SkipIsa>> tool::runnableIsas(const BodyOptions &options) {
  llvm::Expected<x86::Target> native = x86::nativeTarget();
  if (!native)
    return badInput(llvm::toString(native.takeError()));
  return isasOfMachine(options, native->isa, "this machine");
}

llvm::Expected<std::vector<SkipIsa>> tool::isasOfMachine(const BodyOptions &options, SkipIsa widest, const std::string &name) {
  llvm::Expected<std::vector<Wish>> wishes = wishesOf(options, widest);
  if (!wishes)
    return wishes.takeError();
  for (const Wish &one : *wishes)
    for (const Wish &other : *wishes)
      if (one.excludes(other))
        return badInput("`" + one.text + "` and `" + other.text + "` exclude each other");
  Wish machine{name, {true, widest == SKIP_ISA_AVX512}};
  for (const Wish &wish : *wishes)
    if (wish.excludes(machine))
      return badInput("`" + wish.text + "` needs AVX-512, which " + name + " lacks");
  std::vector<SkipIsa> isas;
  for (SkipIsa isa : allIsas())
    if (machine.allows[isa] && llvm::all_of(*wishes, [&](const Wish &wish) { return wish.allows[isa]; }))
      isas.push_back(isa);
  return isas;
}

llvm::Expected<std::vector<SkipIsa>> tool::preferredIsa(const BodyOptions &options) {
  llvm::Expected<std::vector<SkipIsa>> isas = runnableIsas(options);
  if (!isas)
    return isas.takeError();
  return std::vector<SkipIsa>{isas->back()};
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
