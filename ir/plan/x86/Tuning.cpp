// Candidates and their keys.
#include "ir/plan/x86/Tuning.h"

#include "ir/plan/Layout.h"
#include "ir/plan/ProblemText.h"
#include "ir/plan/x86/Isa.h"
#include "ir/plan/x86/Strassen.h"

#include <algorithm>

using namespace skip;
using namespace skip::plan;

static constexpr size_t kMostOpenings = 8, kMostOfAKind = 4;
static constexpr double kWorthOpening = 1.7; // times the least predicted cost

std::string plan::problemText(const ConvProblem &p) {
  return sizesText(p, p.images) + (p.planarInput ? " planar " : " blocked ") + std::string(isaName(p.isa));
}

std::optional<ConvProblem> plan::parseProblem(std::string_view text) {
  TextReader reader(text);
  ConvProblem p;
  readSizes(reader, p, p.images);
  p.planarInput = reader.take(" planar");
  if (!p.planarInput)
    reader.literal(" blocked");
  bool isWide = reader.take(" avx512");
  if (!isWide)
    reader.literal(" avx2");
  p.isa = isWide ? SKIP_ISA_AVX512 : SKIP_ISA_AVX2;
  bool believed = reader.done() && areSound(p, p.images) && problemText(p) == text;
  return believed ? std::optional(p) : std::nullopt;
}

std::string plan::choiceText(const ConvChoice &choice) {
  const ConvSchedule &s = choice.schedule;
  std::string text = "direct ";
  if (choice.algorithm.tile)
    text = "winograd" + std::to_string(choice.algorithm.tile) + "/" + std::to_string(choice.algorithm.group) +
           (choice.algorithm.fused ? " fused " : " ");
  else if (s.unitBlocks)
    text = "strassen ";
  text += timesText(s.ocBlocks, s.rows) + "x" + std::to_string(s.columns);
  for (int64_t tail : s.tails)
    text += "+" + std::to_string(tail);
  return s.unitBlocks ? text + "/" + std::to_string(s.unitBlocks) : text;
}

std::optional<ConvChoice> plan::parseChoice(std::string_view text) {
  TextReader reader(text);
  ConvChoice choice;
  if (reader.take("winograd")) {
    reader.number(choice.algorithm.tile).literal("/").number(choice.algorithm.group);
    choice.algorithm.fused = reader.take(" fused ");
    if (!choice.algorithm.fused)
      reader.literal(" ");
  } else if (!reader.take("strassen ")) {
    reader.literal("direct ");
  }
  ConvSchedule &s = choice.schedule;
  reader.number(s.ocBlocks).literal("x").number(s.rows).literal("x").number(s.columns);
  while (s.tails.size() < 16 && reader.take("+"))
    reader.number(s.tails.emplace_back());
  if (reader.take("/"))
    reader.number(s.unitBlocks);
  bool believed = reader.done() && std::min({s.ocBlocks, s.rows, s.columns}) >= 1 && choiceText(choice) == text;
  return believed ? std::optional(choice) : std::nullopt;
}

static bool is3x3(const ConvProblem &p) {
  return !p.isLinear && p.kernelHeight == 3 && p.kernelWidth == 3 && p.stride <= 2 && p.padding <= 1 && p.inChannels >= 16 &&
         !p.planarInput;
}

static bool isStem(const ConvProblem &p) {
  return !p.isLinear && p.kernelHeight == p.kernelWidth && (p.kernelHeight == 5 || p.kernelHeight == 7) && p.stride == 2 &&
         p.inChannels <= 4 && p.planarInput;
}

static Conv3x3Shape shape3x3(const ConvProblem &p) {
  return {p.inChannels, p.outChannels, p.outHeight, p.outWidth, p.images, p.stride};
}

static StemShape stemShape(const ConvProblem &p) {
  return {p.kernelHeight, p.inChannels, p.outChannels, p.outHeight, p.outWidth, p.images};
}

/// What can compute the problem besides the direct convolution.
static std::vector<Algorithm> winogradOf(const ConvProblem &p) {
  return is3x3(p) ? winogradCandidates(p.stride) : isStem(p) ? stemCandidates(p.kernelHeight) : std::vector<Algorithm>();
}

double plan::predictedCost(const ConvProblem &p, const Algorithm &algorithm) {
  return isStem(p) ? predictedCost(stemShape(p), algorithm) : predictedCost(shape3x3(p), algorithm);
}

ConvShape plan::shapeOf(const ConvProblem &p, const Algorithm &algorithm) {
  ConvShape shape;
  shape.ocBlocks = blocksOf(p.outChannels);
  shape.inChannels = p.inChannels;
  shape.images = p.images;
  if (algorithm.tile) {
    shape.outWidth = algorithm.group;
    shape.inChannels = p.stride == 2 ? 4 * p.inChannels : p.inChannels;
    shape.maxOcBlocks = winogradMaxOcBlocks;
    shape.rowPositions = winogradRowPositions({p.kernelHeight, p.stride}, p.inChannels, algorithm.tile);
    return shape;
  }
  shape.kernelHeight = p.kernelHeight;
  shape.kernelWidth = p.kernelWidth;
  shape.stride = p.stride;
  shape.imagesAreColumns = p.outHeight == 1 && p.outWidth == 1;
  shape.outHeight = p.outHeight;
  shape.outWidth = shape.imagesAreColumns ? p.images : p.outWidth;
  shape.images = shape.imagesAreColumns ? 1 : p.images;
  shape.planarInput = p.planarInput;
  shape.roots = {{p.kernelHeight, p.kernelWidth, p.stride, blocksOf(p.inChannels), p.planarInput}};
  return shape;
}

