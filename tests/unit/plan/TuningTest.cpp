// Keys of tuning problems, what is legal, what is worth measuring, and the table of what is known.
#include "ir/plan/x86/Tuning.h"

#include "ir/plan/Contractions.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace skip;
using namespace skip::plan;

static ConvProblem problem3x3(int64_t channels = 64, int64_t extent = 56) {
  graph::ContractionSizes sizes{.kernelHeight = 3,
                                .kernelWidth = 3,
                                .padding = 1,
                                .inChannels = channels,
                                .outChannels = channels,
                                .outHeight = extent,
                                .outWidth = extent};
  return {sizes, /*images=*/1, /*planarInput=*/false, SKIP_ISA_AVX512};
}

TEST_CASE("tuning: a problem's text reads back") {
  CHECK(problemText(problem3x3()) == "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512");
  ConvProblem first{{.kernelHeight = 7,
                     .kernelWidth = 7,
                     .stride = 2,
                     .padding = 3,
                     .inChannels = 3,
                     .outChannels = 64,
                     .outHeight = 112,
                     .outWidth = 111},
                    /*images=*/4,
                    /*planarInput=*/true};
  ConvProblem linear{{.isLinear = true, .kernelHeight = 7, .kernelWidth = 7, .inChannels = 512, .outChannels = 4096}};
  CHECK(problemText(linear) == "linear 7x7/1 p0 512->4096 1x1 n1 blocked avx2");
  for (const ConvProblem &problem : {problem3x3(), first, linear})
    CHECK(parseProblem(problemText(problem)) == problem);
  CHECK(parseProblem("conv2d 3x3/3 p4 64->64 12x12 n1 blocked avx512")); // padded by more than the kernel
}

TEST_CASE("tuning: what is no problem's text is refused") {
  for (const char *text :
       {"", "conv2d", "conv2d 3x3/1 p1 64->64 56x56 n1 blocked", "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512 ",
        "conv2d 3x3/1 p1 64->64 56x56 n1 striped avx512", "conv2d 03x3/1 p1 64->64 56x56 n1 blocked avx512",
        "conv2d 3x3/1 p1 0->64 56x56 n1 blocked avx512", "conv2d 3x3/1 p-1 64->64 56x56 n1 blocked avx512",
        "conv2d 3x3/1 p1 99999999999999999999->64 56x56 n1 blocked avx512", "conv2d 3x3/1 p1 -6->64 56x56 n1 blocked avx512",
        "conv2d 3x3/1 p1 2000000->64 56x56 n1 blocked avx512", "linear 1x1/2 p0 64->64 1x1 n1 blocked avx2"}) {
    CAPTURE(text);
    CHECK_FALSE(parseProblem(text));
  }
}

TEST_CASE("tuning: a choice's text reads back, other texts are refused") {
  ConvChoice direct{{}, {2, 1, 14, {}}}, winograd{{4, 28}, {1, 1, 8, {4, 2}}};
  CHECK(choiceText(direct) == "direct 2x1x14");
  CHECK(choiceText(winograd) == "winograd4/28 1x1x8+4+2");
  CHECK(parseChoice(choiceText(direct)) == direct);
  CHECK(parseChoice(choiceText(winograd)) == winograd);
  ConvChoice strassen{{}, {2, 14, 14, {}, 8}};
  CHECK(choiceText(strassen) == "strassen 2x14x14/8");
  CHECK(parseChoice(choiceText(strassen)) == strassen);
  for (const char *text : {"", "direct", "direct 0x1x1", "direct 1x1x1+", "direct 1x1x1 ", "winograd4 1x1x1",
                           "winograd4/ 1x1x1", "winograd0/4 1x1x1", "direct 1x1x+1", "direct 1x1x1/2", "strassen 2x14x14",
                           "strassen 2x14x14/0", "direct 1x1x1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1"}) {
    CAPTURE(text);
    CHECK_FALSE(parseChoice(text));
  }
}

