// `--set` on recipes, and recipes as JSON.
#include "tests/unit/frontend/Training.h"

using namespace skip::frontend;
using namespace skip::frontend::test;
using Catch::Contains;

static std::string errorOf(const Recipe &recipe, std::vector<std::string> settings) {
  Recipe changed = recipe;
  std::vector<std::string> errors;
  CHECK_FALSE(applySettings(changed, settings, errors));
  CHECK(changed == recipe);
  std::string text;
  for (const std::string &error : errors)
    text += error + "\n";
  return text;
}

static Recipe changed(Recipe recipe, std::vector<std::string> settings) {
  std::vector<std::string> errors;
  bool applied = applySettings(recipe, settings, errors);
  INFO((errors.empty() ? "" : errors.front()));
  CHECK(applied);
  return recipe;
}

TEST_CASE("--set: numbers, truths, lists and kinds by their dotted names") {
  Recipe recipe = changed(catalogueRecipe("cifar_resnet"),
                          {"rate.start=0.05", "batch=64", "groups=1", "augment=none", "flip=false", "hold_out=5000",
                           "length=1000", "warm_up=none", "shuffle=false", "rate.at=[10, 20]", "optimizer.decay_on=filters",
                           "loss.smoothing=1e-1", "freeze=conv1,layer1", "length=2000"});
  CHECK(recipe.rate.start == 0.05);
  CHECK(recipe.rate.at == std::vector<int64_t>{10, 20});
  CHECK(recipe.batch == 64);
  CHECK(recipe.groups == 1);
  CHECK(recipe.augment.kind == Recipe::Augment::None);
  CHECK_FALSE(recipe.flip);
  CHECK(recipe.holdOut == 5000);
  CHECK(recipe.length == 2000); // of several for one name the last counts
  CHECK_FALSE(recipe.shuffle);
  CHECK(recipe.decayOn == Recipe::DecayOn::Filters);
  CHECK(recipe.smoothing == 0.1);
  CHECK(recipe.freeze == std::vector<std::string>{"conv1", "layer1"});
  CHECK(changed(recipe, {"rate.at=30"}).rate.at == std::vector<int64_t>{30});
  CHECK(changed(recipe, {"rate.start=1e9"}).rate.start == 1e9);
  CHECK(changed(recipe, {}) == recipe);
}

TEST_CASE("--set augment=none leaves pictures as they are") {
  Recipe recipe = catalogueRecipe("resnet50");
  REQUIRE(recipe.flip);
  REQUIRE(recipe.colour == Recipe::Colour::Pca);
  Recipe plain = changed(recipe, {"augment=none"});
  CHECK_FALSE(plain.flip);
  CHECK(plain.colour == Recipe::Colour::None);
  CHECK(changed(recipe, {"flip=true", "augment=none"}).flip);
  CHECK(changed(recipe, {"augment=none", "colour=pca"}).colour == Recipe::Colour::Pca);
  CHECK(changed(recipe, {"batch=64"}).flip);
}

TEST_CASE("--set: a new kind keeps what the old one had, and what it needs besides must be set") {
  Recipe recipe = catalogueRecipe("cifar_resnet");
  Recipe cosine = changed(recipe, {"rate=cosine", "rate.end=0.001"});
  CHECK(cosine.rate.kind == Recipe::Rate::Cosine);
  CHECK(cosine.rate.start == 0.1);
  CHECK(changed(recipe, {"warm_up=linear", "warm_up.steps=500"}).warmUp.steps == 500);
  CHECK(errorOf(recipe, {"warm_up=linear"}) == "`warm_up` is `linear` now, which needs `warm_up.steps`; set that too\n");
  CHECK(changed(recipe, {"warm_up=linear", "warm_up=none"}).warmUp.kind == Recipe::WarmUp::None);
}

