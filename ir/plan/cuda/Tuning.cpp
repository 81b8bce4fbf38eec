// Tiles are those that the cost model ranks (Schedule.h, MmaSchedule.h), each with every number of parts that a sum may be cut
// into: how many blocks there are depends on both. What is worth measuring is what the model ranks first, since what it errs by
// is likely less than what lies between the first and the ninth.
#include "ir/plan/cuda/Tuning.h"

#include "ir/plan/cuda/Gpu.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

using namespace skip;
using namespace skip::plan;

namespace {
struct PrecisionEntry {
  std::string_view name;
  int64_t elementBytes;
  bool usesTensorCores;
};
} // namespace

/// In the order of CudaPrecision.
static constexpr std::array<PrecisionEntry, 4> kPrecisions = {
    {{"f32", 4, false}, {"tf32", 4, true}, {"f16", 2, true}, {"bf16", 2, true}}};
static constexpr std::array<int64_t, 5> kParts = {1, 2, 4, 8, 16};
static constexpr int64_t kVectorBytes = 16; // channels are rounded up to
static constexpr double kMostSums = 0x1p44; // of a problem: what counts them does not overflow

static const PrecisionEntry &entryOf(CudaPrecision precision) { return kPrecisions[static_cast<size_t>(precision)]; }

static bool hasSoundNumber(const CudaProblem &p) {
  return double(p.images) * double(p.outHeight) * double(p.outWidth) * double(p.outChannels) <= kMostSums;
}

std::string plan::problemText(const CudaProblem &p) {
  return sizesText(p, p.images) + " nhwc " + std::string(entryOf(p.precision).name);
}

std::optional<CudaProblem> plan::parseCudaProblem(std::string_view text) {
  TextReader reader(text);
  CudaProblem p;
  readSizes(reader, p, p.images);
  reader.literal(" nhwc ");
  for (size_t i = 0; i < kPrecisions.size(); ++i)
    if (reader.take(kPrecisions[i].name))
      p.precision = static_cast<CudaPrecision>(i);
  bool believed = reader.done() && areSound(p, p.images) && hasSoundNumber(p) && problemText(p) == text;
  return believed ? std::optional(p) : std::nullopt;
}

std::string plan::tileText(const GemmTile &tile) {
  return timesText(tile.m, tile.n) + "x" + std::to_string(tile.k) + "/" + timesText(tile.threadM, tile.threadN);
}

std::string plan::tileText(const MmaTile &tile) {
  return timesText(tile.m, tile.n) + "x" + std::to_string(tile.k) + "/" + timesText(tile.warpsM, tile.warpsN) + "*" +
         std::to_string(tile.stages);
}

std::string plan::tileText(const WgmmaTile &tile) {
  return timesText(tile.m, tile.n) + "/" + std::to_string(tile.consumers) + "*" + std::to_string(tile.stages) +
         (tile.cluster == 1 ? "" : "c" + std::to_string(tile.cluster));
}

/// In the order of CudaChoice's tiles.
static constexpr std::array<std::string_view, 3> kKinds = {"gemm ", "mma ", "wgmma "};

std::string plan::choiceText(const CudaChoice &choice) {
  std::string kind(kKinds[choice.tile.index()]);
  std::string tile = std::visit([](const auto &tile) { return tileText(tile); }, choice.tile);
  return kind + tile + (choice.parts > 1 ? " parts " + std::to_string(choice.parts) : "");
}

static void readTile(TextReader &reader, GemmTile &tile) {
  reader.number(tile.m).literal("x").number(tile.n).literal("x").number(tile.k).literal("/");
  reader.number(tile.threadM).literal("x").number(tile.threadN);
}

static void readTile(TextReader &reader, MmaTile &tile) {
  reader.number(tile.m).literal("x").number(tile.n).literal("x").number(tile.k).literal("/");
  reader.number(tile.warpsM).literal("x").number(tile.warpsN).literal("*").number(tile.stages);
}

static void readTile(TextReader &reader, WgmmaTile &tile) {
  reader.number(tile.m).literal("x").number(tile.n).literal("/").number(tile.consumers).literal("*").number(tile.stages);
  if (reader.take("c"))
    reader.number(tile.cluster);
}

std::optional<CudaChoice> plan::parseCudaChoice(std::string_view text) {
  TextReader reader(text);
  CudaChoice choice;
  if (reader.take(kKinds[1]))
    choice.tile = MmaTile();
  else if (reader.take(kKinds[2]))
    choice.tile = WgmmaTile();
  else
    reader.literal(kKinds[0]);
  std::visit([&](auto &tile) { readTile(reader, tile); }, choice.tile);
  if (reader.take(" parts "))
    reader.number(choice.parts);
  bool believed = reader.done() && choice.parts >= 1 && choiceText(choice) == text;
  return believed ? std::optional(choice) : std::nullopt;
}

static GemmShape shapeOf(const CudaProblem &p, int64_t parts) {
  int64_t lanes = kVectorBytes / entryOf(p.precision).elementBytes, channels = (p.inChannels + lanes - 1) / lanes * lanes;
  return {.pixels = p.images * p.outHeight * p.outWidth,
          .channels = p.outChannels,
          .depth = p.kernelHeight * p.kernelWidth * channels,
          .lines = p.kernelHeight * p.kernelWidth * linesOf(p.inChannels, entryOf(p.precision).elementBytes),
          .parts = parts};
}

/// Sums on CUDA cores keep one order.
static bool isLegalTile(const GemmTile &tile, int64_t parts, const CudaProblem &p) {
  return !entryOf(p.precision).usesTensorCores && parts == 1 && isLegal(tile);
}

