// `skipc plan`: the table of steps, and what memory they need.
#include "codegen/nvptx/Predict.h"
#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "ir/plan/cuda/Shapes.h"
#include "tools/compile/Compile.h"
#include "tools/compile/Targets.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/PlanText.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/text/Wrap.h"

#include "llvm/ADT/StringSet.h"

using namespace skip;

static int64_t integerAttribute(mlir::Operation *op, llvm::StringRef name) {
  auto attribute = op->getAttrOfType<mlir::IntegerAttr>(name);
  return attribute ? attribute.getInt() : 0;
}

/// How a kernel for GPUs is launched, on the latest that it is made for; nothing for others.
static std::optional<nvptx::Prediction> launchOf(plan::KernelOp kernel, int64_t batch) {
  auto target = llvm::dyn_cast<plan::CudaTargetAttr>(kernel->getParentOfType<mlir::ModuleOp>()->getAttr(plan::targetAttr));
  return target ? nvptx::predict(kernel, plan::columnFor(target, plan::h100()), batch, plan::h100()) : std::nullopt;
}

static void writeLaunch(llvm::json::OStream &json, const nvptx::Prediction &step) {
  json.attributeArray("grid", [&] { llvm::for_each(step.launch.grid, [&](int64_t size) { json.value(size); }); });
  json.attribute("threads", step.launch.threads);
  json.attribute("shared_bytes", step.launch.sharedBytes);
  if (step.stages)
    json.attribute("stages", step.stages);
}

static void writeOperand(llvm::json::OStream &json, plan::LayoutAttr layout, plan::SlotAttr slot) {
  json.object([&] {
    json.attribute("segment", plan::stringifySegment(slot.getSegment()));
    json.attribute("index", slot.getIndex());
    json.attribute("offset", slot.getOffset());
    json.attribute("bytes", slot.getBytes());
    json.attribute("layout", tool::layoutText(layout));
  });
}

static void writeStep(llvm::json::OStream &json, plan::KernelOp kernel, int64_t batch) {
  json.object([&] {
    json.attribute("name", graph::valueName(kernel.getLoc()));
    json.attribute("layer", tool::stepText(kernel));
    json.attribute("kernel", kernel.getKernel().value_or(""));
    json.attribute("operations", tool::operationsText(kernel));
    if (kernel.getImages())
      json.attribute("images", static_cast<int64_t>(*kernel.getImages()));
    json.attributeArray("schedules", [&] {
      for (auto schedule : kernel.getSchedulesAttr().getAsRange<plan::ScheduleInterface>())
        json.value(schedule.text());
    });
    if (std::optional<nvptx::Prediction> launch = launchOf(kernel, batch))
      writeLaunch(json, *launch);
    if (llvm::SmallVector<bool> measured = tool::measuredSchedules(kernel); !measured.empty())
      json.attributeArray("tuned", [&] { llvm::for_each(measured, [&](bool each) { json.value(each); }); });
    json.attributeArray("inputs", [&] {
      for (unsigned i = 0; i < kernel.getInputs().size(); ++i)
        writeOperand(json, kernel.inputLayout(i), kernel.inputSlot(i));
    });
    json.attributeArray("outputs", [&] {
      for (unsigned i = 0; i < kernel.getOutputs().size(); ++i)
        writeOperand(json, kernel.outputLayout(i), kernel.outputSlot(i));
    });
  });
}

/// One target's plan, as attributes of the object that is being written.
static void writePlan(llvm::json::OStream &json, mlir::ModuleOp module) {
  json.attribute("weights_bytes", integerAttribute(module, plan::weightsBytesAttr));
  json.attributeArray("variants", [&] {
    for (auto function : module.getOps<mlir::func::FuncOp>())
      json.object([&] {
        json.attribute("batch", integerAttribute(function, plan::batchAttr));
        json.attribute("workspace_bytes", integerAttribute(function, plan::workspaceBytesAttr));
        if (int64_t bytes = tool::stateBytes(function))
          json.attribute("state_bytes", bytes);
        json.attribute("peak_bytes", tool::peakBytes(function));
        json.attributeArray("steps", [&] {
          for (auto kernel : function.getOps<plan::KernelOp>())
            writeStep(json, kernel, integerAttribute(function, plan::batchAttr));
        });
      });
  });
}

/// Those of inference, or, where that is compiled, that of a step's gradients.
static std::vector<mlir::ModuleOp> plansOf(const tool::Compilation &compilation) {
  return compilation.training() ? std::vector{compilation.training()} : compilation.plans();
}

/// Plans of several targets stand in a list.
static void printJson(const tool::Compilation &compilation, llvm::ArrayRef<tool::Target> targets, tool::JsonReply &reply) {
  std::vector<mlir::ModuleOp> plans = plansOf(compilation);
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", compilation.libraryName());
    if (plans.size() == 1)
      return writePlan(json, plans.front());
    json.attributeArray("targets", [&] {
      for (auto [target, module] : llvm::zip_equal(targets, plans))
        json.object([&] {
          json.attribute("target", tool::nameOf(target));
          writePlan(json, module);
        });
    });
  });
}