TEST_CASE("tuning: only what computes the problem is legal") {
  ConvProblem problem = problem3x3();
  CHECK(isLegal({{}, {2, 1, 14, {}}}, problem));
  CHECK(isLegal({{4, 28}, {2, 1, 14, {}}}, problem));
  CHECK(isLegal({{4, 28, true}, {2, 1, 14, {}}}, problem));
  CHECK_FALSE(isLegal({{}, {2, 1, 15, {}}}, problem));      // 56 is not covered
  CHECK_FALSE(isLegal({{}, {3, 1, 7, {}}}, problem));       // 3 does not divide 4 blocks
  CHECK_FALSE(isLegal({{}, {4, 2, 28, {}}}, problem));      // no such register file
  CHECK_FALSE(isLegal({{4, 27}, {1, 1, 9, {}}}, problem));  // no candidate
  CHECK_FALSE(isLegal({{4, 28}, {4, 1, 7, {}}}, problem));  // too many blocks of transformed filters
  CHECK_FALSE(isLegal({{0, 28}, {2, 1, 14, {}}}, problem)); // a group of nothing
  problem.stride = 2;
  CHECK(isLegal({{7, 28}, {2, 1, 14, {}}}, problem));
  CHECK_FALSE(isLegal({{6, 28}, {2, 1, 14, {}}}, problem));       // of stride 1 alone
  CHECK_FALSE(isLegal({{7, 28, true}, {2, 1, 14, {}}}, problem)); // by phases nothing is fused
  problem.stride = 3;
  CHECK_FALSE(isLegal({{4, 28}, {2, 1, 14, {}}}, problem));
  CHECK_FALSE(isLegal({{}, {1, 1, 8, {}}}, {{.isLinear = true}, 20, false, SKIP_ISA_AVX512})); // 1 to 20 images
  CHECK(isLegal({{}, {1, 1, 8, {4, 2, 1}}}, {{.isLinear = true}, 20, false, SKIP_ISA_AVX512}));
}

TEST_CASE("tuning: positions in registers are two or a whole row, where there is room and filters need not be stored") {
  ConvProblem problem = problem3x3(512, 7);
  problem.isa = SKIP_ISA_AVX512;
  CHECK(isLegal({{4, 4}, {1, 6, 4, {}}}, problem));
  CHECK(isLegal({{4, 4}, {2, 2, 4, {}}}, problem));
  CHECK_FALSE(isLegal({{4, 4}, {1, 3, 4, {}}}, problem));
  CHECK_FALSE(isLegal({{4, 4}, {1, 6, 2, {2}}}, problem));
  CHECK_FALSE(isLegal({{4, 16}, {1, 6, 4, {}}}, problem));
  CHECK_FALSE(isLegal({{4, 1}, {1, 6, 1, {}}}, problem)); // groups of one are for stride 2
  problem.stride = 2;
  CHECK(isLegal({{7, 1}, {1, 8, 1, {}}}, problem));
  CHECK_FALSE(isLegal({{7, 4}, {1, 8, 4, {}}}, problem)); // 32 sums
  problem.isa = SKIP_ISA_AVX2;
  CHECK_FALSE(isLegal({{7, 1}, {1, 8, 1, {}}}, problem));
  std::optional<ConvProblem> stem = parseProblem("conv2d 7x7/2 p3 3->64 112x112 n1 planar avx512");
  REQUIRE(stem);
  CHECK(isLegal({{5, 4, true}, {1, 1, 4, {}}}, *stem));
  CHECK_FALSE(isLegal({{5, 4, true}, {1, 2, 4, {}}}, *stem));
}

TEST_CASE("tuning: what a kernel holds must fit the stack") {
  ConvProblem narrow = problem3x3(16, 56);
  CHECK(isLegal({{6, 36}, {1, 1, 12, {}}}, narrow));
  CHECK(isLegal({{4, 36, true}, {1, 1, 12, {}}}, narrow));
  CHECK_FALSE(isLegal({{6, 36, true}, {1, 1, 12, {}}}, narrow));
  std::optional<ConvProblem> wide = parseProblem("conv2d 3x3/1 p1 2048->32 28x28 n1 blocked avx512");
  REQUIRE(wide);
  CHECK(isLegal({{4, 49}, {2, 1, 14, {7}}}, *wide));
  CHECK_FALSE(isLegal({{4, 49, true}, {2, 1, 14, {7}}}, *wide));
  CHECK_FALSE(isLegal({{4, 4, true}, {2, 1, 4, {}}}, *wide));
}

