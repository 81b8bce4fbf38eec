// A kernel in upstream dialects, as an LLVM module for NVPTX.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace skip::nvptx {

/// Lowers `source` in place and translates it. Null on failure, with what was said about it in `reason`.
std::unique_ptr<llvm::Module> lowerToLlvm(mlir::ModuleOp source, llvm::LLVMContext &context, const llvm::TargetMachine &machine,
                                          std::string &reason);

} // namespace skip::nvptx
