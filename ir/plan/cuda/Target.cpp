// What passes ask of CUDA: pixels with their channels side by side, tiles through shared memory.
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/cuda/Gpu.h"
#include "ir/plan/cuda/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace skip;
using plan::CudaGemmAttr;
using plan::CudaLoopAttr;
using plan::CudaMmaAttr;
using plan::CudaTargetAttr;
using plan::CudaWgmmaAttr;
using plan::LayoutKind;

static constexpr int64_t kWarp = 32, kLoopThreads = 256, kMostThreads = 1024;

LogicalResult CudaTargetAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                     llvm::ArrayRef<Architecture> architectures, Precision, int64_t near) {
  if (near < 1 || near > (int64_t(1) << 20))
    return emitError() << "expected `near` to be from 1 to 1048576 megabytes";
  bool isAscending =
      std::adjacent_find(architectures.begin(), architectures.end(), std::greater_equal<>()) == architectures.end();
  return !architectures.empty() && architectures.front() == Architecture::sm_80 && isAscending
             ? success()
             : emitError() << "expected architectures in ascending order, each once, sm_80 first";
}

llvm::SmallVector<llvm::StringRef> CudaTargetAttr::columns() const {
  return llvm::map_to_vector(getArchitectures(), [](Architecture each) { return stringifyArchitecture(each); });
}

LayoutKind CudaTargetAttr::nativeLayout() const { return LayoutKind::nhwc; }

plan::Precision CudaTargetAttr::precision() const { return getPrecision(); }

plan::Element CudaTargetAttr::element() const {
  switch (getPrecision()) {
  case Precision::f32:
  case Precision::tf32:
    return Element::f32;
  case Precision::f16:
    return Element::f16;
  case Precision::bf16:
    return Element::bf16;
  }
  llvm_unreachable("a precision without an element");
}

plan::Element CudaTargetAttr::filterElement() const { return getPrecision() == Precision::tf32 ? Element::tf32 : element(); }

bool CudaTargetAttr::hasHalos() const { return false; }

bool CudaTargetAttr::readsPlanar() const { return false; }

LayoutKind CudaTargetAttr::filterLayout(Attribute, int64_t) const { return LayoutKind::krsc; }

int64_t CudaTargetAttr::alignment() const { return 256; } // what the driver aligns its own allocations to

int64_t CudaTargetAttr::nearBytes() const { return getNear() << 20; }

/// Sums on CUDA cores keep one order, so that all batches give the same bits.
int64_t CudaTargetAttr::partsOf(Operation *op, int64_t images) const {
  auto kernel = llvm::cast<KernelOp>(op);
  std::optional<GemmShape> shape = gemmShapeOf(kernel, images);
  if (!shape || getPrecision() == Precision::f32)
    return 1;
  std::vector<CudaChoice> tuned = tunedChoices(kernel);
  return tuned.empty() ? bestParts(*shape, elementBytes(element())) : tuned.front().parts;
}

std::optional<plan::GemmShape> plan::gemmShapeOf(KernelOp kernel, int64_t batch) {
  llvm::SmallVector<ContractionView, 2> views = contractionsOf(kernel);
  if (views.empty() || llvm::any_of(views, [](const ContractionView &view) { return view.isGeneral; }))
    return std::nullopt;
  LayoutAttr filter = kernel.inputLayout(views[0].filter.getArgNumber());
  GemmShape shape;
  shape.pixels = kernel.getImages().value_or(batch) * views[0].outHeight * views[0].outWidth;
  shape.channels = views[0].outChannels;
  shape.depth = shape.lines = 0;
  shape.parts = addendsOf(kernel.outputLayout(0));
  for (const ContractionView &view : views) {
    int64_t taps = view.kernelHeight * view.kernelWidth;
    shape.depth += taps * llvm::alignTo(view.inChannels, lanesOf(filter.getKind(), filter.getElement()));
    shape.lines += taps * linesOf(view.inChannels, elementBytes(filter.getElement()));
  }
  return shape;
}

