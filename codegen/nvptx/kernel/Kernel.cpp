// The sum of the kernel families: one dispatch for each question that is put to all of them.
#include "codegen/nvptx/kernel/Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::nvptx;

int64_t nvptx::threadsOf(const Spec &spec) {
  const auto *gemm = std::get_if<GemmSpec>(&spec.family);
  return gemm ? std::visit([](const auto &tile) { return tile.threads(); }, gemm->tile)
              : spec.blocks.points * spec.blocks.lanes;
}

/// A contraction's tile of a kind, or null.
template <typename Kind> static const Kind *tileOf(const Spec &spec) {
  const auto *gemm = std::get_if<GemmSpec>(&spec.family);
  return gemm ? std::get_if<Kind>(&gemm->tile) : nullptr;
}

static int64_t elementBytesOf(const Spec &spec) { return plan::elementBytes(std::get<GemmSpec>(spec.family).result.element); }

int64_t nvptx::sharedBytesOf(const Spec &spec) {
  if (const auto *wgmma = tileOf<plan::WgmmaTile>(spec))
    return wgmma->sharedBytes();
  const auto *mma = tileOf<plan::MmaTile>(spec);
  return mma ? mma->sharedBytes(elementBytesOf(spec)) : 0;
}

int64_t nvptx::clusterOf(const Spec &spec) {
  const auto *wgmma = tileOf<plan::WgmmaTile>(spec);
  return wgmma ? wgmma->cluster : 1;
}

llvm::SmallVector<SkipCudaMap> nvptx::mapsOf(const Spec &spec) {
  const auto *wgmma = tileOf<plan::WgmmaTile>(spec);
  return wgmma ? wgmmaMaps(std::get<GemmSpec>(spec.family), *wgmma) : llvm::SmallVector<SkipCudaMap>();
}

/// Of tiles of 64 by 64 on CUDA cores with a projection within, which need up to 119 registers: the assembler takes 96.
static constexpr int64_t kBlocksOfProjections = 4;

/// Of groups' vectors of 16-bit numbers, which need up to 80 registers: the assembler takes 64. Where a loop has two vectors it
/// writes both out, which spills nothing as it likes it, and does with three blocks.
static int64_t blocksOfGroups(const GeneralConvSpec &spec) {
  int64_t lanes = spec.result.lanes(), inputs = spec.input.channels / spec.groups;
  bool isOfVectors = inputs % lanes == 0 && spec.result.channels / spec.groups % lanes == 0;
  return plan::elementBytes(spec.result.element) == 2 && isOfVectors && inputs != 2 * lanes ? 3 : 0;
}

/// Else the assembler would rather spill registers than have fewer blocks than it likes.
static int64_t minBlocksOf(const Spec &spec) {
  if (const auto *wgmma = tileOf<plan::WgmmaTile>(spec))
    return plan::blocksBeside(*wgmma);
  if (const auto *mma = tileOf<plan::MmaTile>(spec))
    return plan::blocksBeside(*mma, elementBytesOf(spec));
  if (const auto *tile = tileOf<plan::GemmTile>(spec))
    return *tile == plan::GemmTile() && std::get<GemmSpec>(spec.family).views.size() > 1 ? kBlocksOfProjections : 0;
  const auto *conv = std::get_if<GeneralConvSpec>(&spec.family);
  return conv ? blocksOfGroups(*conv) : 0;
}

std::array<int64_t, 3> nvptx::splitOf(const Spec &spec) {
  if (const auto *gemm = std::get_if<GemmSpec>(&spec.family))
    return std::visit([](const auto &tile) { return std::array<int64_t, 3>{tile.m, tile.n, 1}; }, gemm->tile);
  return {spec.blocks.points, 1, 1};
}

/// Floats of an image of the caller's arrays.
static int64_t planarFloats(const Spec &spec) {
  const auto *relayout = std::get_if<RelayoutSpec>(&spec.family);
  return relayout ? relayout->picture.channels * relayout->picture.pixels() : 0;
}

static void emitContraction(Builder &b, const GemmSpec &spec, ValueRange operands, ValueRange maps) {
  std::visit(llvm::makeVisitor([&](const plan::GemmTile &tile) { emitGemm(b, spec, tile, operands); },
                               [&](const plan::MmaTile &tile) { emitMma(b, spec, tile, operands); },
                               [&](const plan::WgmmaTile &tile) { emitWgmma(b, spec, tile, operands, maps); }),
             spec.tile);
}

void nvptx::emitKernel(mlir::ModuleOp module, llvm::StringRef name, const Spec &spec) {
  auto mapCount = static_cast<unsigned>(mapsOf(spec).size());
  Builder b(module, name,
            {.threads = threadsOf(spec),
             .minBlocks = minBlocksOf(spec),
             .operands = static_cast<unsigned>(spec.isIndirect.size()),
             .maps = mapCount,
             .cluster = clusterOf(spec),
             .startsEarly = spec.column == SKIP_CUDA_SM_90A});
  Values operands, maps;
  for (unsigned map = 0; map < mapCount; ++map)
    maps.push_back(b.map(map));
  for (auto [index, isIndirect] : llvm::enumerate(spec.isIndirect))
    operands.push_back(b.operand(index, isIndirect, planarFloats(spec)));
  const Blocks &blocks = spec.blocks;
  std::visit(llvm::makeVisitor([&](const GemmSpec &s) { emitContraction(b, s, operands, maps); },
                               [&](const MaxPoolSpec &s) { emitMaxPool(b, s, blocks, operands); },
                               [&](const GeneralConvSpec &s) { emitGeneralConv(b, s, blocks, operands); },
                               [&](const AvgPoolSpec &s) { emitAvgPool(b, s, blocks, operands); },
                               [&](const AttentionPoolSpec &s) { emitAttentionPool(b, s, blocks, operands); },
                               [&](const UnflattenSpec &s) { emitUnflatten(b, s, blocks, operands); },
                               [&](const ConcatSpec &s) { emitConcat(b, s, blocks, operands); },
                               [&](const UpsampleSpec &s) { emitUpsample(b, s, blocks, operands); },
                               [&](const ReflectPadSpec &s) { emitReflectPad(b, s, blocks, operands); },
                               [&](const MomentsSpec &s) { emitMoments(b, s, blocks, operands); },
                               [&](const GroupNormSpec &s) { emitGroupNorm(b, s, blocks, operands); },
                               [&](const GlobalAvgPoolSpec &s) { emitGlobalAvgPool(b, s, blocks, operands); },
                               [&](const ElementwiseSpec &s) { emitElementwise(b, s, blocks, operands); },
                               [&](const RelayoutSpec &s) { emitRelayout(b, s, blocks, operands); },
                               [&](const FlattenSpec &s) { emitFlatten(b, s, blocks, operands); },
                               [&](const PadChannelsSpec &s) { emitPadChannels(b, s, blocks, operands); },
                               [&](const SoftmaxSpec &s) { emitSoftmax(b, s, blocks, operands); }),
             spec.family);
  b.finish();
}

void nvptx::loadKernelDialects(mlir::MLIRContext &context) {
  context.loadDialect<mlir::arith::ArithDialect, mlir::LLVM::LLVMDialect, mlir::NVVM::NVVMDialect, mlir::scf::SCFDialect>();
}

void nvptx::forPoint(Builder &b, const Blocks &blocks, int64_t perImage, llvm::function_ref<void(Value point)> body) {
  Value point = b.add(b.mul(b.block(0), blocks.points), b.divide(b.thread(), blocks.lanes));
  b.when(b.less(point, b.mul(b.images(), perImage)), [&] { body(point); });
}