TEST_CASE("tuning: Strassen's products are for 1x1 convolutions") {
  std::optional<ConvProblem> problem = parseProblem("conv2d 1x1/1 p0 1024->256 14x14 n1 blocked avx512");
  REQUIRE(problem);
  CHECK(isLegal({{}, {2, 14, 14, {}, 4}}, *problem));
  CHECK_FALSE(isLegal({{}, {2, 14, 14, {}, 16}}, *problem)); // the sums of earlier chunks do not fit the stack
  CHECK_FALSE(isLegal({{4, 49}, {2, 14, 14, {}, 4}}, *problem));
  CHECK_FALSE(isLegal({{}, {2, 14, 14, {}, 4}}, problem3x3(256, 14)));
  CHECK_FALSE(isLegal({{}, {1, 1, 8, {}, 2}}, {{.isLinear = true, .inChannels = 64, .outChannels = 64}, 8}));
  CHECK(predictedChoice(*problem).schedule.unitBlocks > 0);
  std::vector<ConvChoice> choices = choicesOf(*problem, {});
  auto isStrassen = [](const ConvChoice &choice) { return choice.schedule.unitBlocks > 0; };
  CHECK(std::any_of(choices.begin(), choices.end(), isStrassen));
  CHECK_FALSE(std::all_of(choices.begin(), choices.end(), isStrassen));
  problem->isa = SKIP_ISA_AVX2;
  CHECK(predictedChoice(*problem).schedule.unitBlocks == 0);

  TuningTable table; // keeps the fastest direct choice beside Strassen's, for builds that must be exact
  table.add(*problem, {{}, {2, 14, 14, {}, 4}}, 100);
  table.add(*problem, {{}, {2, 1, 14, {}}}, 120);
  table.add(*problem, {{}, {2, 1, 7, {}}}, 110);
  REQUIRE(table.find(*problem).size() == 2);
  CHECK(table.find(*problem)[1].choice == ConvChoice{{}, {2, 1, 7, {}}});
}

TEST_CASE("tuning: candidates are legal, begin with the cost model's choice, and none comes twice") {
  for (ConvProblem problem : {problem3x3(), problem3x3(512, 7), problem3x3(16, 5), problem3x3(17, 3),
                              ConvProblem{{.inChannels = 256, .outChannels = 128, .outHeight = 28, .outWidth = 28}},
                              ConvProblem{{.isLinear = true, .inChannels = 512, .outChannels = 1000}, 3}})
    for (SkipIsa isa : {SKIP_ISA_AVX2, SKIP_ISA_AVX512}) {
      problem.isa = isa;
      CAPTURE(problemText(problem));
      std::vector<ConvChoice> openings = openingChoices(problem);
      CHECK(openings.front() == predictedChoice(problem));
      for (size_t i = 0; i < openings.size(); ++i) {
        CHECK(isLegal(openings[i], problem));
        CHECK(leastMultiplyAdds(problem, openings[i].algorithm) > 0);
        CHECK(std::find(openings.begin(), openings.begin() + i, openings[i]) == openings.begin() + i);
        for (const ConvChoice &choice : choicesOf(problem, openings[i].algorithm))
          CHECK(isLegal(choice, problem));
      }
    }
}

TEST_CASE("tuning: a table keeps the fastest of each algorithm, the fastest of all first") {
  TuningTable table;
  CHECK(table.find(problem3x3()).empty());
  ConvChoice slow{{}, {1, 1, 14, {}}}, fast{{}, {2, 1, 14, {}}}, tied{{}, {2, 2, 7, {}}}, winograd{{4, 28}, {2, 1, 14, {}}};
  table.add(problem3x3(), fast, 300);
  table.add(problem3x3(), slow, 400);
  table.add(problem3x3(), tied, 300);
  table.add(problem3x3(), winograd, 100);
  const std::vector<TuningTable::Entry> &entries = table.find(problem3x3());
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].choice == winograd);
  CHECK(entries[1].choice == fast); // of equals the first by text, in whatever order they came
  CHECK(table.find(problem3x3(64, 55)).empty());
}

TEST_CASE("tuning: error bounds grow with the points of a window, up to that of all else") {
  CHECK(errorBound(0) == 1e-4);
  CHECK(errorBound(4) == 2e-5);
  CHECK(errorBound(6) == 2e-5);
  CHECK(errorBound(7) == 4e-5);
  CHECK(errorBound(8) == 8e-5);
}
