// What must hold between the values of a recipe.
#include "frontend/RecipeSettings.h"

using namespace skip::frontend;
using Rule = RecipeProblem::Rule;

static void checkRate(const Recipe &recipe, std::vector<RecipeProblem> &problems) {
  const Recipe::Schedule &rate = recipe.rate;
  auto text = [](int64_t value) { return std::to_string(value); };
  if (rate.kind == Recipe::Rate::Steps)
    for (size_t i = 1; i < rate.at.size(); ++i)
      if (rate.at[i] <= rate.at[i - 1]) {
        problems.push_back(
            {Rule::Ascending, "rate.at", "",
             "the steps of `rate.at` must ascend, and " + text(rate.at[i]) + " comes after " + text(rate.at[i - 1])});
        break;
      }
  if (rate.kind == Recipe::Rate::Cosine && rate.end > rate.start)
    problems.push_back({Rule::CosineEnd, "rate.end", "rate.start", "`rate.end` must not be above `rate.start`"});
}

static void checkAugment(const Recipe &recipe, std::vector<RecipeProblem> &problems) {
  const Recipe::Augmenting &augment = recipe.augment;
  int64_t longer = std::max(recipe.height, recipe.width), shorter = std::min(recipe.height, recipe.width);
  if (augment.kind == Recipe::Augment::Resize && augment.from > augment.to)
    problems.push_back({Rule::ResizeOrder, "augment.from", "augment.to",
                        "`augment.from`, " + std::to_string(augment.from) + ", must not be above `augment.to`, " +
                            std::to_string(augment.to)});
  else if (augment.kind == Recipe::Augment::Resize && augment.from < longer)
    problems.push_back({Rule::ResizeSmall, "augment.from", "",
                        "a picture whose shorter side is `augment.from`, " + std::to_string(augment.from) +
                            ", has no crop of the input's " + std::to_string(recipe.height) + " x " +
                            std::to_string(recipe.width)});
  if (augment.kind == Recipe::Augment::Crop && augment.pad > shorter)
    problems.push_back({Rule::PadLarge, "augment.pad", "",
                        "`augment.pad`, " + std::to_string(augment.pad) + ", must be at most the input's shorter side, " +
                            std::to_string(shorter)});
}

std::vector<RecipeProblem> skip::frontend::check(const Recipe &recipe) {
  std::vector<RecipeProblem> problems;
  if (recipe.batch % recipe.groups != 0)
    problems.push_back({Rule::Groups, "groups", "batch",
                        "a batch of " + std::to_string(recipe.batch) + " cannot be split into " +
                            std::to_string(recipe.groups) + " groups of one size"});
  if (recipe.nesterov && recipe.momentum == 0)
    problems.push_back({Rule::Nesterov, "optimizer.nesterov", "optimizer.momentum",
                        "`optimizer.nesterov` needs an `optimizer.momentum` above 0"});
  checkRate(recipe, problems);
  checkAugment(recipe, problems);
  if (recipe.colour == Recipe::Colour::Pca && recipe.channels != 3)
    problems.push_back({Rule::PcaChannels, "colour", "",
                        "`colour = pca` is for red, green and blue, and the input has " + std::to_string(recipe.channels) +
                            (recipe.channels == 1 ? " channel" : " channels")});
  return problems;
}
