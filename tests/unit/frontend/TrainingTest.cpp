// The `train` statement: what its settings become. Its errors are under tests/frontend/errors.
#include "tests/unit/frontend/Training.h"

using namespace skip::frontend;
using namespace skip::frontend::test;

static const std::string needed = "batch = 8, rate = cosine {start = 0.1}, length = 10\n";

TEST_CASE("train-1: `train` names a value everywhere else") {
  Spec spec("model m(train = 4) {\n input x[3, 8, 8]\n y = x |> train: conv(train, 1) |> global_avg_pool\n"
            " train = y |> fc: linear(10)\n output train\n train train {" +
            needed + "}\n}\n");
  CHECK(tensorsOf(spec.built())["train.weight"].shape[0] == 4);
}

TEST_CASE("train-3: values by commas or lines, by conditions, by expressions over parameters") {
  std::string settings =
      "batch = classes * 2\ngroups = if depth > 50 then 4 else 2,\nrate = if depth > 50 then steps {start = 0.1, "
      "at = [depth, 2 * depth]} else schedule\n";
  std::string choices = "param schedule = none | cosine\n";
  Recipe deep = recipeWith(settings + "length = 10", {{"depth", "56"}}, choices);
  CHECK(deep.batch == 20);
  CHECK(deep.groups == 4);
  CHECK(deep.rate.kind == Recipe::Rate::Steps);
  CHECK(deep.rate.at == std::vector<int64_t>{56, 112});

  Spec spec(choices +
                "model m(depth = 20, classes = 10) {\n input x[3, 8, 8]\n output y = x |> global_avg_pool |> fc: "
                "linear(10)\n train y {" +
                settings + "length = 10}\n}",
            {{"schedule", "cosine"}});
  CHECK(spec.codes() == std::vector<std::string>{"E0804"}); // a value that is a kind has no settings of its own
}

TEST_CASE("train-5: defaults") {
  Recipe recipe = recipeWith(needed);
  CHECK(recipe.output == "y");
  CHECK(recipe.classes == 10);
  CHECK(recipe.height == 32);
  CHECK(recipe.loss == Recipe::Loss::CrossEntropy);
  CHECK(recipe.smoothing == 0);
  CHECK(recipe.groups == 1);
  CHECK(recipe.momentum == 0.9);
  CHECK_FALSE(recipe.nesterov);
  CHECK(recipe.decay == 0);
  CHECK(recipe.decayOn == Recipe::DecayOn::All);
  CHECK(recipe.warmUp.kind == Recipe::WarmUp::None);
  CHECK(recipe.holdOut == 0);
  CHECK(recipe.shuffle);
  CHECK(recipe.augment.kind == Recipe::Augment::None);
  CHECK_FALSE(recipe.flip);
  CHECK(recipe.colour == Recipe::Colour::None);
  CHECK(recipe.freeze.empty());
}

TEST_CASE("train-5: every setting reaches its field") {
  Recipe recipe = recipeWith("loss = cross_entropy {smoothing = 0.1}, init = he, batch = 64, groups = 4\n"
                             "optimizer = sgd {momentum = 0.5, nesterov = true, decay = 5e-4, decay_on = filters}\n"
                             "rate = plateau {start = 0.2, factor = 0.5, every = 7, patience = 3, better_by = 0.01}\n"
                             "warm_up = until_error {rate = 0.01, below = 0.8, over = 9}\n"
                             "length = 77, hold_out = 5, shuffle = false\n"
                             "augment = resize {from = 32, to = 40}, flip = true, colour = pca {deviation = 0.2}\n"
                             "freeze = [\"c1\"]");
  CHECK(recipe.smoothing == 0.1);
  CHECK(recipe.batch == 64);
  CHECK(recipe.momentum == 0.5);
  CHECK(recipe.nesterov);
  CHECK(recipe.decay == 5e-4);
  CHECK(recipe.decayOn == Recipe::DecayOn::Filters);
  CHECK(recipe.rate == Recipe::Schedule{Recipe::Rate::Plateau, 0.2, 0.5, {}, 0, 7, 3, 0.01});
  CHECK(recipe.warmUp == Recipe::WarmingUp{Recipe::WarmUp::UntilError, 0, 0, 0.01, 0.8, 9});
  CHECK(recipe.length == 77);
  CHECK(recipe.holdOut == 5);
  CHECK_FALSE(recipe.shuffle);
  CHECK(recipe.augment.kind == Recipe::Augment::Resize);
  CHECK(recipe.augment.to == 40);
  CHECK(recipe.flip);
  CHECK(recipe.deviation == 0.2);
  CHECK(recipe.freeze == std::vector<std::string>{"c1"});
  CHECK(recipeWith("warm_up = linear {steps = 5, from = 0.5}, augment = crop {pad = 2}\n" + needed).warmUp.from == 0.5);
}

