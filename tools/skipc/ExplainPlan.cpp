// `skipc explain-plan`: what was fused with what, by which algorithm each convolution runs, and what the alternatives would
// cost.
//
// Times are the cost model's (ir/plan/x86/Algorithms.h) at this machine's measured peak, of one core, or that of a machine
// that --device states as assumed. Where no tuning database knows better the choice was made by them; what a run takes `skipc
// bench --steps` measures.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"
#include "tools/compile/Compile.h"
#include "tools/compile/Targets.h"
#include "tools/compile/Tuning.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/ExplainBlocks.h"
#include "tools/skipc/ExplainCuda.h"
#include "tools/text/Failure.h"
#include "tools/text/PlanText.h"
#include "tools/text/Table.h"
#include "tools/tuning/Peak.h"
#include "tools/verifying/Magnitude.h"

#include "llvm/Support/JSON.h"

#include <limits>

using namespace skip;

namespace {
/// One step and what is said of it. Times in seconds; infinite where there is no such way.
struct Account {
  std::string step, operations, taken, why;
  double multiplying = 0; // by the way taken
  int64_t images = 0;
  double savedBytes = 0, savedSeconds = 0; // by the epilogue
  double direct = 0, separate = 0, fused = 0, strassen = 0;
  double errorBound = 0;                      // of the step's largest value
  double elementBound = 0, elementAtMost = 0; // of an element's terms: where these are unlike; whatever they are
};

/// The model for batches up to `batch`.
struct Variant {
  int64_t batch;
  std::vector<Account> accounts;
  std::vector<tool::BlockAccount> blocks;
};
} // namespace

static constexpr double none = std::numeric_limits<double>::infinity();

static plan::ConvProblem problemOf(plan::KernelOp kernel, const plan::ContractionView &view, int64_t images, tool::Body body) {
  plan::ConvProblem problem = *plan::problemOf(view.op, images, tool::planIsaOf(body));
  problem.images = images;
  problem.planarInput = kernel.inputLayout(view.input.getArgNumber()).getKind() == plan::LayoutKind::planar;
  return problem;
}

/// The costs of the ways that transforms open; false when there are none.
static bool estimateTransforms(const plan::ConvProblem &problem, double perMultiplyAdd, Account &account) {
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
static bool estimateStrassen(plan::KernelOp kernel, int64_t batch, tool::Body body, double directSeconds, Account &account) {
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
    bytes = static_cast<double>(blocks * points * points * plan::winogradPositionVectors(view.winograd.getGroup()) * 64);
  } else {
    auto type = llvm::cast<mlir::RankedTensorType>(view.input.getType());
    bytes = static_cast<double>(plan::bufferBytes(type, layout, images) / plan::winogradCopies(type, layout, images));
  }
  return tool::fixed(bytes * 1e-6, 2) + " MB of windows";
}

static std::string microseconds(double seconds) { return seconds == none ? "-" : tool::fixed(seconds * 1e6, 0); }

/// What was taken, and in words what speaks for it.
static void judge(plan::KernelOp kernel, const plan::ContractionView &view, bool hasWays, bool exact, Account &account) {
  bool measured = llvm::StringRef(tool::tunedText(kernel)).contains("yes");
  if (!view.winograd) {
    auto schedule = llvm::cast<plan::ConvScheduleAttr>(kernel.getSchedulesAttr().getValue().back());
    bool isStrassen = schedule.getUnitBlocks() > 0;
    account.taken = isStrassen ? "Strassen" : "direct";
    double best = isStrassen ? account.direct : std::min({account.separate, account.fused, account.strassen});
    std::string other = account.strassen == none ? "a transform" : "Strassen's products";
    std::string time = other + " would take " + microseconds(best) + " us";
    account.why = !hasWays                ? "no other way to compute it"
                  : exact                 ? "--exact forbids " + other
                  : measured              ? "measured to be the fastest (skipc tune)"
                  : isStrassen            ? "seven products for eight; direct would take " + microseconds(best) + " us"
                  : best == none          ? "too little work for a transform"
                  : best < account.direct ? time + ", too little less for their code"
                                          : time;
    return;
  }
  account.taken = "F(" + std::to_string(view.winograd.getTile()) + ")" + (view.winograd.getFused() ? " fused" : "");
  std::string windows = windowsText(kernel, view, account.images);
  if (measured) {
    account.why = windows + "; measured to be the fastest (skipc tune)";
    return;
  }
  if (view.winograd.getFused())
    account.why = windows + " a group, which stay in the cache";
  else
    account.why = windows + " by a step of their own; fused: " +
                  (view.stride == 2        ? "not by phases"
                   : account.fused == none ? "a group's do not fit the cache, or too few groups to share out"
                                           : microseconds(account.fused) + " us, since more groups transform the filters");
}

