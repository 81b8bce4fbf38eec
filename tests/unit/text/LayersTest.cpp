// Counting parameters and multiply-adds.
#include "tests/unit/SpecText.h"
#include "ir/plan/Plan.h"
#include "tools/text/Layers.h"

#include "mlir/Parser/Parser.h"

using namespace skip;

TEST_CASE("layers are counted by hand") {
  mlir::MLIRContext context;
  auto module = test::graphOf(context, R"(
    model tiny {
      input image[3, 8, 8]
      output y = image |> conv1: conv(4, 3, stride = 2) |> bn1: bn |> relu |> global_avg_pool |> fc: linear(5)
    })");
  tool::Layers layers = tool::listLayers(tool::modelOf(*module));
  REQUIRE(layers.list.size() == 5);
  CHECK(layers.list[0].name == "conv1");
  CHECK(layers.list[0].op == "conv2d");
  CHECK(llvm::ArrayRef(layers.list[0].shape).drop_front() == llvm::ArrayRef<int64_t>{4, 4, 4});
  CHECK(layers.list[0].parameters == 4 * 3 * 9);
  CHECK(layers.list[0].multiplyAdds == 4 * 4 * 4 * 3 * 9);
  CHECK(layers.list[1].parameters == 2 * 4); // not the running statistics
  CHECK(layers.list[2].parameters == 0);
  CHECK(layers.list[4].parameters == 4 * 5 + 5);
  CHECK(layers.list[4].multiplyAdds == 4 * 5);
  CHECK(layers.parameters == 108 + 8 + 25);
  CHECK(layers.multiplyAdds == 64 * 27 + 20);
}

TEST_CASE("the model is the function that inference runs, whatever others there are") {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, graph::GraphDialect, plan::PlanDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    func.func @learn(%x: tensor<?x1xf32>) -> tensor<?x1xf32> attributes {plan.role = #plan.role<gradients>} { return %x : tensor<?x1xf32> }
    func.func @net(%x: tensor<?x1xf32>) -> tensor<?x1xf32> { return %x : tensor<?x1xf32> })",
                                                        &context);
  REQUIRE(module);
  CHECK(tool::modelOf(*module).getName() == "net");
}
