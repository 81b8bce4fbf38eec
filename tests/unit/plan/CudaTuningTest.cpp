// The keys of what is measured on GPUs, and what is worth measuring there.
#include "ir/plan/cuda/Gpu.h"
#include "ir/plan/cuda/Tuning.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace skip::plan;

static CudaProblem problem(const char *text) {
  std::optional<CudaProblem> read = parseCudaProblem(text);
  REQUIRE(read);
  return *read;
}

static CudaChoice choice(const char *text) {
  std::optional<CudaChoice> read = parseCudaChoice(text);
  REQUIRE(read);
  return *read;
}

TEST_CASE("cuda tuning: problems read back, other texts are refused") {
  for (const char *text : {"conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16", "conv2d 3x3/3 p4 64->64 12x12 n1 nhwc bf16",
                           "conv2d 7x7/2 p3 3->64 112x112 n256 nhwc f32", "conv2d 1x1/2 p0 256->512 28x28 n4 nhwc tf32",
                           "linear 7x7/1 p0 512->4096 1x1 n1 nhwc f16"})
    CHECK(problemText(problem(text)) == text);
  CHECK(problem("conv2d 3x3/1 p1 64->64 56x56 n2 nhwc tf32").precision == CudaPrecision::tf32);
  for (const char *text :
       {"", "conv2d", "conv2d 3x3/1 p1 64->64 56x56 n1 nhwc", "conv2d 3x3/1 p1 64->64 56x56 n1 nhwc int8",
        "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512", "conv2d 3x3/1 p1 64->64 56x56 n1 nhwc f32tf32",
        "conv2d 3x3/1 p1 64->64 56x56 n0 nhwc f32", "conv2d 3x3/1 p-1 64->64 56x56 n1 nhwc f32",
        "conv2d 3x3/1 p1 064->64 56x56 n1 nhwc f32", "conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16 ",
        "linear 1x1/1 p0 512->10 2x1 n1 nhwc f32", "conv2d 3x3/1 p1 64->64 99999999999999999999x56 n1 nhwc f32",
        "conv2d 3x3/1 p1 64->1048576 1048576x1048576 n1048576 nhwc f32"}) {
    CAPTURE(text);
    CHECK_FALSE(parseCudaProblem(text));
  }
}

TEST_CASE("cuda tuning: choices read back, other texts are refused") {
  for (const char *text : {"gemm 64x64x16/8x4", "mma 64x64x64/2x2*3", "mma 128x64x32/2x2*4 parts 16", "wgmma 128x256/2*4",
                           "wgmma 128x256/2*4c2 parts 4"})
    CHECK(choiceText(choice(text)) == text);
  for (const char *text : {"", "gemm", "mma 64x64x64/2x2", "gemm 64x64x16/8x4*3", "mma 64x64x64/2x2*3 parts 1",
                           "mma 64x64x64/2x2*3 parts 0", "mma 064x64x64/2x2*3", "direct 2x1x14", "mma 64x64x64/2x2*3 ",
                           "wgmma 128x256/2*4c1", "wgmma 128x256x64/2*4", "wgmma 128x256/2"}) {
    CAPTURE(text);
    CHECK_FALSE(parseCudaChoice(text));
  }
}

