// skip-opt: runs any pass pipeline on textual IR.
#include "codegen/NameKernels.h"
#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "passes/graph/Passes.h"
#include "passes/plan/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, skip::graph::GraphDialect, skip::plan::PlanDialect>();
  registry.insert<mlir::arith::ArithDialect, mlir::LLVM::LLVMDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect>(); // kernels
  mlir::registerTransformsPasses();
  skip::graph::registerPasses();
  skip::plan::registerPasses();
  skip::codegen::registerNameKernels();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Skip's optimizer driver\n", registry));
}
