// Which bodies to build.
#pragma once

#include "ir/plan/Plan.h"
#include "runtime/Abi.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::tool {

/// Which bodies the user wants.
struct BodyOptions {
  std::string targetCpu; ///< native, x86-64-v3 or x86-64-v4; empty: see the command
  std::string isa;       ///< of verify and tune: avx2, avx512, both; empty: see the command
};

/// Every body, for libraries that run anywhere.
std::vector<SkipIsa> allIsas();

/// The bodies that a model which runs at once may have, ascending: those of this machine that --target-cpu, --isa and SKIP_ISA
/// in the environment all allow. An error names the two that exclude each other, or the one that this machine cannot fulfil.
llvm::Expected<std::vector<SkipIsa>> runnableIsas(const BodyOptions &options);

/// The same for a machine whose widest ISA is `widest`; an error names it as `machine`.
llvm::Expected<std::vector<SkipIsa>> isasOfMachine(const BodyOptions &options, SkipIsa widest, const std::string &machine);

/// The widest of them.
llvm::Expected<std::vector<SkipIsa>> preferredIsa(const BodyOptions &options);

/// The rule of runnableIsas, for --help.
extern const char *const bodyRule;

/// The target of a plan: by `cpu` (--target-cpu), or where that is empty a body for each of `isas`.
llvm::Expected<plan::TargetAttr> targetAttribute(mlir::MLIRContext &context, llvm::StringRef cpu, llvm::ArrayRef<SkipIsa> isas);

/// `avx2` or `avx512`.
llvm::StringRef isaName(SkipIsa isa);

} // namespace skip::tool
