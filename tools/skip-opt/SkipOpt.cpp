// skip-opt: runs any pass pipeline on textual IR.
#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "passes/graph/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, skip::graph::GraphDialect, skip::plan::PlanDialect>();
  mlir::registerTransformsPasses();
  skip::graph::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Skip's optimizer driver\n", registry));
}
