// A network with its gradients derived, its parameters and inputs drawn, and its loss along directions of the parameters.
#pragma once

#include "ir/graph/Graph.h"
#include "ir/reference/Interpreter.h"
#include "passes/graph/Passes.h"

#include <catch2/catch.hpp>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/MLIRContext.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Pass/PassManager.h>

#include <random>

namespace skip::test {

using reference::Parameters;
using reference::Tensor;

/// A network of a text with its parameters, its inputs and a direction for each parameter.
class Training {
public:
  Training(const std::string &text, uint64_t seed, int64_t images = 3) : generator(seed) {
    mlir::DialectRegistry registry;
    registry.insert<mlir::func::FuncDialect, graph::GraphDialect>();
    context.appendDialectRegistry(registry);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    REQUIRE(module);
    function = *module->getOps<mlir::func::FuncOp>().begin();
    drawParameters();
    drawInputs(images);
    mlir::PassManager passes(&context);
    passes.addNestedPass<mlir::func::FuncOp>(graph::createPrepareTraining());
    passes.addNestedPass<mlir::func::FuncOp>(graph::createDeriveBackward());
    isDerived = mlir::succeeded(passes.run(*module));
  }

  /// Runs graph-expand-batch-norm too, and where it refuses none graph-expand-strided-gradients; the largest distance that they
  /// make to any result, of the result's largest value.
  double expand() {
    std::vector<Tensor> whole = run(parameters);
    mlir::PassManager passes(&context);
    passes.addNestedPass<mlir::func::FuncOp>(graph::createExpandBatchNorm());
    if (stridedGradients() > 0 && areExpandable())
      passes.addNestedPass<mlir::func::FuncOp>(graph::createExpandStridedGradients());
    REQUIRE(mlir::succeeded(passes.run(*module)));
    std::vector<Tensor> parts = run(parameters);
    double worst = 0;
    for (size_t i = 0; i < whole.size(); ++i) {
      double largest = 1e-3, distance = 0;
      for (int64_t k = 0; k < whole[i].size(); ++k) {
        largest = std::max(largest, std::abs(whole[i].data[k]));
        distance = std::max(distance, std::abs(whole[i].data[k] - parts[i].data[k]));
      }
      worst = std::max(worst, distance / largest);
    }
    return worst;
  }

  int stridedGradients() {
    int count = 0;
    module->walk([&](graph::Conv2dGradInputOp) { ++count; });
    return count;
  }

  std::vector<Tensor> run(const Parameters &parameters) {
    auto results = reference::interpret(function, inputs, parameters, [](llvm::StringRef, const Tensor &) {});
    REQUIRE(results);
    return std::move(*results);
  }

  double loss(const Parameters &parameters) { return run(parameters)[0].data[0]; }

  /// The loss's derivative along a direction, by two losses `step` apart on both sides.
  double difference(const Parameters &direction, double step) {
    Parameters ahead = moved(direction, step), behind = moved(direction, -step);
    return (loss(ahead) - loss(behind)) / (2 * step);
  }

  /// The same by the gradients.
  double product(const Parameters &direction) {
    std::vector<Tensor> results = run(parameters);
    double sum = 0;
    for (size_t i = 0; i < trainable.size(); ++i) {
      const Tensor &gradient = results[results.size() - trainable.size() + i], &along = direction.find(trainable[i])->second;
      REQUIRE(gradient.shape == along.shape);
      for (int64_t k = 0; k < gradient.size(); ++k)
        sum += gradient.data[k] * along.data[k];
    }
    return sum;
  }

  Parameters drawDirection() {
    Parameters direction;
    for (const std::string &name : trainable)
      direction[name] = drawn(parameters.find(name)->second.shape, -1, 1);
    return direction;
  }

  bool isDerived = false;

private:
  bool areExpandable() {
    bool all = true;
    module->walk([&](graph::Conv2dGradInputOp grad) {
      auto filter = llvm::cast<mlir::RankedTensorType>(grad.getFilter().getType()).getShape();
      all = all && filter[2] == filter[3];
    });
    return all;
  }

  Tensor drawn(std::vector<int64_t> shape, double least, double most) {
    Tensor tensor(std::move(shape));
    for (double &value : tensor.data)
      value = std::uniform_real_distribution<double>(least, most)(generator);
    return tensor;
  }

  void drawParameters() {
    for (auto parameter : module->getOps<graph::ParameterOp>()) {
      bool isVariance = parameter.getSymName().ends_with("var") || parameter.getSymName().starts_with("g");
      parameters[parameter.getSymName()] =
          drawn(parameter.getTensorType().getShape().vec(), isVariance ? 0.5 : -1, isVariance ? 2 : 1);
    }
    for (mlir::Attribute symbol : function->getAttrOfType<mlir::ArrayAttr>(graph::trainableAttr))
      trainable.push_back(llvm::cast<mlir::FlatSymbolRefAttr>(symbol).getValue().str());
  }

  void drawInputs(int64_t images) {
    for (mlir::Type type : function.getArgumentTypes()) {
      std::vector<int64_t> shape = llvm::cast<mlir::RankedTensorType>(type).getShape().vec();
      shape[0] = images;
      inputs.push_back(drawn(shape, -1, 1));
    }
    bool hasDropout = false;
    module->walk([&](graph::DropoutOp dropout) { hasDropout |= dropout.getRate().convertToDouble() > 0; });
    if (hasDropout)
      for (double &draw : inputs.emplace_back(std::vector<int64_t>{images}).data)
        draw = static_cast<double>(static_cast<int32_t>(generator()));
    int64_t classes = llvm::cast<mlir::RankedTensorType>(function.getResultTypes()[0]).getDimSize(1);
    Tensor &labels = inputs.emplace_back(std::vector<int64_t>{images});
    for (double &label : labels.data)
      label = static_cast<double>(generator() % static_cast<uint64_t>(classes));
  }

  Parameters moved(const Parameters &direction, double step) {
    Parameters result = parameters;
    for (const std::string &name : trainable)
      for (int64_t k = 0; k < result[name].size(); ++k)
        result[name].data[k] += step * direction.find(name)->second.data[k];
    return result;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  std::mt19937_64 generator;
  Parameters parameters;
  std::vector<std::string> trainable;
  std::vector<Tensor> inputs;
};

/// The same derivative for several directions. A central difference of step h is off by h^2 / 6 of the third derivative, and by
/// rounding of some 1e-16 / h.
inline double worstError(Training &training, int directions) {
  double worst = 0;
  for (int i = 0; i < directions; ++i) {
    Parameters direction = training.drawDirection();
    double product = training.product(direction);
    double distance = std::abs(training.difference(direction, 1e-6) - product);
    worst = std::max(worst, distance / std::max(std::abs(product), 1e-2));
  }
  return worst;
}

} // namespace skip::test
