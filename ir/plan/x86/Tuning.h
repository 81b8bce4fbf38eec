// What tuning is about: contractions by their shape, the choices that each has, and the fastest ones known. Plain C++, no MLIR
// and no database.
#pragma once

#include "ir/graph/ContractionSizes.h"
#include "ir/plan/x86/Algorithms.h"
#include "ir/plan/x86/Schedule.h"

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skip::plan {

/// Raised with each change of the kernels or of their schedules that makes earlier measurements worth less than new ones.
inline constexpr int kernelRevision = 1;

/// A contraction at a number of images, on one ISA: all that its time depends on besides the machine.
struct ConvProblem : graph::ContractionSizes {
  int64_t images = 1;
  bool planarInput = false;
  SkipIsa isa = SKIP_ISA_AVX2;

  auto operator<=>(const ConvProblem &) const = default;
};

/// One way to compute it.
struct ConvChoice {
  Algorithm algorithm;
  ConvSchedule schedule;

  bool operator==(const ConvChoice &) const = default;
};

/// `conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512`: kernel, stride, padding, channels, output, images, input, ISA. The keys of
/// databases.
std::string problemText(const ConvProblem &problem);
/// Nothing unless `text` is what problemText gives for some problem, of sizes that are no nonsense.
std::optional<ConvProblem> parseProblem(std::string_view text);

/// `direct 2x1x14`, `winograd4/49 2x1x14+7`, `winograd4/28 fused 2x1x14` or `strassen 2x14x14/8`: algorithm, blocks of channels
/// x rows x columns, tails, blocks of a unit.
std::string choiceText(const ConvChoice &choice);
std::optional<ConvChoice> parseChoice(std::string_view text);

/// What the choice of a schedule depends on, once the algorithm is chosen.
ConvShape shapeOf(const ConvProblem &problem, const Algorithm &algorithm);

/// Whether kernels compute the problem by the algorithm: the direct one, or a candidate (Algorithms.h) whose scratch has room.
bool isKnown(const Algorithm &algorithm, const ConvProblem &problem);

/// Whether the choice computes the problem: by a known algorithm, and a schedule that is legal for the shape.
bool isLegal(const ConvChoice &choice, const ConvProblem &problem);

/// In multiply-adds at the peak, of the whole problem; for problems that have several algorithms.
double predictedCost(const ConvProblem &problem, const Algorithm &algorithm);

/// The direct convolution and what can be worthwhile besides, by predicted cost.
std::vector<Algorithm> rankedAlgorithms(const ConvProblem &problem);

/// The algorithm that the cost model predicts to be the fastest, whatever the ISA. Windows have at most `mostPoints` positions
/// along an axis, since more round worse.
Algorithm predictedAlgorithm(const ConvProblem &problem, int64_t mostPoints = 8);

/// What the cost model would choose.
ConvChoice predictedChoice(const ConvProblem &problem);

/// The algorithms worth measuring, each with its best expected schedule; first predictedChoice(), then by predicted cost.
std::vector<ConvChoice> openingChoices(const ConvProblem &problem);

/// The schedules worth measuring under one algorithm, the best expected first.
std::vector<ConvChoice> choicesOf(const ConvProblem &problem, const Algorithm &algorithm);

/// The multiply-adds that any schedule of the algorithm executes, transforms aside.
double leastMultiplyAdds(const ConvProblem &problem, const Algorithm &algorithm);

/// The fastest known choice of each algorithm, Strassen's one of them, for each problem.
class TuningTable {
public:
  struct Entry {
    ConvChoice choice;
    int64_t nanoseconds;
    std::string device; ///< where it was measured, as people call it
  };

  void add(const ConvProblem &problem, const ConvChoice &choice, int64_t nanoseconds, const std::string &device = "");
  /// One entry for each algorithm that was measured, the fastest first; empty where nothing is known.
  const std::vector<Entry> &find(const ConvProblem &problem) const;

private:
  std::map<ConvProblem, std::vector<Entry>> entries;
};

} // namespace skip::plan