TEST_CASE("cuda tuning: legal is what kernels compute") {
  CudaProblem cores = problem("conv2d 3x3/1 p1 64->64 56x56 n1 nhwc f32"),
              pairs = problem("conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16"),
              few = problem("conv2d 1x1/1 p0 64->64 7x7 n1 nhwc f16");
  CHECK(isLegal(choice("gemm 64x64x16/8x4"), cores));
  CHECK_FALSE(isLegal(choice("gemm 64x64x16/8x4 parts 2"), cores)); // whose sums keep one order
  CHECK_FALSE(isLegal(choice("gemm 60x64x16/8x4"), cores));
  CHECK_FALSE(isLegal(choice("mma 64x64x64/2x2*3"), cores));
  CHECK(isLegal(choice("mma 64x64x64/2x2*3"), pairs));
  CHECK(isLegal(choice("mma 64x64x64/2x2*3 parts 8"), pairs));
  CHECK_FALSE(isLegal(choice("mma 64x64x64/2x2*3 parts 3"), pairs));  // no power of two
  CHECK_FALSE(isLegal(choice("mma 64x64x64/2x2*3 parts 16"), pairs)); // of 576 products a part has less than a stage
  CHECK_FALSE(isLegal(choice("mma 64x64x64/2x2*3 parts 2"), few));
  CHECK_FALSE(isLegal(choice("gemm 64x64x16/8x4"), pairs));
  CHECK_FALSE(isLegal(choice("mma 256x128x32/2x2*2"), pairs));
  CHECK(isLegal(choice("wgmma 128x256/2*4c2"), pairs));
  CHECK(isLegal(choice("wgmma 64x64/1*6 parts 8"), pairs));
  CHECK_FALSE(isLegal(choice("wgmma 64x64/1*6 parts 16"), pairs)); // of nine lines
  CHECK_FALSE(isLegal(choice("wgmma 64x64/2*6"), pairs));
  CHECK_FALSE(isLegal(choice("wgmma 64x64/1*6"), cores));
  CHECK(isLegal(choice("wgmma 64x64/1*6 parts 16"), problem("conv2d 3x3/1 p1 64->64 56x56 n1 nhwc tf32"))); // of 18 lines
  CHECK_FALSE(isLegal(choice("wgmma 64x64/1*6"), problem("linear 2x3/1 p0 64->10 1x1 n1 nhwc bf16")));      // no square window
}

TEST_CASE("cuda tuning: what is worth measuring begins with what is chosen untuned, then by cost, each once and legal") {
  for (const char *text : {"conv2d 3x3/1 p1 64->64 56x56 n1 nhwc f32", "conv2d 3x3/1 p1 512->512 7x7 n1 nhwc bf16",
                           "conv2d 7x7/2 p3 3->64 112x112 n32 nhwc tf32", "linear 1x1/1 p0 2048->1000 1x1 n1 nhwc f16"}) {
    CAPTURE(text);
    CudaProblem p = problem(text);
    for (const Gpu *gpu : {&a100(), &h100()}) {
      std::vector<CudaChoice> choices = choicesWorthMeasuring(p, *gpu);
      CHECK(choices.size() >= 4);
      CHECK(choices.size() <= mostCudaCandidates);
      CHECK(choices.front() == predictedChoice(p, *gpu));
      CHECK(std::all_of(choices.begin(), choices.end(), [&](const CudaChoice &each) { return isLegal(each, p); }));
      CHECK(std::is_sorted(choices.begin() + 1, choices.end(), [&](const CudaChoice &a, const CudaChoice &b) {
        return predictedCost(p, a, *gpu) < predictedCost(p, b, *gpu);
      }));
      for (auto each = choices.begin(); each != choices.end(); ++each)
        CHECK(std::find(each + 1, choices.end(), *each) == choices.end());
    }
  }
  CudaProblem small = problem("conv2d 3x3/1 p1 32->32 12x12 n1 nhwc bf16");
  std::vector<CudaChoice> choices = choicesWorthMeasuring(small, h100());
  CHECK(choices.size() == mostCudaCandidates);
  auto isGroups = [](const CudaChoice &choice) { return std::holds_alternative<WgmmaTile>(choice.tile); };
  CHECK(std::count_if(choices.begin(), choices.end(), isGroups) >= 2); // whatever the model thinks of them
  CHECK(std::count_if(choices.begin(), choices.end(), isGroups) < 7);
  CudaProblem few = problem("conv2d 3x3/1 p1 512->512 7x7 n1 nhwc bf16");
  CHECK(predictedChoice(few, a100()).parts > 1);
  CudaProblem many = problem("conv2d 3x3/1 p1 256->256 14x14 n256 nhwc bf16");
  CHECK(std::holds_alternative<MmaTile>(predictedChoice(many, a100()).tile));
  CHECK(std::holds_alternative<WgmmaTile>(predictedChoice(many, h100()).tile));
}