static bool areKnownParts(int64_t parts) { return std::find(kParts.begin(), kParts.end(), parts) != kParts.end(); }

/// Each part has a stage at least.
static bool isLegalTile(const MmaTile &tile, int64_t parts, const CudaProblem &p) {
  const PrecisionEntry &precision = entryOf(p.precision);
  return precision.usesTensorCores && areKnownParts(parts) && isLegal(tile, precision.elementBytes) &&
         (parts == 1 || shapeOf(p, parts).depth >= parts * tile.k);
}

static bool isLegalTile(const WgmmaTile &tile, int64_t parts, const CudaProblem &p) {
  return entryOf(p.precision).usesTensorCores && isForWarpgroups(p) && areKnownParts(parts) && isLegal(tile) &&
         shapeOf(p, parts).lines >= parts;
}

bool plan::isLegal(const CudaChoice &choice, const CudaProblem &p) {
  return std::visit([&](const auto &tile) { return isLegalTile(tile, choice.parts, p); }, choice.tile);
}

const Gpu &plan::gpuOfMajor(int64_t major) { return major == 9 ? h100() : a100(); }

TensorCoreTile plan::tensorCoreTile(const GemmShape &shape, int64_t elementBytes, const Gpu &gpu, bool isForGroups) {
  MmaTile mma = mmaTiles(shape, elementBytes, gpu).front();
  if (gpu.groupProducts == 0 || !isForGroups)
    return mma;
  WgmmaTile wgmma = wgmmaTiles(shape).front();
  if (predictedCycles(wgmma, shape, gpu) < predictedCycles(mma, elementBytes, shape, gpu))
    return wgmma;
  return mma;
}

static double cyclesOf(const GemmTile &tile, const GemmShape &shape, int64_t, const Gpu &gpu) {
  return predictedCycles(tile, shape, gpu);
}

static double cyclesOf(const MmaTile &tile, const GemmShape &shape, int64_t elementBytes, const Gpu &gpu) {
  return predictedCycles(tile, elementBytes, shape, gpu);
}

static double cyclesOf(const WgmmaTile &tile, const GemmShape &shape, int64_t, const Gpu &gpu) {
  return gpu.groupProducts > 0 ? predictedCycles(tile, shape, gpu) : std::numeric_limits<double>::infinity();
}

double plan::predictedCost(const CudaProblem &p, const CudaChoice &choice, const Gpu &gpu) {
  GemmShape shape = shapeOf(p, choice.parts);
  int64_t elementBytes = entryOf(p.precision).elementBytes;
  double cycles = std::visit([&](const auto &tile) { return cyclesOf(tile, shape, elementBytes, gpu); }, choice.tile);
  return cycles + (choice.parts > 1 ? addingCycles(shape, gpu) : 0);
}

CudaChoice plan::predictedChoice(const CudaProblem &p, const Gpu &gpu) {
  GemmShape shape = shapeOf(p, 1);
  const PrecisionEntry &precision = entryOf(p.precision);
  if (!precision.usesTensorCores)
    return {gemmTiles(shape).front(), 1};
  shape.parts = bestParts(shape, precision.elementBytes);
  TensorCoreTile tile = tensorCoreTile(shape, precision.elementBytes, gpu, isForWarpgroups(p));
  return std::visit([&](const auto &one) { return CudaChoice{one, shape.parts}; }, tile);
}

static std::vector<CudaChoice> allChoices(const CudaProblem &p, const Gpu &gpu) {
  const PrecisionEntry &precision = entryOf(p.precision);
  GemmShape shape = shapeOf(p, 1);
  std::vector<CudaChoice> all;
  auto addEach = [&](const auto &tiles) {
    for (const auto &tile : tiles)
      for (int64_t parts : kParts)
        all.push_back({tile, parts});
  };
  if (!precision.usesTensorCores)
    addEach(gemmTiles(shape));
  else
    addEach(mmaTiles(shape, precision.elementBytes));
  if (precision.usesTensorCores && gpu.groupProducts > 0)
    addEach(wgmmaTiles(shape));
  std::erase_if(all, [&](const CudaChoice &choice) { return !isLegal(choice, p); });
  return all;
}

/// Of choices by cost the first ones, among them some of each kind of tile: what the model errs by differs from kind to kind.
static std::vector<CudaChoice> firstOfEachKind(const std::vector<CudaChoice> &all) {
  constexpr size_t ofEach = 2;
  std::array<size_t, kKinds.size()> lacking{};
  for (const CudaChoice &choice : all)
    lacking[choice.tile.index()] = std::min(lacking[choice.tile.index()] + 1, ofEach);
  size_t reserved = std::accumulate(lacking.begin(), lacking.end(), size_t(0));
  std::vector<CudaChoice> kept;
  for (const CudaChoice &choice : all) {
    size_t &still = lacking[choice.tile.index()];
    if (still == 0 && kept.size() + reserved >= mostCudaCandidates)
      continue;
    reserved -= still > 0;
    still -= still > 0;
    kept.push_back(choice);
  }
  return kept;
}

std::vector<CudaChoice> plan::choicesWorthMeasuring(const CudaProblem &p, const Gpu &gpu) {
  std::vector<CudaChoice> all = allChoices(p, gpu);
  std::stable_sort(all.begin(), all.end(), [&](const CudaChoice &a, const CudaChoice &b) {
    return predictedCost(p, a, gpu) < predictedCost(p, b, gpu);
  });
  auto own = std::find(all.begin(), all.end(), predictedChoice(p, gpu));
  std::rotate(all.begin(), own, own + 1);
  return firstOfEachKind(all);
}