bool plan::isKnown(const Algorithm &algorithm, const ConvProblem &problem) {
  if (!algorithm.tile)
    return algorithm == Algorithm();
  auto isAmong = [&](const std::vector<Algorithm> &known) {
    return std::find(known.begin(), known.end(), algorithm) != known.end();
  };
  if (is3x3(problem) ? !isAmong(winogradCandidates(problem.stride))
                     : !isStem(problem) || !isAmong(stemCandidates(problem.kernelHeight)))
    return false;
  int64_t fusedBlocks = algorithm.fused ? blocksOf(problem.inChannels) : 0;
  int64_t points = WinogradTaps{problem.kernelHeight, problem.stride}.points(algorithm.tile);
  return scratchFits(isStem(problem) ? 1 : fusedBlocks, points, algorithm.group);
}

bool plan::isLegal(const ConvChoice &choice, const ConvProblem &problem) {
  return isKnown(choice.algorithm, problem) && isLegal(choice.schedule, shapeOf(problem, choice.algorithm), problem.isa);
}

static ConvChoice bestExpected(const ConvProblem &problem, const Algorithm &algorithm) {
  return {algorithm, convSchedules(shapeOf(problem, algorithm), problem.isa).front()};
}

Algorithm plan::predictedAlgorithm(const ConvProblem &problem, int64_t mostPoints) {
  if (isStem(problem))
    return chooseStemAlgorithm(stemShape(problem), mostPoints);
  return is3x3(problem) ? chooseAlgorithm(shape3x3(problem), mostPoints) : Algorithm();
}

ConvChoice plan::predictedChoice(const ConvProblem &problem) { return bestExpected(problem, predictedAlgorithm(problem)); }

std::vector<Algorithm> plan::rankedAlgorithms(const ConvProblem &problem) {
  std::vector<Algorithm> algorithms = {{}};
  for (const Algorithm &algorithm : winogradOf(problem))
    if (isStem(problem) || isWorthwhile(shape3x3(problem), algorithm))
      algorithms.push_back(algorithm);
  if (algorithms.size() > 1)
    std::stable_sort(algorithms.begin(), algorithms.end(), [&](const Algorithm &a, const Algorithm &b) {
      return predictedCost(problem, a) < predictedCost(problem, b);
    });
  return algorithms;
}

std::vector<ConvChoice> plan::openingChoices(const ConvProblem &problem) {
  std::vector<ConvChoice> choices = {predictedChoice(problem)};
  std::vector<Algorithm> ranked = rankedAlgorithms(problem);
  for (const Algorithm &algorithm : ranked) {
    size_t kin = std::count_if(choices.begin(), choices.end(), [&](const ConvChoice &choice) {
      return choice.algorithm.tile == algorithm.tile && choice.algorithm.fused == algorithm.fused;
    });
    if (algorithm != choices.front().algorithm && choices.size() < kMostOpenings && kin < kMostOfAKind &&
        predictedCost(problem, algorithm) <= kWorthOpening * predictedCost(problem, ranked.front()))
      choices.push_back(bestExpected(problem, algorithm));
  }
  return choices;
}

std::vector<ConvChoice> plan::choicesOf(const ConvProblem &problem, const Algorithm &algorithm) {
  std::vector<ConvChoice> choices;
  for (const ConvSchedule &schedule : convSchedules(shapeOf(problem, algorithm), problem.isa))
    choices.push_back({algorithm, schedule});
  return choices;
}

double plan::leastMultiplyAdds(const ConvProblem &p, const Algorithm &algorithm) {
  double pairs = double(16 * blocksOf(p.outChannels)) * double(p.planarInput ? p.inChannels : 16 * blocksOf(p.inChannels));
  if (!algorithm.tile)
    return pairs * double(p.kernelHeight * p.kernelWidth * p.outHeight * p.outWidth * p.images) *
           (strassenSchedules(shapeOf(p, algorithm), p.isa).empty() ? 1 : kStrassenShare);
  auto tiles = [&](int64_t extent) { return double((extent + algorithm.tile - 1) / algorithm.tile); };
  // Of a tile; a stem's input falls into four phases.
  double products =
      double(winogradTileProducts({p.kernelHeight, p.stride}, p.inChannels, algorithm.tile)) * pairs * (isStem(p) ? 4 : 1);
  return products * tiles(p.outHeight) * tiles(p.outWidth) * double(p.images);
}

void TuningTable::add(const ConvProblem &problem, const ConvChoice &choice, int64_t nanoseconds, const std::string &device) {
  std::vector<Entry> &list = entries[problem];
  auto before = [](const Entry &a, const Entry &b) {
    return a.nanoseconds != b.nanoseconds ? a.nanoseconds < b.nanoseconds : choiceText(a.choice) < choiceText(b.choice);
  };
  Entry added{choice, nanoseconds, device};
  auto same = std::find_if(list.begin(), list.end(), [&](const Entry &e) {
    return e.choice.algorithm == choice.algorithm && (e.choice.schedule.unitBlocks > 0) == (choice.schedule.unitBlocks > 0);
  });
  if (same == list.end())
    list.push_back(added);
  else if (before(added, *same))
    *same = added;
  std::sort(list.begin(), list.end(), before);
}

const std::vector<TuningTable::Entry> &TuningTable::find(const ConvProblem &problem) const {
  static const std::vector<Entry> none;
  auto found = entries.find(problem);
  return found == entries.end() ? none : found->second;
}
