// Which bodies to build.
#pragma once

#include "ir/plan/Plan.h"
#include "runtime/Abi.h"

#include "llvm/Support/Error.h"

#include <vector>

namespace skip::tool {

/// Every body, for libraries that run anywhere.
std::vector<SkipIsa> allIsas();

/// The bodies that this machine runs, ascending; an error when there is none.
llvm::Expected<std::vector<SkipIsa>> hostIsas();

/// The one body that a model which runs at once needs: what SKIP_ISA in the environment names, else the widest of this machine.
llvm::Expected<std::vector<SkipIsa>> preferredIsa();

/// The target of a plan: by `cpu` (--target-cpu), or where that is empty a body for each of `isas`.
llvm::Expected<plan::TargetAttr> targetAttribute(mlir::MLIRContext &context, llvm::StringRef cpu, llvm::ArrayRef<SkipIsa> isas);

/// `avx2` or `avx512`.
llvm::StringRef isaName(SkipIsa isa);

} // namespace skip::tool
