// Operations with several results: the interpreter is to give all of them, and each has a name.
#include "ir/plan/Plan.h"
#include "ir/reference/Interpreter.h"

#include <catch2/catch.hpp>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/MLIRContext.h>
#include <mlir/Parser/Parser.h>

using namespace mlir;
using skip::reference::Tensor;

namespace test {
class SumAndDifferenceOp : public Op<SumAndDifferenceOp, OpTrait::ZeroRegions, OpTrait::NResults<2>::Impl,
                                     OpTrait::ZeroSuccessors, OpTrait::NOperands<2>::Impl, skip::graph::Evaluable::Trait> {
public:
  using Op::Op;
  static StringRef getOperationName() { return "pairs.sum_and_difference"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }
  std::vector<Tensor> evaluate(ArrayRef<const Tensor *> in) {
    Tensor sum = *in[0], difference = *in[0];
    for (int64_t i = 0; i < sum.size(); ++i) {
      sum.data[i] += in[1]->data[i];
      difference.data[i] -= in[1]->data[i];
    }
    return {sum, difference};
  }
};

class PairsDialect : public Dialect {
public:
  explicit PairsDialect(MLIRContext *context) : Dialect("pairs", context, TypeID::get<PairsDialect>()) {
    addOperations<SumAndDifferenceOp>();
  }
  static StringRef getDialectNamespace() { return "pairs"; }
};
} // namespace test

TEST_CASE("an operation with several results gives each, under a name of its own") {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, skip::graph::GraphDialect, test::PairsDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    func.func @net(%a: tensor<?x1xf32> loc("a"), %b: tensor<?x1xf32> loc("b")) -> (tensor<?x1xf32>, tensor<?x1xf32>) {
      %s:2 = "pairs.sum_and_difference"(%a, %b) : (tensor<?x1xf32>, tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>) loc("s")
      %r = graph.relu %s#1 : (tensor<?x1xf32>) -> tensor<?x1xf32> loc("r")
      return %s#0, %r : tensor<?x1xf32>, tensor<?x1xf32>
    })",
                                                             &context);
  REQUIRE(module);
  Tensor a({2, 1}), b({2, 1});
  a.data = {5, 1};
  b.data = {2, 4};
  std::vector<std::string> names;
  auto outputs = skip::reference::interpret(*module->getOps<func::FuncOp>().begin(), {a, b}, {},
                                            [&](llvm::StringRef name, const Tensor &) { names.push_back(name.str()); });
  REQUIRE(outputs);
  CHECK((*outputs)[0].data == std::vector<double>{7, 5});
  CHECK((*outputs)[1].data == std::vector<double>{3, 0});
  CHECK(names == std::vector<std::string>{"a", "b", "s.0", "s.1", "r"});
}

TEST_CASE("results are called as their operation calls them, in the graph and in kernels") {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, skip::graph::GraphDialect, skip::plan::PlanDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    func.func @net(%m: tensor<?x4x2x1xf32>, %a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      %k:2 = plan.kernel %m, %a : (tensor<?x4x2x1xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      ^bb0(%moments: tensor<?x4x2x1xf32>, %running: tensor<4xf32>):
        %r:6 = graph.merge_moments %moments, %running, %running, %running, %running pixels 9 momentum 1.0e-01 epsilon 1.0e-05
          : (tensor<?x4x2x1xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
            -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) loc("bn1")
        plan.yield %r#1, %r#3 : tensor<4xf32>, tensor<4xf32>
      } loc("step")
      %c = plan.kernel %k#1 : (tensor<4xf32>) -> tensor<4xf32> {
      ^bb0(%x: tensor<4xf32>):
        %y = plan.relayout %x : tensor<4xf32>
        plan.yield %y : tensor<4xf32>
      } loc("copy")
      return %k#0, %c : tensor<4xf32>, tensor<4xf32>
    })",
                                                             &context);
  REQUIRE(module);
  std::vector<std::string> names;
  module->walk([&](Operation *op) {
    for (Value result : op->getResults())
      if (!isa<skip::plan::RelayoutOp>(op))
        names.push_back(skip::graph::valueName(result));
  });
  CHECK(names == std::vector<std::string>{"bn1.mean", "bn1.variance", "bn1.next_mean", "bn1.next_variance", "bn1.scale",
                                          "bn1.shift", "bn1.variance", "bn1.next_variance", "bn1.next_variance"});
}
