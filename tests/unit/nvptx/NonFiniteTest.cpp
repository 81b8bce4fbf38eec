// Infinities and NaN in the input (docs/numerics.md): just where the definition says, and not in channels that do not exist.
#include "tests/unit/nvptx/Model.h"

#include <limits>

using namespace skip;
using namespace skip::testing;

TEST_CASE("cuda not finite: each step as its reference") {
  for (const char *spec : {
           "model m { input x[3, 9, 7] output y = x |> a: conv(5, 3, stride = 2) |> n: bn |> relu |> b: conv(6, 1) }",
           "model m { input x[6, 5, 5] y = x |> a: conv(6, 3) |> n: bn output z = relu(y + x) }",
           "model m { input x[5, 8, 8] output y = x |> max_pool(3, stride = 2) |> global_avg_pool |> a: linear(7) |> softmax }",
           "model m { input x[3, 7, 5] output y = x |> subsample(3) |> pad_channels(2, 3) |> n: bn |> relu |> flatten }",
       }) {
    for (plan::Precision precision :
         {plan::Precision::f32, plan::Precision::tf32, plan::Precision::f16, plan::Precision::bf16}) {
      INFO(spec << ", " << plan::stringifyPrecision(precision).str());
      Model model(spec, 2, precision);
      for (float special : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()})
        model.run({.images = 2, .special = special}, 4e-6);
    }
  }
}

TEST_CASE("cuda softmax: large and equal scores") {
  // Weights of thousands make probabilities of 0 and 1.
  Model model("model m { input x[300, 1, 1] output y = x |> flatten |> a: linear(37) |> softmax }", 2);
  model.run({.images = 2}, 2e-6);
}
