// Where no tuning database knows better, the choice that is explained here was made by the same costs.
#include "tools/explaining/Steps.h"

#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"
#include "ir/plan/x86/Tuning.h"
#include "tools/compile/Targets.h"
#include "tools/text/PlanText.h"
#include "tools/text/Numbers.h"
#include "tools/verifying/Magnitude.h"

using namespace skip;
using tool::noWay;
using tool::StepAccount;

static plan::ConvProblem problemOf(plan::KernelOp kernel, const plan::ContractionView &view, int64_t images, tool::Body body) {
  plan::ConvProblem problem = *plan::problemOf(view.op, images, tool::planIsaOf(body));
  problem.images = images;
  problem.planarInput = kernel.inputLayout(view.input.getArgNumber()).getKind() == plan::LayoutKind::planar;
  return problem;
}

/// The costs of the ways that transforms open; false when there are none.
static bool estimateTransforms(const plan::ConvProblem &problem, double perMultiplyAdd, StepAccount &account) {
  std::vector<plan::Algorithm> algorithms = plan::rankedAlgorithms(problem);
  if (algorithms.size() == 1)
    return false;
  for (const plan::Algorithm &algorithm : algorithms) {
    double &least = algorithm.tile == 0 ? account.direct : algorithm.fused ? account.fused : account.separate;
    least = std::min(least, plan::predictedCost(problem, algorithm) * perMultiplyAdd);
  }
  return true;
}

/// Of all roots.
static double multiplyAddsOf(plan::KernelOp kernel, llvm::ArrayRef<plan::ContractionView> views, int64_t images) {
  auto out = llvm::cast<mlir::RankedTensorType>(kernel.getResult(0).getType()).getShape();
  int64_t pixels = out.size() == 4 ? out[2] * out[3] : 1, each = 0;
  for (const plan::ContractionView &view : views)
    each += view.inChannels * view.outChannels * view.kernelHeight * view.kernelWidth;
  return static_cast<double>(each * pixels * images);
}

/// What a 1x1 convolution takes directly and by Strassen's products, if these can compute it.
static bool estimateStrassen(plan::KernelOp kernel, int64_t batch, tool::Body body, double directSeconds,
                             StepAccount &account) {
  plan::ConvShape shape = *plan::convShapeOf(kernel, batch);
  auto isa = plan::abiIsa(tool::planIsaOf(body));
  double direct = 0, strassen = 0;
  for (const plan::ConvSchedule &schedule : plan::convSchedules(shape, isa)) {
    double &best = schedule.unitBlocks > 0 ? strassen : direct;
    best = std::max(best, plan::predictedEfficiency(schedule, shape, isa));
  }
  if (strassen == 0)
    return false;
  account.direct = directSeconds / direct;
  account.strassen = directSeconds / strassen;
  return true;
}

/// Transformed windows: of all images at a time, or where fused of one group of tiles.
static std::string windowsText(plan::KernelOp kernel, const plan::ContractionView &view, int64_t images) {
  plan::LayoutAttr layout = kernel.inputLayout(view.input.getArgNumber());
  double bytes = 0;
  if (view.winograd.getFused()) {
    int64_t points = plan::WinogradTaps{view.kernelHeight, view.stride}.points(view.winograd.getTile());
    int64_t blocks = view.stride == 2 ? 1 : plan::blocksOf(view.inChannels); // of stride 2 only stems are fused
    bytes = static_cast<double>(blocks * points * points * plan::winogradPositionVectors(view.winograd.getGroup()) *
                                plan::lanesOf(plan::LayoutKind::winograd) * plan::elementBytes(layout));
  } else {
    auto type = llvm::cast<mlir::RankedTensorType>(view.input.getType());
    bytes = static_cast<double>(plan::bufferBytes(type, layout, images) / plan::winogradCopies(type, layout, images));
  }
  return tool::fixed(bytes * 1e-6, 2) + " MB of windows";
}

/// What a kernel reads and writes for so many images of the batch.
static double movedBytes(plan::KernelOp kernel, int64_t batch, int64_t images) {
  double bytes = 0;
  for (auto slot : kernel.getSlotsAttr().getAsRange<plan::SlotAttr>()) {
    bool holdsTurn = slot.getSegment() == plan::Segment::workspace && slot.getImageBytes() == 0;
    bytes += static_cast<double>(slot.getBytes()) * (holdsTurn ? 1 : static_cast<double>(images) / static_cast<double>(batch));
  }
  return bytes;
}

static std::string microseconds(double seconds) { return tool::fixed(seconds * 1e6, 0); }

