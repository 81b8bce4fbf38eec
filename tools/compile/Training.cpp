// Labels freeze what lies below them: `layer1` freezes `layer1.0.conv1.weight`, and not `layer10.weight`.
#include "tools/compile/Training.h"

#include "frontend/RecipeSettings.h"
#include "ir/plan/Plan.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringExtras.h"

using namespace skip;

llvm::Error tool::applySettings(frontend::Recipe &recipe, llvm::ArrayRef<std::string> settings) {
  std::vector<std::string> errors;
  if (frontend::applySettings(recipe, settings, errors))
    for (const frontend::RecipeProblem &problem : frontend::check(recipe))
      errors.push_back(problem.text);
  return errors.empty() ? llvm::Error::success() : badInput("--set: " + llvm::join(errors, "; "));
}

static bool isBelow(llvm::StringRef parameter, llvm::StringRef label) {
  return parameter == label || (parameter.starts_with(label) && parameter[label.size()] == '.');
}

llvm::Error tool::markTrained(mlir::ModuleOp module, const frontend::Recipe &recipe) {
  llvm::SmallVector<mlir::Attribute> trained, decayed;
  std::vector<bool> isUsed(recipe.freeze.size());
  for (auto parameter : module.getOps<graph::ParameterOp>()) {
    bool isFrozen = false;
    for (auto [index, label] : llvm::enumerate(recipe.freeze))
      if (isBelow(parameter.getSymName(), label))
        isFrozen = isUsed[index] = true;
    if (parameter.getBuffer() || isFrozen)
      continue;
    trained.push_back(mlir::FlatSymbolRefAttr::get(parameter));
    if (recipe.decayOn == frontend::Recipe::DecayOn::All || parameter.getTensorType().getRank() > 1)
      decayed.push_back(trained.back());
  }
  for (auto [index, label] : llvm::enumerate(recipe.freeze))
    if (!isUsed[index])
      return badInput("freeze: the model has no parameters below the label `" + printable(label) + "`");
  if (trained.empty())
    return badInput("freeze: nothing is left to train");
  mlir::func::FuncOp model = modelOf(module);
  mlir::Builder builder(module.getContext());
  model->setAttr(graph::trainableAttr, builder.getArrayAttr(trained));
  model->setAttr(graph::decayedAttr, builder.getArrayAttr(decayed));
  model->setAttr(plan::roleAttr, plan::RoleAttr::get(module.getContext(), plan::Role::gradients));
  return llvm::Error::success();
}
