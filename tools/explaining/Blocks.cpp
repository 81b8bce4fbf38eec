// Steps are grouped by their names; what a step moves is its operands and results in their layouts.
#include "tools/explaining/Blocks.h"

#include "ir/graph/GraphShapes.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Contractions.h"
#include "tools/text/Numbers.h"

using namespace skip;
using tool::BlockAccount;

std::string tool::blockOf(llvm::StringRef step) { return step.contains('.') ? step.rsplit('.').first.str() : std::string(); }

bool tool::isInBlock(llvm::StringRef step, llvm::StringRef block) {
  return !block.empty() && step.starts_with(block) && step.drop_front(block.size()).starts_with(".");
}

static int64_t imagesOf(plan::KernelOp kernel, int64_t batch) {
  std::optional<uint64_t> images = kernel.getImages();
  return images ? static_cast<int64_t>(*images) : batch;
}

/// Of one of `images` images of an activation; of transformed windows one copy.
static double bytesOf(mlir::Value value, plan::LayoutAttr layout, int64_t images) {
  auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
  bool isActivation = type.getRank() > 0 && type.isDynamicDim(0);
  int64_t copies = layout.getKind() == plan::LayoutKind::winograd ? plan::winogradCopies(type, layout, images) : 1;
  return isActivation ? static_cast<double>(plan::bufferBytes(type, layout, images) / copies) / static_cast<double>(images) : 0;
}

static int64_t rowsOf(mlir::Value value) {
  auto shape = llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
  return shape.size() == 4 ? shape[2] : 1;
}

/// Whether only kernels of the block read it.
static bool isInner(mlir::Value value, llvm::ArrayRef<plan::KernelOp> block) {
  return llvm::all_of(value.getUsers(), [&](mlir::Operation *user) { return llvm::is_contained(block, user); });
}

static bool isFrom(mlir::Value value, llvm::ArrayRef<plan::KernelOp> block) {
  mlir::Operation *producer = value.getDefiningOp();
  return producer && llvm::is_contained(block, producer);
}

/// How a window reaches beyond its rows: that of a convolution of the block's results, or of the transform that a Winograd
/// convolution reads.
static void readWindow(plan::KernelOp kernel, llvm::ArrayRef<plan::KernelOp> block, plan::BlockStep &step) {
  plan::LayoutAttr out = kernel.outputLayout(0);
  if (out.getKind() == plan::LayoutKind::winograd) {
    step.stride = out.getStride();
    step.extraRows = out.getKernel() - out.getStride();
  }
  for (const plan::ContractionView &view : plan::contractionsOf(kernel)) {
    bool readsRows = !view.winograd || view.winograd.getFused();
    if (!readsRows || !isFrom(kernel.getInputs()[view.input.getArgNumber()], block))
      continue;
    step.stride = view.stride;
    step.extraRows = std::max<int64_t>(0, (view.kernelHeight - 1) * view.dilationRows + 1 - view.stride);
  }
}

/// Of one of `images` images.
static plan::BlockStep stepOf(plan::KernelOp kernel, llvm::ArrayRef<plan::KernelOp> block, int64_t images, double seconds) {
  plan::BlockStep step;
  step.seconds = seconds;
  for (auto [i, input] : llvm::enumerate(kernel.getInputs())) {
    bool inner = isFrom(input, block) && isInner(input, block);
    (inner ? step.innerBytes : step.otherBytes) += bytesOf(input, kernel.inputLayout(i), images);
  }
  mlir::Value result = kernel.getResult(0);
  double bytes = bytesOf(result, kernel.outputLayout(0), images);
  if (isInner(result, block))
    step.innerBytes += step.resultBytes = bytes;
  else
    step.otherBytes += bytes;
  step.rows = rowsOf(result);
  readWindow(kernel, block, step);
  if (kernel.outputLayout(0).getKind() == plan::LayoutKind::winograd) // its rows are those of its reader's result
    step.rows = (step.rows + step.stride - 1) / step.stride;
  return step;
}

static std::string reason(const BlockAccount &account, int64_t rows) {
  const plan::DepthFirst &bands = account.bands;
  auto us = [](double seconds) { return tool::fixed(seconds * 1e6, 0) + " us"; };
  if (bands.bandRows == rows)
    return "not taken: all of it stays in the second-level cache";
  std::string hidden = us(bands.movingSeconds - bands.exposedSeconds) + " of moving are hidden behind multiplications";
  std::string repeated = "bands of " + std::to_string(bands.bandRows) + " rows repeat " + us(bands.repeatedSeconds);
  if (bands.pays())
    return "not taken, since no kernel does it: would save " + us(bands.exposedSeconds - bands.repeatedSeconds) + "; " + hidden;
  return "not taken: " + hidden + ", " + repeated;
}

static plan::DepthFirst timesImages(plan::DepthFirst bands, double images) {
  for (double *each : {&bands.innerBytes, &bands.movingSeconds, &bands.exposedSeconds, &bands.repeatedSeconds})
    *each *= images;
  return bands;
}

std::vector<BlockAccount> tool::blocksOf(mlir::func::FuncOp variant, int64_t batch, llvm::ArrayRef<double> stepSeconds,
                                         double nearBytes, const Peak &peak) {
  std::vector<BlockAccount> accounts;
  llvm::SmallVector<plan::KernelOp> kernels(variant.getOps<plan::KernelOp>());
  for (size_t first = 0, last = 0; first < kernels.size(); first = last) {
    std::string name = blockOf(graph::valueName(kernels[first].getLoc()));
    do
      ++last;
    while (last < kernels.size() && isInBlock(graph::valueName(kernels[last].getLoc()), name));
    if (name.empty() || last - first < 2)
      continue;
    auto block = llvm::ArrayRef(kernels).slice(first, last - first);
    BlockAccount account{name, "", 1, {}, 0, 0};
    for (plan::KernelOp kernel : block)
      account.images = std::max(account.images, imagesOf(kernel, batch));
    std::vector<plan::BlockStep> steps;
    double workingSet = 0, images = static_cast<double>(account.images);
    for (size_t i = first; i < last; ++i) {
      int64_t own = imagesOf(kernels[i], batch);
      double seconds = stepSeconds[i] / static_cast<double>(own);
      steps.push_back(stepOf(kernels[i], block, own, seconds));
      account.multiplyingSeconds += images * seconds;
      workingSet += images * steps.back().resultBytes;
    }
    account.bands = timesImages(plan::depthFirst(steps, nearBytes, peak.bandwidth(workingSet)), images);
    double turns = static_cast<double>(batch) / images;
    account.savedByImages =
        account.bands.innerBytes * (1 / peak.bandwidth(turns * workingSet) - 1 / peak.bandwidth(workingSet));
    account.why = reason(account, steps.back().rows);
    accounts.push_back(account);
  }
  return accounts;
}