/// Whose measurements chose; empty if the cost model did.
static std::string measuredOn(plan::KernelOp kernel, const plan::ContractionView &view, int64_t batch, tool::Body body,
                              const plan::TuningTable &tuned) {
  if (!llvm::StringRef(tool::tunedText(kernel)).contains("yes"))
    return "";
  const auto &entries = tuned.find(problemOf(kernel, view, batch, body));
  return entries.empty() || entries.front().device.empty() ? "a machine without a name" : entries.front().device;
}

/// What was taken, and in words what speaks for it.
static void judge(plan::KernelOp kernel, const plan::ContractionView &view, bool hasWays, bool exact, StepAccount &account) {
  const std::string measured = account.measuredOn.empty() ? "" : "measured";
  if (!view.winograd) {
    auto schedule = llvm::cast<plan::X86ConvAttr>(kernel.getSchedulesAttr().getValue().back());
    bool isStrassen = schedule.getUnitBlocks() > 0;
    account.taken = isStrassen ? "Strassen" : "direct";
    double best = isStrassen ? account.direct : std::min({account.separate, account.fused, account.strassen});
    std::string other = account.strassen == noWay ? "a transform" : "Strassen's products";
    std::string time = other + " would take " + microseconds(best) + " us";
    account.why = !hasWays            ? "no other way to compute it"
                  : exact             ? "--exact forbids " + other
                  : !measured.empty() ? measured
                  : isStrassen        ? "predicted: seven products for eight; direct would take " + microseconds(best) + " us"
                  : best == noWay     ? "predicted: too little work for a transform"
                  : best < account.direct ? "predicted: " + time + ", too little less for their code"
                                          : "predicted: " + time;
    return;
  }
  account.taken = "F(" + std::to_string(view.winograd.getTile()) + ")" + (view.winograd.getFused() ? " fused" : "");
  std::string windows = windowsText(kernel, view, account.images);
  if (!measured.empty()) {
    account.why = measured + "; " + windows;
    return;
  }
  if (view.winograd.getFused())
    account.why = "predicted: " + windows + " a group, which stay in the cache";
  else
    account.why = "predicted: " + windows + " by a step of their own; fused: " +
                  (view.stride == 2         ? "not by phases"
                   : account.fused == noWay ? "a group's do not fit the cache, or too few groups to share out"
                                            : microseconds(account.fused) + " us, since more groups transform the filters");
}

StepAccount tool::accountOf(plan::KernelOp kernel, int64_t batch, bool exact, tool::Body body, const tool::Peak &peak,
                            const plan::TuningTable &tuned) {
  StepAccount account;
  account.step = graph::valueName(kernel.getLoc()).str();
  account.layer = tool::stepText(kernel);
  account.operations = tool::operationsText(kernel);
  account.images = kernel.getImages().value_or(batch);
  account.errorBound = plan::errorBoundOf(kernel);
  tool::StepAlgorithms algorithms(kernel, {std::string(tool::nameOf(body))});
  account.elementBound = algorithms.elementBound(0);
  account.elementAtMost = algorithms.elementAtMost(0);
  auto out = llvm::cast<mlir::RankedTensorType>(kernel.getResult(0).getType());
  auto operations = llvm::range_size(kernel.getBody().front().without_terminator());
  account.savedBytes = 2.0 * static_cast<double>(graph::elementsPerImage(out.getShape()) * account.images) *
                       plan::elementBytes(kernel.outputLayout(0)) * static_cast<double>(operations - 1);
  account.savedSeconds = account.savedBytes > 0 ? peak.seconds(0, account.savedBytes) : 0;
  account.direct = account.separate = account.fused = account.strassen = noWay;
  llvm::SmallVector<plan::ContractionView, 2> views = plan::contractionsOf(kernel);
  if (views.empty()) {
    account.moving = peak.seconds(0, movedBytes(kernel, batch, account.images));
    return account;
  }
  double perMultiplyAdd = 2 / peak.flopsPerSecond;
  double directSeconds = multiplyAddsOf(kernel, views, account.images) * perMultiplyAdd;
  if (views.front().isGeneral) {
    account.taken = "direct";
    account.why = "groups, dilation or padding of each side's own have no other way";
    account.multiplying = directSeconds;
    return account;
  }
  plan::ConvProblem problem = problemOf(kernel, views.front(), account.images, body);
  bool hasWays =
      estimateTransforms(problem, perMultiplyAdd, account) || estimateStrassen(kernel, batch, body, directSeconds, account);
  account.measuredOn = measuredOn(kernel, views.front(), batch, body, tuned);
  judge(kernel, views.front(), hasWays, exact, account);
  account.multiplying = account.taken == "Strassen"         ? account.strassen
                        : account.taken == "direct"         ? (hasWays ? account.direct : directSeconds)
                        : views.front().winograd.getFused() ? account.fused
                                                            : account.separate;
  return account;
}
