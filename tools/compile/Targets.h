// Which bodies to build.
#pragma once

#include "ir/plan/Plan.h"
#include "runtime/Abi.h"
#include "tools/tuning/Body.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::tool {

/// What plans are made for.
enum class Target { x86 = SKIP_TARGET_X86, cuda = SKIP_TARGET_CUDA };

/// As --target calls it.
llvm::StringRef nameOf(Target target);

/// What --target takes.
std::vector<std::string> targetNames();

/// The targets of --target, in the order in which a library tries them; without the flag x86.
llvm::Expected<std::vector<Target>> targetsNamed(llvm::ArrayRef<std::string> names);

/// Which targets and bodies the user wants.
struct BodyOptions {
  std::vector<std::string> targets; ///< by name, in the order in which a library tries them; empty: x86
  std::string precision;            ///< of contractions: f32, tf32, f16 or bf16; empty: f32
  std::string targetCpu;            ///< native, x86-64-v3 or x86-64-v4; empty: see the command
  std::string isa;                  ///< of verify and tune: avx2, avx512, both; empty: see the command
};

/// The widest body that this machine runs; an error if there is none.
llvm::Expected<Body> widestBody();

/// The target of a model that runs at once; an error if --target names several.
llvm::Expected<Target> runnableTarget(const BodyOptions &options);

/// The bodies that a model which runs at once on x86 may have, ascending: those of this machine that --target-cpu, --isa and
/// SKIP_ISA in the environment all allow. An error names the two that exclude each other, or the one that this machine cannot
/// fulfil.
llvm::Expected<std::vector<Body>> runnableBodies(const BodyOptions &options);

/// The same for a machine whose widest body is `widest`; an error names it as `machine`.
llvm::Expected<std::vector<Body>> bodiesOfMachine(const BodyOptions &options, Body widest, const std::string &machine);

/// The widest of them. Of another target than x86 none, whatever the machine.
llvm::Expected<std::vector<Body>> preferredBody(const BodyOptions &options);

/// The rule of runnableBodies, for --help.
extern const char *const bodyRule;

/// The instruction set of plans that a body is compiled for.
plan::Isa planIsaOf(Body body);

/// What --precision says; an error if one of the targets has no kernels for it.
llvm::Expected<plan::Precision> precisionFor(const BodyOptions &options, llvm::ArrayRef<Target> targets);

/// The target of a plan for GPUs: sm_80, whose code every later one runs, and if so sm_90a.
plan::TargetInterface cudaTargetAttribute(mlir::MLIRContext &context, plan::Precision precision, bool hasSm90a);

/// The target of a plan for x86: by `cpu` (--target-cpu), or where that is empty each of `bodies`.
llvm::Expected<plan::X86TargetAttr> targetAttribute(mlir::MLIRContext &context, llvm::StringRef cpu,
                                                    llvm::ArrayRef<Body> bodies);

} // namespace skip::tool