static Account accountOf(plan::KernelOp kernel, int64_t batch, bool exact, tool::Body body, const tool::Peak &peak) {
  Account account;
  account.step = graph::valueName(kernel.getLoc()).str();
  account.operations = tool::operationsText(kernel);
  account.images = kernel.getImages().value_or(batch);
  account.errorBound = plan::errorBoundOf(kernel);
  tool::StepAlgorithms algorithms(kernel, {std::string(tool::nameOf(body))});
  account.elementBound = algorithms.elementBound(0);
  account.elementAtMost = algorithms.elementAtMost(0);
  auto out = llvm::cast<mlir::RankedTensorType>(kernel.getResult(0).getType());
  auto operations = llvm::range_size(kernel.getBody().front().without_terminator());
  account.savedBytes = 2.0 * static_cast<double>(graph::elementsPerImage(out.getShape()) * account.images * 4) *
                       static_cast<double>(operations - 1);
  account.savedSeconds = account.savedBytes > 0 ? peak.seconds(0, account.savedBytes) : 0;
  account.direct = account.separate = account.fused = account.strassen = none;
  llvm::SmallVector<plan::ContractionView, 2> views = plan::contractionsOf(kernel);
  if (views.empty())
    return account;
  double perMultiplyAdd = 2 / peak.flopsPerSecond;
  double directSeconds = multiplyAddsOf(kernel, views, account.images) * perMultiplyAdd;
  plan::ConvProblem problem = problemOf(kernel, views.front(), account.images, body);
  bool hasWays =
      estimateTransforms(problem, perMultiplyAdd, account) || estimateStrassen(kernel, batch, body, directSeconds, account);
  judge(kernel, views.front(), hasWays, exact, account);
  account.multiplying = account.taken == "Strassen"         ? account.strassen
                        : account.taken == "direct"         ? (hasWays ? account.direct : directSeconds)
                        : views.front().winograd.getFused() ? account.fused
                                                            : account.separate;
  return account;
}

static void printBlocks(const Variant &variant) {
  if (variant.blocks.empty())
    return;
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"block"},
                     {"images", right},
                     {"between steps KB", right},
                     {"moving us", right},
                     {"multiplying us", right},
                     {"not hidden us", right},
                     {"repeated us", right},
                     {"saved by images us", right},
                     {"depth-first by rows"}});
  for (const tool::BlockAccount &b : variant.blocks)
    table.add({b.block, std::to_string(b.images), tool::fixed(b.bands.innerBytes / 1024, 0),
               microseconds(b.bands.movingSeconds), microseconds(b.multiplyingSeconds), microseconds(b.bands.exposedSeconds),
               microseconds(b.bands.repeatedSeconds), microseconds(b.savedByImages), b.why});
  llvm::outs() << "\n";
  table.print(llvm::outs());
}

static void printText(const Variant &variant) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"step"},
                     {"operations"},
                     {"images", right},
                     {"epilogue saves KB", right},
                     {"us", right},
                     {"direct us", right},
                     {"Winograd us", right},
                     {"fused us", right},
                     {"Strassen us", right},
                     {"taken"},
                     {"error bound", right},
                     {"of terms", right},
                     {"at most", right},
                     {"why"}});
  std::string block;
  for (const Account &a : variant.accounts) {
    bool goesOn = tool::isInBlock(a.step, block) || a.step == block;
    if (!goesOn && !block.empty())
      table.add(std::vector<std::string>(14));
    if (!goesOn)
      block = tool::blockOf(a.step).empty() ? a.step : tool::blockOf(a.step);
    table.add({a.step, a.operations, std::to_string(a.images), a.savedBytes > 0 ? tool::fixed(a.savedBytes / 1024, 0) : "-",
               a.savedBytes > 0 ? microseconds(a.savedSeconds) : "-", microseconds(a.direct), microseconds(a.separate),
               microseconds(a.fused), microseconds(a.strassen), a.taken, tool::scientific(a.errorBound),
               tool::scientific(a.elementBound), tool::scientific(a.elementAtMost), a.why});
  }
  llvm::outs() << "batch " << variant.batch << "; times as predicted, of one core, for so many images at a time\n\n";
  table.print(llvm::outs());
  printBlocks(variant);
}