TEST_CASE("a recipe's text reads back as the recipe") {
  for (const char *name : {"cifar_resnet", "resnet50", "vgg16"}) {
    Recipe recipe = catalogueRecipe(name);
    std::string text = "model m {\n input x[3, " + std::to_string(recipe.height) + ", " + std::to_string(recipe.width) +
                       "]\n output logits = x |> global_avg_pool |> fc: linear(" + std::to_string(recipe.classes) + ")\n" +
                       recipeText(recipe) + "}\n";
    CHECK(recipeOf({"test.skip", {}, {}, {}}, text) == recipe);
  }
}

TEST_CASE("the catalogue's CIFAR models are trained as in section 4.2") {
  for (const char *name : {"cifar_resnet", "cifar_plain"}) {
    Recipe recipe = catalogueRecipe(name);
    CHECK(recipe.batch == 128);
    CHECK(recipe.groups == 2);
    CHECK(recipe.momentum == 0.9);
    CHECK(recipe.decay == 1e-4);
    CHECK(recipe.decayOn == Recipe::DecayOn::All);
    CHECK(recipe.length == 64000);
    CHECK(recipe.holdOut == 0);
    CHECK(recipe.augment == Recipe::Augmenting{Recipe::Augment::Crop, 4, 0, 0});
    CHECK(recipe.flip);
    CHECK(recipe.warmUp.kind == Recipe::WarmUp::None);
    CHECK(learningRate(recipe, {}, 31999) == 0.1);
    CHECK(learningRate(recipe, {}, 32000) == Approx(0.01));
    CHECK(learningRate(recipe, {}, 63999) == Approx(0.001));
    Recipe deep = catalogueRecipe(name, {{"depth", "110"}, {"classes", "100"}});
    CHECK(deep.warmUp == Recipe::WarmingUp{Recipe::WarmUp::UntilError, 0, 0, 0.01, 0.8, 100});
    CHECK(deep.classes == 100);
  }
}

TEST_CASE("the catalogue's ImageNet models are trained as in section 3.4") {
  for (const char *name : {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "plain18", "plain34"}) {
    Recipe recipe = catalogueRecipe(name);
    CHECK(recipe.batch == 256);
    CHECK(recipe.augment == Recipe::Augmenting{Recipe::Augment::Resize, 4, 256, 480});
    CHECK(recipe.flip);
    CHECK(recipe.colour == Recipe::Colour::Pca);
    CHECK(recipe.momentum == 0.9);
    CHECK(recipe.decay == 1e-4);
    CHECK(recipe.rate.kind == Recipe::Rate::Plateau);
    CHECK(recipe.rate.start == 0.1);
  }
}

TEST_CASE("train-15: the graph is the same with the statement and without") {
  std::string head = "model m {\n input x[3, 8, 8]\n output y = x |> global_avg_pool |> fc: linear(10)\n";
  Spec with(head + "train y {" + needed + "}\n}\n"), without(head + "}\n");
  CHECK(with.printed() == without.printed());
  Spec untaken(head + "if 1 == 2 { train y {" + needed + "} }\n}\n");
  CHECK(untaken.printed() == without.printed());
}
