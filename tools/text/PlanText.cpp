// Attributes of the plan dialect, made short enough for a table.
#include "tools/text/PlanText.h"

#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"

#include "mlir/IR/BuiltinOps.h"

using namespace skip;

std::string tool::layoutText(plan::LayoutAttr layout) {
  std::string text = plan::stringifyLayoutKind(layout.getKind()).str();
  if (layout.getKind() == plan::LayoutKind::partial)
    text += std::to_string(layout.getGroup());
  if (layout.getTile())
    text += std::to_string(layout.getTile());
  if (layout.getElement() != plan::Element::f32)
    text += ":" + plan::stringifyElement(layout.getElement()).str();
  return layout.getHalo() ? text + "+" + std::to_string(layout.getHalo()) : text;
}

std::string tool::placeText(plan::LayoutAttr layout, plan::SlotAttr slot) {
  std::string text = plan::stringifySegment(slot.getSegment()).str();
  if (slot.getSegment() == plan::Segment::input || slot.getSegment() == plan::Segment::output)
    text += "[" + std::to_string(slot.getIndex()) + "]";
  return text + "+" + std::to_string(slot.getOffset()) + " " + layoutText(layout);
}

std::string tool::stepText(plan::KernelOp kernel) {
  llvm::SmallVector<plan::ContractionView, 2> contractions = plan::contractionsOf(kernel);
  if (contractions.empty())
    return graph::valueName(kernel.getLoc()).str();
  // With a batch norm folded in, the convolution computes what is called by the norm; its filter keeps its name.
  auto filter = llvm::dyn_cast<mlir::BlockArgument>(contractions.front().filter);
  auto load = filter ? kernel.getInputs()[filter.getArgNumber()].getDefiningOp<plan::LoadOp>() : plan::LoadOp();
  llvm::StringRef name = load && load.getSourceAttr() ? load.getSourceAttr().getValue() : llvm::StringRef();
  return name.consume_back(".weight") ? name.str() : graph::valueName(contractions.front().op->getLoc()).str();
}

std::string tool::operationsText(plan::KernelOp kernel) {
  std::string text;
  for (mlir::Operation &op : kernel.getBody().front().without_terminator())
    text += (text.empty() ? "" : " ") + op.getName().stripDialect().str();
  return text;
}

std::string tool::schedulesText(plan::KernelOp kernel) {
  std::string text;
  for (auto schedule : kernel.getSchedulesAttr().getAsRange<plan::ScheduleInterface>())
    text += (text.empty() ? "" : " | ") + schedule.text();
  return text;
}

llvm::SmallVector<bool> tool::measuredSchedules(plan::KernelOp kernel) {
  mlir::ArrayAttr schedules = kernel.getSchedulesAttr();
  if (auto measured = kernel->getAttrOfType<mlir::DenseBoolArrayAttr>(plan::measuredAttr)) {
    llvm::ArrayRef<bool> each = measured.asArrayRef();
    return llvm::SmallVector<bool>(each.begin(),
                                   each.end()); // to_vector takes the two pointers for a list of two that are true
  }
  bool isTunable = llvm::cast<plan::ScheduleInterface>(schedules[0]).isTunable();
  return isTunable ? llvm::SmallVector<bool>(schedules.size(), false) : llvm::SmallVector<bool>();
}

std::string tool::tunedText(plan::KernelOp kernel) {
  llvm::SmallVector<bool> measured = measuredSchedules(kernel);
  if (measured.empty())
    return "";
  auto word = [](bool each) { return std::string(each ? "yes" : "no"); };
  return llvm::all_equal(measured) ? word(measured[0]) : llvm::join(llvm::map_range(measured, word), " | ");
}

static int64_t portBytes(mlir::TypeRange types, int64_t batch) {
  int64_t elements = 0;
  for (mlir::Type type : types)
    elements += graph::elementsPerImage(llvm::cast<mlir::RankedTensorType>(type).getShape());
  return elements * batch * plan::elementBytes(plan::Element::f32);
}

int64_t tool::stateBytes(mlir::func::FuncOp variant) {
  auto state = variant->getParentOp()->getAttrOfType<plan::StateAttr>(plan::stateAttr);
  return state ? int64_t(state.getBytes()) + int64_t(state.getParameters()) : 0;
}

int64_t tool::peakBytes(mlir::func::FuncOp variant) {
  auto integer = [](mlir::Operation *op, llvm::StringRef name) {
    auto attribute = op->getAttrOfType<mlir::IntegerAttr>(name);
    return attribute ? attribute.getInt() : 0;
  };
  int64_t batch = integer(variant, plan::batchAttr);
  llvm::SmallVector<mlir::Type> outputs;
  for (unsigned i = 0; i < variant.getNumResults(); ++i)
    if (!variant.getResultAttr(i, plan::slotAttr))
      outputs.push_back(variant.getResultTypes()[i]);
  return integer(variant, plan::workspaceBytesAttr) + integer(variant->getParentOp(), plan::weightsBytesAttr) +
         stateBytes(variant) + portBytes(variant.getFunctionType().getInputs(), batch) + portBytes(outputs, batch);
}