static void writeBlock(llvm::json::OStream &json, const tool::BlockAccount &block) {
  json.object([&] {
    json.attribute("block", block.block);
    json.attribute("images", block.images);
    json.attribute("inner_bytes", block.bands.innerBytes);
    json.attribute("moving_us", block.bands.movingSeconds * 1e6);
    json.attribute("multiplying_us", block.multiplyingSeconds * 1e6);
    json.attribute("exposed_us", block.bands.exposedSeconds * 1e6);
    json.attribute("band_rows", block.bands.bandRows);
    json.attribute("repeated_us", block.bands.repeatedSeconds * 1e6);
    json.attribute("saved_by_images_us", block.savedByImages * 1e6);
    json.attribute("depth_first", block.why);
  });
}

static void writeStep(llvm::json::OStream &json, const Account &a) {
  auto time = [&](llvm::StringRef key, double seconds) {
    if (seconds != none)
      json.attribute(key, seconds * 1e6);
  };
  json.object([&] {
    json.attribute("step", a.step);
    json.attribute("operations", a.operations);
    json.attribute("images", a.images);
    json.attribute("epilogue_saves_bytes", a.savedBytes);
    time("epilogue_saves_us", a.savedSeconds);
    time("direct_us", a.direct);
    time("winograd_us", a.separate);
    time("fused_us", a.fused);
    time("strassen_us", a.strassen);
    json.attribute("taken", a.taken);
    json.attribute("error_bound", a.errorBound);
    json.attribute("element_error_bound", a.elementBound);
    json.attribute("element_error_at_most", a.elementAtMost);
    json.attribute("why", a.why);
  });
}

static void printJson(llvm::StringRef model, const std::vector<Variant> &variants) {
  llvm::json::OStream json(llvm::outs(), 2);
  json.object([&] {
    json.attribute("model", model);
    json.attributeArray("variants", [&] {
      for (const Variant &variant : variants)
        json.object([&] {
          json.attribute("batch", variant.batch);
          json.attributeArray("steps", [&] {
            for (const Account &account : variant.accounts)
              writeStep(json, account);
          });
          json.attributeArray("blocks", [&] {
            for (const tool::BlockAccount &block : variant.blocks)
              writeBlock(json, block);
          });
        });
    });
  });
  llvm::outs() << "\n";
}

llvm::Error tool::explainPlan(const Options &options) {
  if (options.targets.size() > 1)
    return badInput("explain-plan tells of one target's plan: give --target one name");
  llvm::Expected<Target> target = runnableTarget(options);
  if (!target)
    return target.takeError();
  if (*target == Target::cuda)
    return explainCuda(options);
  if (llvm::Expected<plan::Precision> precision = precisionFor(options, *target); !precision)
    return precision.takeError();
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  llvm::Expected<tuning::Device> device = deviceOf(options);
  if (!device)
    return device.takeError();
  std::string machine = options.device.empty() ? "this machine" : "the machine of --device";
  llvm::Expected<std::vector<Body>> bodies = bodiesOfMachine(options, device->body, machine);
  if (!bodies)
    return bodies.takeError();
  Body body = bodies->back();
  if (llvm::Error error = compilation.makePlan({options.name, batchBounds(options, {1}), {body}}))
    return error;
  Peak peak = options.device.empty() ? Peak::measure(body, 1) : Peak::assumed(*device);
  std::vector<Variant> variants;
  for (auto function : compilation.module().getOps<mlir::func::FuncOp>()) {
    Variant &variant = variants.emplace_back();
    variant.batch = function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr).getInt();
    std::vector<double> seconds;
    for (auto kernel : function.getOps<plan::KernelOp>()) {
      variant.accounts.push_back(accountOf(kernel, variant.batch, options.exact, body, peak));
      seconds.push_back(variant.accounts.back().multiplying);
    }
    variant.blocks = blocksOf(function, variant.batch, seconds, static_cast<double>(device->l2) / 2, peak);
  }
  if (options.json)
    printJson(compilation.libraryName(), variants);
  else
    llvm::for_each(variants, printText);
  return llvm::Error::success();
}
