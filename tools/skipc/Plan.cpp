// `skipc plan`: the table of steps, and what memory they need.
#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "tools/compile/Compile.h"
#include "tools/compile/Targets.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Failure.h"
#include "tools/text/PlanText.h"
#include "tools/text/Table.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

using namespace skip;

static int64_t integerAttribute(mlir::Operation *op, llvm::StringRef name) {
  auto attribute = op->getAttrOfType<mlir::IntegerAttr>(name);
  return attribute ? attribute.getInt() : 0;
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

static void writeStep(llvm::json::OStream &json, plan::KernelOp kernel) {
  json.object([&] {
    json.attribute("name", graph::valueName(kernel.getLoc()));
    json.attribute("kernel", kernel.getKernel().value_or(""));
    json.attribute("operations", tool::operationsText(kernel));
    if (kernel.getImages())
      json.attribute("images", static_cast<int64_t>(*kernel.getImages()));
    json.attributeArray("schedules", [&] {
      for (auto schedule : kernel.getSchedulesAttr().getAsRange<plan::ScheduleInterface>())
        json.value(schedule.text());
    });
    if (std::string tuned = tool::tunedText(kernel); !tuned.empty())
      json.attribute("tuned", tuned);
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
            writeStep(json, kernel);
        });
      });
  });
}

/// Those of inference, or, where that is compiled, that of a step's gradients.
static std::vector<mlir::ModuleOp> plansOf(const tool::Compilation &compilation) {
  return compilation.training() ? std::vector{compilation.training()} : compilation.plans();
}

/// Plans of several targets stand in a list.
static void printJson(const tool::Compilation &compilation, llvm::ArrayRef<tool::Target> targets) {
  std::vector<mlir::ModuleOp> plans = plansOf(compilation);
  llvm::json::OStream json(llvm::outs(), 1);
  json.object([&] {
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
  llvm::outs() << "\n";
}

static void printVariant(mlir::func::FuncOp function, int64_t weightsBytes) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"step", right},
                     {"computes"},
                     {"operations"},
                     {"kernel"},
                     {"schedules"},
                     {"tuned"},
                     {"images", right},
                     {"reads"},
                     {"writes"},
                     {"size"},
                     {"bytes", right}});
  int64_t index = 0, batch = integerAttribute(function, plan::batchAttr);
  llvm::StringSet<> kernels;
  for (auto kernel : function.getOps<plan::KernelOp>()) {
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
    kernels.insert(name);
    table.add({std::to_string(index++), graph::valueName(kernel.getLoc()).str(), tool::operationsText(kernel), name.str(),
               tool::schedulesText(kernel), tool::tunedText(kernel), std::to_string(kernel.getImages().value_or(batch)), reads,
               writes, sizes, tool::withSeparators(bytes)});
  }
  int64_t workspace = integerAttribute(function, plan::workspaceBytesAttr);
  bool trains = plan::roleOf(function) == plan::Role::gradients;
  llvm::outs() << (trains ? "group " : "batch ") << batch << ": " << index << " steps, " << kernels.size() << " kernels\n\n";
  table.print(llvm::outs());
  llvm::outs() << "\nworkspace " << tool::withSeparators(workspace) << " bytes, weights " << tool::withSeparators(weightsBytes)
               << " bytes, "
               << (trains ? "state with momentum " + tool::withSeparators(tool::stateBytes(function)) + " bytes, " : "")
               << "peak with inputs and outputs " << tool::withSeparators(tool::peakBytes(function)) << " bytes\n";
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
    printJson(compilation, targets);
    return llvm::Error::success();
  }
  for (auto [target, module] : llvm::zip_equal(targets, plansOf(compilation))) {
    if (targets.size() > 1)
      llvm::outs() << "target " << nameOf(target) << "\n\n";
    for (auto function : module.getOps<mlir::func::FuncOp>())
      printVariant(function, integerAttribute(module, plan::weightsBytesAttr));
  }
  return llvm::Error::success();
}