size_t plan::columnFor(CudaTargetAttr target, const Gpu &gpu) {
  size_t last = target.getArchitectures().size() - 1;
  return gpu.groupProducts > 0 ? last : 0;
}

int64_t plan::lanesOf(KernelOp kernel) {
  Operation &first = kernel.getBody().front().front();
  return llvm::isa<graph::GlobalAvgPoolOp, graph::SoftmaxOp, graph::MomentsOp, graph::AttentionPoolOp>(first) ? kWarp : 1;
}

plan::GemmTile plan::tileOf(CudaGemmAttr schedule) {
  return {schedule.getTileM(), schedule.getTileN(), schedule.getTileK(), schedule.getThreadM(), schedule.getThreadN()};
}

plan::MmaTile plan::tileOf(CudaMmaAttr schedule) {
  return {schedule.getTileM(),  schedule.getTileN(),  schedule.getTileK(),
          schedule.getWarpsM(), schedule.getWarpsN(), schedule.getStages()};
}

static Attribute scheduleAttribute(MLIRContext *context, const plan::GemmTile &tile) {
  return CudaGemmAttr::get(context, tile.m, tile.n, tile.k, tile.threadM, tile.threadN);
}

plan::WgmmaTile plan::tileOf(CudaWgmmaAttr schedule) {
  return {schedule.getTileM(), schedule.getTileN(), schedule.getConsumers(), schedule.getStages(), schedule.getCluster()};
}

static Attribute scheduleAttribute(MLIRContext *context, const plan::WgmmaTile &tile) {
  return CudaWgmmaAttr::get(context, tile.m, tile.n, tile.consumers, tile.stages, tile.cluster);
}

static Attribute scheduleAttribute(MLIRContext *context, const plan::MmaTile &tile) {
  return CudaMmaAttr::get(context, tile.m, tile.n, tile.k, tile.warpsM, tile.warpsN, tile.stages);
}

/// The fastest that tuning found with the kernel's parts, of those that the column's GPUs have; null where there is none.
static Attribute tunedSchedule(CudaTargetAttr target, plan::KernelOp kernel, int64_t images, size_t column) {
  std::optional<plan::GemmShape> shape = plan::gemmShapeOf(kernel, images);
  for (const plan::CudaChoice &choice : shape ? plan::tunedChoices(kernel) : std::vector<plan::CudaChoice>()) {
    Attribute schedule =
        std::visit([&](const auto &tile) { return scheduleAttribute(kernel.getContext(), tile); }, choice.tile);
    if (choice.parts == shape->parts && target.computes(schedule, kernel, images, column))
      return schedule;
  }
  return {};
}

/// Whether the windows are those that tensor maps walk through, of a result that they all have their place in.
static bool areWhole(const plan::ContractionView &view) {
  auto shape = llvm::cast<RankedTensorType>(view.input.getType()).getShape();
  auto isWhole = [&](int64_t size, int64_t kernel, int64_t outputs) {
    return (size + 2 * view.padding - kernel) / view.stride + 1 == outputs;
  };
  return plan::isForWarpgroups(static_cast<const graph::ContractionSizes &>(view)) &&
         (shape.size() == 2 ||
          (isWhole(shape[2], view.kernelHeight, view.outHeight) && isWhole(shape[3], view.kernelWidth, view.outWidth)));
}

/// Whether a column's GPUs multiply the kernel's matrices by warp groups.
static bool hasWarpgroups(CudaTargetAttr target, plan::KernelOp kernel, size_t column) {
  return target.getArchitectures()[column] == plan::Architecture::sm_90a && target.getPrecision() != plan::Precision::f32 &&
         llvm::all_of(plan::contractionsOf(kernel), [](const plan::ContractionView &view) { return areWhole(view); });
}

