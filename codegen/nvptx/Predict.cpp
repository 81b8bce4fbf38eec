// Operations come from the graph's own count, bytes from the step's slots: each operand is read or written once a turn.
#include "codegen/nvptx/Predict.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Layout.h"
#include "ir/plan/cuda/Shapes.h"

using namespace skip;
using namespace skip::nvptx;
using plan::Work;

/// Of `images` images, which is a turn.
static Work workOf(plan::KernelOp kernel, int64_t images, int64_t batch) {
  Work work;
  for (mlir::Operation &op : kernel.getBody().front())
    if (auto costed = llvm::dyn_cast<graph::Costed>(op))
      work.operations += 2.0 * static_cast<double>(costed.multiplyAdds() * images);
  for (auto slot : kernel.getSlotsAttr().getAsRange<plan::SlotAttr>()) {
    bool isWhole = slot.getImageBytes() != 0 || slot.getSegment() == plan::Segment::input ||
                   slot.getSegment() == plan::Segment::output; // of the batch
    double share = isWhole ? static_cast<double>(images) / static_cast<double>(batch) : 1;
    work.bytes += static_cast<double>(slot.getBytes()) * share;
  }
  return work;
}

static int64_t elementBytesOf(plan::KernelOp kernel) {
  int64_t bytes = 4;
  for (auto layout : kernel.getLayoutsAttr().getAsRange<plan::LayoutAttr>())
    bytes = std::min(bytes, plan::elementBytes(layout.getElement()));
  return bytes;
}

/// Of a turn of a contraction; else 0.
static double cyclesOf(plan::KernelOp kernel, mlir::Attribute schedule, int64_t batch, const plan::Gpu &gpu) {
  std::optional<plan::GemmShape> shape = plan::gemmShapeOf(kernel, batch);
  if (auto gemm = llvm::dyn_cast<plan::CudaGemmAttr>(schedule))
    return plan::predictedCycles(plan::tileOf(gemm), *shape, gpu);
  if (auto mma = llvm::dyn_cast<plan::CudaMmaAttr>(schedule))
    return plan::predictedCycles(plan::tileOf(mma), elementBytesOf(kernel), *shape, gpu);
  if (auto wgmma = llvm::dyn_cast<plan::CudaWgmmaAttr>(schedule))
    return plan::predictedCycles(plan::tileOf(wgmma), *shape, gpu);
  return 0;
}

/// Of a tile on tensor cores; else 0.
static int64_t stagesOf(mlir::Attribute schedule) {
  if (auto mma = llvm::dyn_cast<plan::CudaMmaAttr>(schedule))
    return mma.getStages();
  auto wgmma = llvm::dyn_cast<plan::CudaWgmmaAttr>(schedule);
  return wgmma ? wgmma.getStages() : 0;
}

std::optional<Prediction> nvptx::predict(plan::KernelOp kernel, size_t column, int64_t batch, const plan::Gpu &gpu) {
  std::optional<LaunchShape> launch = launchOf(kernel, column);
  if (!launch)
    return std::nullopt;
  mlir::Attribute schedule = kernel.getSchedulesAttr()[column];
  int64_t images = kernel.getImages().value_or(batch), turns = (batch + images - 1) / images;
  Work turn = workOf(kernel, images, batch);
  Prediction prediction;
  prediction.launch = *launch;
  prediction.stages = stagesOf(schedule);
  prediction.work = {turn.operations * double(turns), turn.bytes * double(turns)};
  prediction.roofline = plan::rooflineSeconds(prediction.work, elementBytesOf(kernel), prediction.stages > 0, gpu);
  prediction.seconds = plan::predictedSeconds(cyclesOf(kernel, schedule, batch, gpu), turn, gpu) * double(turns);
  return prediction;
}
