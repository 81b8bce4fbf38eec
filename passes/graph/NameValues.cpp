// Numbers what is called alike: the pool's gradient of layer `pool` and its sum with another's, a block that is applied twice.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringSet.h"

namespace skip::graph {
#define GEN_PASS_DEF_NAMEVALUES
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

namespace {
class Names {
public:
  void keep(ValueRange values) {
    for (Value value : values)
      taken.insert(graph::valueName(value));
  }
  void giveTo(Operation *op);

private:
  bool areFree(Operation *op) const {
    return llvm::none_of(op->getResults(), [&](Value value) { return taken.contains(graph::valueName(value)); });
  }

  llvm::StringSet<> taken;
};
} // namespace

void Names::giveTo(Operation *op) {
  std::string name = graph::valueName(op->getLoc()).str();
  if (name.empty())
    return;
  for (int number = 2; !areFree(op); ++number)
    op->setLoc(NameLoc::get(StringAttr::get(op->getContext(), name + "." + std::to_string(number))));
  keep(op->getResults());
}

namespace {
struct NameValues : graph::impl::NameValuesBase<NameValues> {
  void runOnOperation() override {
    if (getOperation().isDeclaration())
      return;
    Block &block = getOperation().getBody().front();
    Names names;
    names.keep(block.getArguments());
    for (auto read : block.getOps<graph::ReadParameterOp>())
      names.keep(read.getValue());
    llvm::SmallVector<Operation *> ops, loadTime;
    for (Operation &op : block.without_terminator())
      if (!llvm::isa<graph::ReadParameterOp>(op))
        (graph::isLoadTime(&op) ? loadTime : ops).push_back(&op);
    for (Operation *op : ops)
      names.giveTo(op);
    for (Operation *op : loadTime)
      names.giveTo(op);
  }
};
} // namespace