TEST_CASE("--set: every error is told, and changes nothing") {
  Recipe recipe = catalogueRecipe("cifar_resnet");
  CHECK(errorOf(recipe, {"rate.strat=0.1"}) == "there is no setting `rate.strat`; did you mean `rate.start`?\n");
  CHECK_THAT(errorOf(recipe, {"epochs=3"}), Contains("there is no setting `epochs` (known: `loss`, `loss.smoothing`, `init`,"));
  CHECK(errorOf(recipe, {"rate.end=0.1"}) ==
        "`rate` is `steps`, and `rate.end` is a setting of `cosine`; put `rate=cosine` before it\n");
  CHECK(errorOf(recipe, {"batch"}) == "`batch` is not of the form NAME=VALUE, as `rate.start=0.05`\n");
  CHECK(errorOf(recipe, {"=3"}) == "`=3` is not of the form NAME=VALUE, as `rate.start=0.05`\n");
  CHECK(errorOf(recipe, {"batch=1.5", "flip=yes", "rate.at=[1", "rate.at=1;2", "rate.start=0x1p3", "length="}) ==
        "`batch` must be a whole number, not `1.5`\n`flip` must be `true` or `false`, not `yes`\n"
        "`rate.at` must be a list of whole numbers, not `[1`\n`rate.at` must be a list of whole numbers, not `1;2`\n"
        "`rate.start` must be a number, not `0x1p3`\n`length` must be a whole number, not ``\n");
  CHECK(errorOf(recipe, {"optimizer=adam"}) == "`optimizer` must be `sgd`, not `adam`\n");
  CHECK_THAT(errorOf(recipe, {"rate=cosine {start = 1}"}), Contains("`rate.NAME=VALUE`"));
  CHECK(errorOf(recipe, {"loss.smoothing=1", "rate.at=0", "rate.start=nan", "rate.start=1e99", "rate.start=1e999"}) ==
        "`loss.smoothing` must be at least 0 and below 1, not `1`\n"
        "`rate.at` must be at least 1 and at most 1000000000000, not `0`\n`rate.start` must be a number, not `nan`\n"
        "`rate.start` must be above 0 and at most 1e+30, not `1e99`\n`rate.start` must be a number, not `1e999`\n");
}

TEST_CASE("--set: what does not go together") {
  Recipe recipe = catalogueRecipe("cifar_resnet");
  CHECK(errorOf(recipe, {"batch=9"}) == "a batch of 9 cannot be split into 2 groups of one size\n");
  CHECK_THAT(errorOf(recipe, {"rate.at=5,4"}), Contains("must ascend, and 4 comes after 5"));
  CHECK_THAT(errorOf(recipe, {"augment.pad=33"}), Contains("must be at most the input's shorter side, 32"));
  CHECK_THAT(errorOf(catalogueRecipe("resnet18"), {"augment.from=200"}), Contains("has no crop of the input's 224 x 224"));
  CHECK_THAT(errorOf(recipe, {"optimizer.nesterov=true", "optimizer.momentum=0"}), Contains("above 0"));
}

TEST_CASE("recipes as JSON have the settings in use by the names of --set") {
  CHECK(recipeJson(catalogueRecipe("cifar_resnet")) ==
        R"({"output":"logits","classes":10,"loss":"cross_entropy","loss.smoothing":0,"init":"he","batch":128,"groups":2,)"
        R"("optimizer":"sgd","optimizer.momentum":0.9,"optimizer.nesterov":false,"optimizer.decay":1e-04,)"
        R"("optimizer.decay_on":"all","rate":"steps","rate.start":0.1,"rate.at":[32000, 48000],"rate.factor":0.1,)"
        R"("warm_up":"none","length":64000,"hold_out":0,"shuffle":true,"augment":"crop","augment.pad":4,"flip":true,)"
        R"("colour":"none","freeze":[]})");
}

TEST_CASE("what two recipes differ in is seen from their lists") {
  Recipe a = catalogueRecipe("cifar_resnet"), b = changed(a, {"rate.start=0.05"});
  auto first = listSettings(a), second = listSettings(b);
  REQUIRE(first.size() == second.size());
  for (size_t i = 0; i < first.size(); ++i)
    CHECK((first[i] == second[i]) == (first[i].first != "rate.start"));
}
