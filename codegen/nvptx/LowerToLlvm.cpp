// MLIR's conversions in order: structured loops, control flow, arithmetic; then LLVM IR.
#include "codegen/nvptx/LowerToLlvm.h"

#include "mlir/Pass/Pass.h" // the conversions' headers need it complete

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace skip;

static mlir::LogicalResult convert(mlir::ModuleOp source) {
  mlir::PassManager passes(source.getContext());
  passes.addPass(mlir::createSCFToControlFlowPass());
  passes.addPass(mlir::createConvertControlFlowToLLVMPass());
  passes.addPass(mlir::createConvertNVVMToLLVMPass()); // operations that are instructions in assembly
  passes.addPass(mlir::createArithToLLVMConversionPass());
  passes.addPass(mlir::createReconcileUnrealizedCastsPass());
  return passes.run(source);
}

std::unique_ptr<llvm::Module> nvptx::lowerToLlvm(mlir::ModuleOp source, llvm::LLVMContext &context,
                                                 const llvm::TargetMachine &machine, std::string &reason) {
  mlir::ScopedDiagnosticHandler collect(source.getContext(), [&](mlir::Diagnostic &diagnostic) {
    reason += diagnostic.str() + "\n";
    return mlir::success();
  });
  if (mlir::failed(convert(source)))
    return nullptr;
  mlir::registerBuiltinDialectTranslation(*source.getContext());
  mlir::registerLLVMDialectTranslation(*source.getContext());
  mlir::registerNVVMDialectTranslation(*source.getContext());
  std::unique_ptr<llvm::Module> module = mlir::translateModuleToLLVMIR(source, context, "kernel");
  if (!module)
    return nullptr;
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  return module;
}