static Attribute scheduleFor(CudaTargetAttr target, plan::KernelOp kernel, int64_t images, size_t column) {
  MLIRContext *context = kernel.getContext();
  std::optional<plan::GemmShape> shape = plan::gemmShapeOf(kernel, images);
  if (shape && target.getPrecision() != plan::Precision::f32)
    return std::visit([&](const auto &tile) { return scheduleAttribute(context, tile); },
                      plan::tensorCoreTile(*shape, plan::elementBytes(target.element()),
                                           plan::gpuOfMajor(static_cast<int64_t>(target.getArchitectures()[column]) / 10),
                                           hasWarpgroups(target, kernel, column)));
  if (shape)
    return scheduleAttribute(context, plan::gemmTiles(*shape).front());
  int64_t lanes = plan::lanesOf(kernel);
  return CudaLoopAttr::get(context, kLoopThreads / lanes, lanes);
}

void CudaTargetAttr::chooseSchedules(llvm::ArrayRef<Operation *> kernels, int64_t images, bool) const {
  for (Operation *op : kernels) {
    auto kernel = llvm::cast<KernelOp>(op);
    llvm::SmallVector<Attribute> schedules;
    llvm::SmallVector<bool> measured;
    for (size_t column = 0; column < getArchitectures().size(); ++column) {
      Attribute tuned = tunedSchedule(*this, kernel, images, column);
      measured.push_back(bool(tuned));
      schedules.push_back(tuned ? tuned : scheduleFor(*this, kernel, images, column));
    }
    if (llvm::is_contained(measured, true))
      kernel->setAttr(measuredAttr, DenseBoolArrayAttr::get(getContext(), measured));
    kernel.setSchedulesAttr(ArrayAttr::get(getContext(), schedules));
  }
}

bool CudaTargetAttr::computes(Attribute attribute, Operation *op, int64_t images, size_t column) const {
  auto kernel = llvm::cast<KernelOp>(op);
  if (llvm::any_of(contractionsOf(kernel), [](const ContractionView &view) { return view.winograd != nullptr; }))
    return false;
  if (auto wgmma = llvm::dyn_cast<CudaWgmmaAttr>(attribute))
    return gemmShapeOf(kernel, images) && hasWarpgroups(*this, kernel, column) && isLegal(tileOf(wgmma));
  if (gemmShapeOf(kernel, images) && getPrecision() != Precision::f32) {
    auto mma = llvm::dyn_cast<CudaMmaAttr>(attribute);
    return mma && isLegal(tileOf(mma), elementBytes(element()));
  }
  if (std::optional<GemmShape> shape = gemmShapeOf(kernel, images)) {
    auto gemm = llvm::dyn_cast<CudaGemmAttr>(attribute);
    return gemm && isLegal(tileOf(gemm)) && shape->parts == 1;
  }
  auto loop = llvm::dyn_cast<CudaLoopAttr>(attribute);
  if (!loop || loop.getLanes() != lanesOf(kernel) || loop.getPoints() < 1 || loop.getPoints() > kMostThreads)
    return false;
  int64_t threads = loop.getPoints() * loop.getLanes();
  return threads % kWarp == 0 && threads <= kMostThreads;
}

/// A block's tile and a thread's, `64x64x16/4x4`.
std::string CudaGemmAttr::text() const { return tileText(tileOf(*this)); }

bool CudaGemmAttr::isTunable() const { return false; }

/// A block's tile, its warps and the stages that are loaded ahead, `64x64x32/2x2*3`.
std::string CudaMmaAttr::text() const { return tileText(tileOf(*this)); }

bool CudaMmaAttr::isTunable() const { return false; }

/// A block's tile, the warp groups that multiply, the stages, and the blocks of a cluster: `128x256/2*4c2`.
std::string CudaWgmmaAttr::text() const { return tileText(tileOf(*this)); }

bool CudaWgmmaAttr::isTunable() const { return false; }

std::string CudaLoopAttr::text() const { return "loop"; }

bool CudaLoopAttr::isTunable() const { return false; }
