// Recipes for tests, from specs in memory and from the catalogue.
#pragma once

#include "tests/unit/frontend/Spec.h"

#include "frontend/LearningRate.h"
#include "frontend/RecipeSettings.h"

#include <catch2/catch.hpp>

namespace skip::frontend::test {

/// The recipe of a request, whose errors fail the test.
inline std::optional<Recipe> recipeOf(const GraphRequest &request, const std::string &text = "") {
  mlir::MLIRContext context;
  Sources sources;
  if (!text.empty())
    sources.addText(request.path, text);
  Diagnostics diagnostics(sources);
  std::optional<Recipe> recipe = elaborateModel(context, sources, request, diagnostics).recipe;
  std::string errors;
  llvm::raw_string_ostream stream(errors);
  diagnostics.print(stream);
  INFO(errors);
  CHECK_FALSE(diagnostics.hasErrors());
  return recipe;
}

/// Of a model with ten classes and a picture of 32 x 32, whose `train` statement holds `settings`.
inline Recipe recipeWith(const std::string &settings, std::vector<Define> defines = {}, const std::string &before = "") {
  std::string text = before +
                     "\nmodel m(depth = 20, classes = 10) {\n input x[3, 32, 32]\n"
                     " output y = x |> c1: conv(4, 3) |> global_avg_pool |> fc: linear(classes)\n train y {\n" +
                     settings + "\n }\n}\n";
  std::optional<Recipe> recipe = recipeOf({"test.skip", {}, std::move(defines), {}}, text);
  REQUIRE(recipe);
  return *recipe;
}

inline Recipe catalogueRecipe(const std::string &name, std::vector<Define> defines = {}) {
  std::optional<Recipe> recipe = recipeOf({modelPath(name), {}, std::move(defines), {}});
  REQUIRE(recipe);
  return *recipe;
}

} // namespace skip::frontend::test
