// From --target-cpu, --isa, SKIP_ISA and the machine to the bodies that run, and to plan.target.
#include "tools/compile/Targets.h"

#include "codegen/TargetTable.h"
#include "codegen/x86/EmitObject.h"
#include "ir/plan/x86/Isa.h"
#include "tools/text/Failure.h"

#include <cstdlib>

using namespace skip;
using tool::Body;

static SkipTarget abiTarget(tool::Target target) { return static_cast<SkipTarget>(target); }

llvm::StringRef tool::nameOf(Target target) { return codegen::entryOf(abiTarget(target)).name; }

std::vector<std::string> tool::targetNames() {
  std::vector<std::string> names;
  for (const codegen::TargetEntry &entry : codegen::targetTable())
    names.push_back(entry.name.str());
  return names;
}

llvm::Expected<std::vector<tool::Target>> tool::targetsNamed(llvm::ArrayRef<std::string> names) {
  std::vector<Target> targets;
  for (const std::string &name : names) {
    const auto *entry = llvm::find_if(codegen::targetTable(), [&](const auto &each) { return each.name == name; });
    if (entry == codegen::targetTable().end())
      return badInput("--target: there is no target `" + name + "`, only " + llvm::join(targetNames(), ", "));
    auto target = static_cast<Target>(entry->target);
    if (llvm::is_contained(targets, target))
      return badInput("--target names `" + name + "` twice");
    targets.push_back(target);
  }
  return targets.empty() ? std::vector{Target::x86} : targets;
}

llvm::Expected<tool::Target> tool::runnableTarget(const BodyOptions &options) {
  llvm::Expected<std::vector<Target>> targets = targetsNamed(options.targets);
  if (!targets)
    return targets.takeError();
  if (targets->size() > 1)
    return badInput("what runs at once runs on one target: give --target one name");
  return targets->front();
}

const char *const tool::bodyRule =
    "Which body runs: the widest of this machine (verify: each of them) that --target-cpu, verify's --isa and the\n"
    "environment's SKIP_ISA=avx2|avx512 all allow. Two that exclude each other are an error.";

namespace {
/// What one of the three says.
struct Wish {
  std::string text; ///< as the user wrote it
  std::vector<Body> bodies;
  bool needsAll = false; ///< not any of these bodies but each

  bool allows(Body body) const { return llvm::is_contained(bodies, body); }
  bool excludes(const Wish &other) const {
    auto isShared = [&](Body body) { return other.allows(body); };
    return needsAll ? !llvm::all_of(bodies, isShared) : llvm::none_of(bodies, isShared);
  }
};
} // namespace

/// A wish for the body called `name`, or for none if there is no such body.
static Wish wishFor(std::string text, llvm::StringRef name) {
  std::optional<Body> body = tool::bodyNamed(name);
  return {std::move(text), body ? std::vector{*body} : std::vector<Body>()};
}

static Body bodyOfCpu(llvm::StringRef cpu, Body native) {
  return cpu == "native" ? native : cpu == "x86-64-v4" ? Body::avx512 : Body::avx2;
}

static llvm::Expected<std::vector<Wish>> wishesOf(const tool::BodyOptions &options, Body widest) {
  std::vector<Wish> wishes;
  if (const char *forced = std::getenv("SKIP_ISA"); forced && *forced) {
    wishes.push_back(wishFor(std::string("SKIP_ISA=") + forced, forced));
    if (wishes[0].bodies.empty())
      return tool::badInput(llvm::Twine("SKIP_ISA in the environment is `") + forced + "`; it may be avx2 or avx512, or unset");
  }
  if (const std::string &cpu = options.targetCpu; !cpu.empty())
    wishes.push_back({"--target-cpu=" + cpu, {bodyOfCpu(cpu, widest)}});
  if (options.isa == "both")
    wishes.push_back({"--isa=both", {Body::avx2, Body::avx512}, /*needsAll=*/true});
  else if (!options.isa.empty())
    wishes.push_back(wishFor("--isa=" + options.isa, options.isa));
  return wishes;
}

static llvm::Expected<x86::Target> nativeTarget() {
  llvm::Expected<x86::Target> native = x86::nativeTarget();
  return native ? std::move(native) : tool::badInput(llvm::toString(native.takeError()));
}

