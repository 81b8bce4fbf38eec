// The learning rate of each step.
#include "tests/unit/frontend/Training.h"

#include <cmath>

using namespace skip::frontend;
using namespace skip::frontend::test;

TEST_CASE("rate: the cosine is that of mathematics to the last bits") {
  for (int i = 0; i <= 10000; ++i) {
    double turns = i / 10000.0;
    double exact = static_cast<double>(std::cos(3.14159265358979323846264338327950288L * i / 10000));
    CHECK(std::abs(cosineOfHalfTurns(turns) - exact) < 5e-16);
  }
  CHECK(cosineOfHalfTurns(0) == 1);
  CHECK(cosineOfHalfTurns(0.5) == 0);
  CHECK(cosineOfHalfTurns(1) == -1);
}

TEST_CASE("rate: steps multiply by the factor from each of `at` on") {
  Recipe recipe = recipeWith("batch = 8, length = 100, rate = steps {start = 0.5, at = [10, 20], factor = 0.25}");
  CHECK(learningRate(recipe, {}, 0) == 0.5);
  CHECK(learningRate(recipe, {}, 9) == 0.5);
  CHECK(learningRate(recipe, {}, 10) == 0.125);
  CHECK(learningRate(recipe, {}, 19) == 0.125);
  CHECK(learningRate(recipe, {}, 20) == 0.03125);
  CHECK(learningRate(recipe, {}, 1'000'000) == 0.03125);
}

TEST_CASE("rate: a cosine goes from `start` down to `end`") {
  Recipe recipe = recipeWith("batch = 8, length = 100, rate = cosine {start = 0.5, end = 0.1}");
  CHECK(learningRate(recipe, {}, 0) == 0.5);
  CHECK(learningRate(recipe, {}, 50) == Approx(0.3));
  CHECK(learningRate(recipe, {}, 100) == Approx(0.1));
  CHECK(learningRate(recipe, {}, 200) == Approx(0.1));
  for (int step = 1; step <= 100; ++step)
    CHECK(learningRate(recipe, {}, step) < learningRate(recipe, {}, step - 1));
}

TEST_CASE("rate: a plateau drops after `patience` looks without a better error") {
  Recipe recipe = recipeWith(
      "batch = 8, length = 100, rate = plateau {start = 0.5, factor = 0.5, every = 10, patience = 2, better_by = 0.01}");
  RateMemory memory;
  CHECK_FALSE(looksAtError(recipe, 8));
  CHECK(looksAtError(recipe, 9));
  CHECK_FALSE(looksAtError(recipe, 10));
  CHECK(looksAtError(recipe, 19));
  auto rateAfter = [&](double error) {
    noteError(recipe, memory, error);
    return learningRate(recipe, memory, 20);
  };
  CHECK(rateAfter(0.9) == 0.5);
  CHECK(rateAfter(0.895) == 0.5); // not better by enough
  CHECK(rateAfter(0.8) == 0.5);   // better: the count starts anew
  CHECK(rateAfter(0.8) == 0.5);
  CHECK(rateAfter(0.8) == 0.25);
  CHECK(rateAfter(0.9) == 0.25);
  CHECK(rateAfter(NAN) == 0.125); // no number is no better
  CHECK(memory.drops == 2);
  CHECK_FALSE(looksAtError(recipeWith("batch = 8, length = 100, rate = cosine {start = 1}"), 4999));
}

TEST_CASE("rate: a linear warm-up reaches the schedule at its last step") {
  Recipe recipe =
      recipeWith("batch = 8, length = 100, rate = steps {start = 0.5, at = [50]}, warm_up = linear {steps = 4, from = 0.1}");
  CHECK(learningRate(recipe, {}, 0) == Approx(0.2));
  CHECK(learningRate(recipe, {}, 1) == Approx(0.3));
  CHECK(learningRate(recipe, {}, 3) == Approx(0.5));
  CHECK(learningRate(recipe, {}, 4) == 0.5);
  CHECK(learningRate(recipe, {}, 50) == Approx(0.05));
}

TEST_CASE("rate: a warm-up until the training error is low ends for good") {
  Recipe recipe = recipeWith("batch = 8, length = 100, rate = steps {start = 0.5, at = [50]}\n"
                             "warm_up = until_error {rate = 0.01, below = 0.8, over = 3}");
  RateMemory memory;
  auto rateAfter = [&](double error) {
    noteTrainingError(recipe, memory, error);
    return learningRate(recipe, memory, 10);
  };
  for (double error : {0.9, 0.9, 0.9, 0.1, 0.9})
    CHECK(rateAfter(error) == 0.01);
  CHECK(rateAfter(0.9) == 0.5); // the mean of the second three is 0.63
  CHECK(rateAfter(1) == 0.5);
  CHECK(learningRate(recipe, memory, 50) == Approx(0.05));
}
