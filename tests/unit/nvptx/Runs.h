// The ways in which tests run a model.
#pragma once

#include "tests/unit/nvptx/Model.h"

#include <initializer_list>

namespace skip::testing {

// Models that contractions of every kind are tried on, on CUDA cores and on tensor cores.
inline constexpr std::initializer_list<const char *> windowSpecs = {
    "model m { input x[8, 6, 5] output y = x |> a: conv(16, 3) |> relu }",
    "model m { input x[3, 9, 7] output y = x |> a: conv(5, 3, stride = 2) }",
    "model m { input x[1, 1, 1] output y = x |> a: conv(1, 1, bias = true) }",
    "model m { input x[17, 5, 3] output y = x |> a: conv(33, 1, bias = true) }",
    "model m { input x[6, 11, 8] output y = x |> a: conv(70, 5, pad = 0, bias = true) |> relu }",
    "model m { input x[2, 3, 3] output y = x |> a: conv(4, 3, pad = 4) }",
    "model m { input x[5, 13, 13] output y = x |> a: conv(9, 7, stride = 3) |> relu }",
    "model m { input x[12, 7, 7] output y = x |> a: conv(8, 1, stride = 2) |> b: conv(7, 2) }",
};
inline constexpr std::initializer_list<const char *> chainSpecs = {
    "model m { input x[6, 6, 5] output y = x |> a: conv(6, 3) |> n: bn |> relu |> b: conv(6, 3) |> o: bn }",
    "model m { input x[6, 6, 5] y = x |> a: conv(6, 3) |> n: bn output z = relu(y + x) }",
    "model m { input x[6, 6, 5] y = x |> a: conv(6, 3) output z = x |> b: conv(6, 3) |> relu |> n: bn }",
    "model m { input x[6, 6, 5] y = x |> a: conv(6, 3) |> relu z = y |> n: bn |> b: conv(6, 1) output o = relu(z + y) + x }",
};
inline constexpr std::initializer_list<const char *> linearSpecs = {
    "model m { input x[5, 4, 3] output y = x |> global_avg_pool |> a: linear(11) }",
    "model m { input x[5, 4, 3] output y = x |> flatten |> a: linear(11) |> relu |> b: linear(3, bias = false) }",
    "model m { input x[64, 2, 2] output y = x |> flatten |> a: linear(70) }",
};
inline constexpr const char *projectionSpec =
    "model m { input x[6, 7, 6] y = x |> a: conv(10, 3, stride = 2) |> n: bn |> relu |> b: conv(10, 3) |> o: bn "
    "z = x |> p: conv(10, 1, stride = 2) |> q: bn output r = relu(y + z) }";
/// Whose sizes no tile divides.
inline constexpr const char *tilesSpec =
    "model m { input x[7, 9, 6] y = x |> a: conv(38, 3, stride = 2) |> n: bn |> relu |> b: conv(38, 3) |> o: bn "
    "z = x |> p: conv(38, 1, stride = 2) |> q: bn output r = relu(y + z) |> global_avg_pool |> f: linear(21) }";
/// Whose pictures are so large that a section has turns.
inline constexpr const char *turnsSpec =
    "model m { input x[3, 95, 93] output y = x |> a: conv(16, 3) |> relu |> max_pool(8, stride = 8) |> b: conv(4, 3) }";

/// All of the bound's images, one, and some, in each mode of completion, with another seed each.
inline std::vector<Run> allRuns(int64_t batch) {
  std::vector<Run> runs;
  uint64_t seed = 1;
  for (emulator::Completion completion : {emulator::Completion::eager, emulator::Completion::lazy, emulator::Completion::mixed})
    for (int64_t images : {batch, int64_t(1), (batch + 1) / 2})
      runs.push_back({.images = images, .seed = seed++, .completion = completion});
  return runs;
}

/// Runs the model in all these ways.
inline void runEach(Model &model, int64_t batch, double bound) {
  for (const Run &run : allRuns(batch))
    model.run(run, bound);
}

/// Each model, with room for three images, in each precision and in all these ways.
inline void runInEach(std::initializer_list<const char *> specs, double bound) {
  for (const char *spec : specs)
    for (plan::Precision precision :
         {plan::Precision::f32, plan::Precision::tf32, plan::Precision::f16, plan::Precision::bf16}) {
      INFO(spec << ", " << plan::stringifyPrecision(precision).str());
      Model model(spec, 3, precision);
      runEach(model, 3, bound);
    }
}

} // namespace skip::testing