static Body bodyOf(SkipIsa isa) { return *tool::bodyNamed(plan::isaName(isa)); }

llvm::Expected<Body> tool::widestBody() {
  llvm::Expected<x86::Target> native = nativeTarget();
  if (!native)
    return native.takeError();
  return bodyOf(native->isa);
}

llvm::Expected<std::vector<Body>> tool::runnableBodies(const BodyOptions &options) {
  llvm::Expected<Body> widest = widestBody();
  if (!widest)
    return widest.takeError();
  return bodiesOfMachine(options, *widest, "this machine");
}

llvm::Expected<std::vector<Body>> tool::bodiesOfMachine(const BodyOptions &options, Body widest, const std::string &name) {
  llvm::Expected<std::vector<Wish>> wishes = wishesOf(options, widest);
  if (!wishes)
    return wishes.takeError();
  for (const Wish &one : *wishes)
    for (const Wish &other : *wishes)
      if (one.excludes(other))
        return badInput("`" + one.text + "` and `" + other.text + "` exclude each other");
  Wish machine{name, {}};
  llvm::copy_if(allBodies, std::back_inserter(machine.bodies), [&](Body body) { return body <= widest; });
  for (const Wish &wish : *wishes)
    if (wish.excludes(machine))
      return badInput("`" + wish.text + "` needs AVX-512, which " + name + " lacks");
  std::vector<Body> bodies;
  llvm::copy_if(machine.bodies, std::back_inserter(bodies),
                [&](Body body) { return llvm::all_of(*wishes, [&](const Wish &wish) { return wish.allows(body); }); });
  return bodies;
}

llvm::Expected<std::vector<Body>> tool::preferredBody(const BodyOptions &options) {
  llvm::Expected<Target> target = runnableTarget(options);
  if (!target)
    return target.takeError();
  if (*target != Target::x86)
    return std::vector<Body>();
  llvm::Expected<std::vector<Body>> bodies = runnableBodies(options);
  if (!bodies)
    return bodies.takeError();
  return std::vector<Body>{bodies->back()};
}

plan::Isa tool::planIsaOf(Body body) {
  switch (body) {
  case Body::avx2:
    return plan::Isa::avx2;
  case Body::avx512:
    return plan::Isa::avx512;
  }
  llvm_unreachable("a body that no plan knows");
}

llvm::Expected<plan::Precision> tool::precisionFor(const BodyOptions &options, llvm::ArrayRef<Target> targets) {
  if (options.precision.empty())
    return plan::Precision::f32;
  std::optional<plan::Precision> precision = plan::symbolizePrecision(options.precision);
  if (!precision)
    return badInput("--precision: `" + options.precision + "` is none of f32, tf32, f16 and bf16");
  if (*precision != plan::Precision::f32 && llvm::is_contained(targets, Target::x86))
    return badInput("--precision=" + options.precision +
                    ": x86 computes in f32 alone; give --target=cuda, or leave --precision out");
  return *precision;
}

plan::TargetInterface tool::cudaTargetAttribute(mlir::MLIRContext &context, plan::Precision precision, bool hasSm90a) {
  llvm::SmallVector<plan::Architecture, 2> architectures{plan::Architecture::sm_80};
  if (hasSm90a)
    architectures.push_back(plan::Architecture::sm_90a);
  return plan::CudaTargetAttr::get(&context, architectures, precision);
}

llvm::Expected<plan::X86TargetAttr> tool::targetAttribute(mlir::MLIRContext &context, llvm::StringRef cpu,
                                                          llvm::ArrayRef<Body> bodies) {
  if (cpu == "native") {
    llvm::Expected<x86::Target> native = nativeTarget();
    if (!native)
      return native.takeError();
    return plan::X86TargetAttr::get(&context, {planIsaOf(bodyOf(native->isa))}, native->cpu, native->features);
  }
  llvm::SmallVector<plan::Isa, 2> isas = cpu.empty() ? llvm::map_to_vector<2>(bodies, planIsaOf)
                                                     : llvm::SmallVector<plan::Isa, 2>{planIsaOf(bodyOfCpu(cpu, Body::avx2))};
  return plan::X86TargetAttr::get(&context, isas, "", "");
}
