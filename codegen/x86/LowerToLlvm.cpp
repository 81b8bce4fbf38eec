// MLIR's conversions in order: structured loops, vectors, control flow, arithmetic; then LLVM IR.
#include "codegen/x86/LowerToLlvm.h"

#include "mlir/Pass/Pass.h" // the conversions' headers need it complete

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace skip;

/// What was emitted is verified, and by LLVM what becomes of it: between MLIR's own conversions that would take as long as two
/// of them.
static mlir::LogicalResult convert(mlir::ModuleOp source) {
  if (mlir::failed(mlir::verify(source)))
    return mlir::failure();
  mlir::PassManager passes(source.getContext());
  passes.enableVerifier(false);
  passes.addPass(mlir::createSCFToControlFlowPass());
  passes.addPass(mlir::createConvertVectorToLLVMPass());
  passes.addPass(mlir::createConvertControlFlowToLLVMPass());
  passes.addPass(mlir::createArithToLLVMConversionPass());
  passes.addPass(mlir::createReconcileUnrealizedCastsPass());
  return passes.run(source);
}

/// Without these LLVM would compile for the baseline of x86-64, and split 512-bit vectors where it thinks them slow.
static void setTargetAttributes(llvm::Module &module, const llvm::TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  bool wide = machine.getTargetFeatureString().contains("+avx512f") || machine.getTargetCPU() == "x86-64-v4";
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr("prefer-vector-width", wide ? "512" : "256");
    function.addFnAttr("min-legal-vector-width", wide ? "512" : "256");
  }
}

std::unique_ptr<llvm::Module> x86::lowerToLlvm(mlir::ModuleOp source, llvm::LLVMContext &context,
                                               const llvm::TargetMachine &machine, std::string &reason) {
  mlir::ScopedDiagnosticHandler collect(source.getContext(), [&](mlir::Diagnostic &diagnostic) {
    reason += diagnostic.str() + "\n";
    return mlir::success();
  });
  if (mlir::failed(convert(source)))
    return nullptr;
  mlir::registerBuiltinDialectTranslation(*source.getContext());
  mlir::registerLLVMDialectTranslation(*source.getContext());
  std::unique_ptr<llvm::Module> module = mlir::translateModuleToLLVMIR(source, context, "kernel");
  if (module)
    setTargetAttributes(*module, machine);
  return module;
}
