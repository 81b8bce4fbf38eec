// What tuning for GPUs is about: contractions by their sizes and precision, the tiles that each may be computed by, and the
// fastest ones known. Plain C++, no MLIR: what measures on a machine with a GPU reads these keys too.
#pragma once

#include "ir/plan/ProblemText.h"
#include "ir/plan/cuda/MmaSchedule.h"
#include "ir/plan/cuda/WgmmaSchedule.h"

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skip::plan {

/// What contractions multiply; the numbers are those of Precision.
enum class CudaPrecision { f32, tf32, f16, bf16 };

/// A contraction at a number of images, in a precision: all that its time depends on besides the GPU.
struct CudaProblem : graph::ContractionSizes {
  int64_t images = 1;
  CudaPrecision precision = CudaPrecision::f32;

  auto operator<=>(const CudaProblem &) const = default;
};

/// One way to compute it: a tile of CUDA cores, of tensor cores or of sm_90a's warp groups, and the parts that each sum is cut
/// into.
struct CudaChoice {
  std::variant<GemmTile, MmaTile, WgmmaTile> tile;
  int64_t parts = 1;

  bool operator==(const CudaChoice &) const = default;
};

/// `conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16`: sizes, images, layout, precision. The keys of databases.
std::string problemText(const CudaProblem &problem);
/// Nothing unless `text` is what problemText gives for some problem, of sizes that are no nonsense.
std::optional<CudaProblem> parseCudaProblem(std::string_view text);

/// `gemm 64x64x16/8x4`: a block's tile and a thread's. `mma 64x64x64/2x2*3 parts 4`: a block's tile, its warps, the stages that
/// are loaded ahead, and the parts, where sums are cut. `wgmma 128x256/2*4c2`: a block's tile, the warp groups that multiply,
/// the stages, and the blocks of a cluster, where there are several.
std::string choiceText(const CudaChoice &choice);
std::optional<CudaChoice> parseCudaChoice(std::string_view text);

/// The same of a tile alone, as plans show it.
std::string tileText(const GemmTile &tile);
std::string tileText(const MmaTile &tile);
std::string tileText(const WgmmaTile &tile);

/// Whether kernels compute the problem so.
bool isLegal(const CudaChoice &choice, const CudaProblem &problem);

struct Gpu;

/// The one whose rates stand for all GPUs of a compute capability: an H100's for 9, else an A100's.
const Gpu &gpuOfMajor(int64_t major);

/// The tile on tensor cores that is predicted to be the fastest on a GPU; of warp groups only if `isForGroups` and the GPU has
/// them.
using TensorCoreTile = std::variant<MmaTile, WgmmaTile>;
TensorCoreTile tensorCoreTile(const GemmShape &shape, int64_t elementBytes, const Gpu &gpu, bool isForGroups);

/// What the cost model expects of a legal choice, in cycles of the GPU; infinite where it cannot do it.
double predictedCost(const CudaProblem &problem, const CudaChoice &choice, const Gpu &gpu);

/// What the cost model would choose for it.
CudaChoice predictedChoice(const CudaProblem &problem, const Gpu &gpu);

/// No problem has more of them.
inline constexpr size_t mostCudaCandidates = 8;
/// The choices worth measuring on it; first predictedChoice(), then by predicted cost.
std::vector<CudaChoice> choicesWorthMeasuring(const CudaProblem &problem, const Gpu &gpu);

/// For each problem what was measured, the fastest first.
struct CudaTuning {
  struct Entry {
    std::vector<CudaChoice> choices;
    std::string device; ///< where, as people call it
  };
  std::map<CudaProblem, Entry> entries;
};

} // namespace skip::plan