/// The columns that tell how steps of a target run: on GPUs as blocks, on x86 as it was tuned; on GPUs that too where
/// `isTuned`.
static std::vector<tool::Table::Column> runColumns(bool isLaunched, bool isTuned) {
  constexpr auto right = tool::Table::Align::right;
  const tool::Table::Column tuned{"tuned", tool::Table::Align::left, true};
  if (!isLaunched)
    return {tuned};
  std::vector<tool::Table::Column> columns{{"grid"}, {"threads", right}, {"shared", right}, {"stages", right}};
  if (isTuned)
    columns.push_back(tuned);
  return columns;
}

static std::vector<std::string> runCells(plan::KernelOp kernel, const std::optional<nvptx::Prediction> &step, bool isTuned) {
  if (!step)
    return {tool::tunedText(kernel)};
  std::vector<std::string> cells{plan::joinSizes(step->launch.grid), std::to_string(step->launch.threads),
                                 tool::withSeparators(step->launch.sharedBytes),
                                 step->stages ? std::to_string(step->stages) : ""};
  if (isTuned)
    cells.push_back(tool::tunedText(kernel));
  return cells;
}

static void printVariant(mlir::func::FuncOp function, int64_t weightsBytes, size_t width) {
  constexpr bool onlyWide = true;
  constexpr auto left = tool::Table::Align::left;
  constexpr auto right = tool::Table::Align::right;
  int64_t index = 0, batch = integerAttribute(function, plan::batchAttr);
  auto kernels = function.getOps<plan::KernelOp>();
  bool isLaunched = !kernels.empty() && launchOf(*kernels.begin(), batch);
  bool isTuned = llvm::any_of(kernels, [](plan::KernelOp kernel) { return kernel->hasAttr(plan::measuredAttr); });
  std::vector<tool::Table::Column> columns{{"step", right}, {"layer"},  {"computes", left, onlyWide},
                                           {"operations"},  {"kernel"}, {"schedules", left, onlyWide}};
  llvm::append_range(columns, runColumns(isLaunched, isTuned));
  llvm::append_range(
      columns,
      std::initializer_list<tool::Table::Column>{
          {"images", right, onlyWide}, {"reads", left, onlyWide}, {"writes", left, onlyWide}, {"size"}, {"bytes", right}});
  tool::Table table(columns);
  llvm::StringSet<> names;
  for (auto kernel : kernels) {
    std::string reads, writes, sizes;
    int64_t bytes = 0;
    for (unsigned i = 0; i < kernel.getInputs().size(); ++i)
      reads += (i ? ", " : "") + tool::placeText(kernel.inputLayout(i), kernel.inputSlot(i));
    for (auto [i, output] : llvm::enumerate(kernel.getOutputs())) {
      writes += (i ? ", " : "") + tool::placeText(kernel.outputLayout(i), kernel.outputSlot(i));
      sizes += (i ? ", " : "") + tool::sizeText(llvm::cast<mlir::RankedTensorType>(output.getType()).getShape());
      bytes += kernel.outputSlot(i).getBytes();
    }
    llvm::StringRef name = kernel.getKernel().value_or("");
    names.insert(name);
    std::vector<std::string> cells{std::to_string(index++),
                                   tool::stepText(kernel),
                                   graph::valueName(kernel.getLoc()).str(),
                                   tool::operationsText(kernel),
                                   name.str(),
                                   tool::schedulesText(kernel)};
    llvm::append_range(cells, runCells(kernel, isLaunched ? launchOf(kernel, batch) : std::nullopt, isTuned));
    llvm::append_range(cells, std::initializer_list<std::string>{std::to_string(kernel.getImages().value_or(batch)), reads,
                                                                 writes, sizes, tool::withSeparators(bytes)});
    table.add(std::move(cells));
  }
  int64_t workspace = integerAttribute(function, plan::workspaceBytesAttr);
  bool trains = plan::roleOf(function) == plan::Role::gradients;
  llvm::outs() << (trains ? "group " : "batch ") << batch << ": " << tool::counted(static_cast<uint64_t>(index), "step") << ", "
               << tool::counted(names.size(), "kernel") << "\n\n";
  table.print(llvm::outs(), width);
  llvm::outs() << "\nworkspace " << tool::withSeparators(workspace) << " bytes, weights " << tool::withSeparators(weightsBytes)
               << " bytes"
               << (trains ? ", state with momentum " + tool::withSeparators(tool::stateBytes(function)) + " bytes" : "")
               << "\npeak with inputs and outputs " << tool::withSeparators(tool::peakBytes(function)) << " bytes\n";
}

llvm::Error tool::plan(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (llvm::Error error = compilation.makePlan({options.name, batchBounds(options, {1}), llvm::ArrayRef(allBodies).vec()}))
    return error;
  std::vector<Target> targets = llvm::cantFail(targetsNamed(options.targets)); // makePlan has asked
  if (options.json) {
    printJson(compilation, targets, *options.reply);
    return llvm::Error::success();
  }
  for (auto [target, module] : llvm::zip_equal(targets, plansOf(compilation))) {
    if (targets.size() > 1)
      llvm::outs() << "target " << nameOf(target) << "\n\n";
    for (auto function : module.getOps<mlir::func::FuncOp>())
      printVariant(function, integerAttribute(module, plan::weightsBytesAttr), widthOfTables(options));
  }
  return llvm::Error::success();
}
