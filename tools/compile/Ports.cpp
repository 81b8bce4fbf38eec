// Reads the attributes of the model's function.
#include "tools/compile/Ports.h"

#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/graph/Pictures.h"

using namespace skip;

int64_t tool::InputPort::elements() const { return graph::elementsPerImage(dims); }
int64_t tool::OutputPort::elements() const { return graph::elementsPerImage(dims); }

static std::vector<int64_t> withoutBatch(mlir::Type type) {
  return llvm::cast<mlir::RankedTensorType>(type).getShape().drop_front().vec();
}

static std::string nameIn(mlir::StringAttr name) { return name ? name.str() : std::string(); }

static bool isOfIntegers(mlir::func::FuncOp model, unsigned index) {
  return llvm::cast<mlir::RankedTensorType>(model.getArgument(index).getType()).getElementType().isInteger();
}

static bool areDraws(mlir::func::FuncOp model, unsigned index) {
  auto name = model.getArgAttrOfType<mlir::StringAttr>(index, graph::nameAttr);
  return isOfIntegers(model, index) && name && name.getValue() == graph::drawsName;
}

/// Labels are of the logits' classes, which are the second result (PrepareTraining).
static int64_t classesOf(mlir::func::FuncOp model, unsigned index) {
  return isOfIntegers(model, index) && !areDraws(model, index)
             ? llvm::cast<mlir::RankedTensorType>(model.getResultTypes()[1]).getDimSize(1)
             : 0;
}

static tool::InputPort describeInput(mlir::func::FuncOp model, unsigned index) {
  graph::PictureRule rule = graph::pictureRuleOf(model.getArgAttrDict(index));
  return {.name = nameIn(model.getArgAttrOfType<mlir::StringAttr>(index, graph::nameAttr)),
          .dims = withoutBatch(model.getArgument(index).getType()),
          .mean = rule.mean,
          .deviation = rule.deviation,
          .resize = rule.resize,
          .crop = rule.crop,
          .classes = classesOf(model, index),
          .areDraws = areDraws(model, index),
          .resizeHeight = rule.resizeHeight,
          .resizeWidth = rule.resizeWidth,
          .bicubic = rule.bicubic};
}

static tool::OutputPort describeOutput(mlir::func::FuncOp model, unsigned index) {
  mlir::Value value = model.getBody().front().getTerminator()->getOperand(index);
  tool::OutputPort port{nameIn(model.getResultAttrOfType<mlir::StringAttr>(index, graph::nameAttr)),
                        withoutBatch(value.getType()),
                        {},
                        value.getDefiningOp<graph::SoftmaxOp>() != nullptr};
  if (auto classes = model.getResultAttrOfType<mlir::ArrayAttr>(index, graph::classesAttr))
    for (auto name : classes.getAsRange<mlir::StringAttr>())
      port.classes.push_back(name.str());
  return port;
}

tool::Ports tool::describePorts(mlir::func::FuncOp model) {
  Ports ports;
  for (unsigned i = 0; i < model.getNumArguments(); ++i)
    ports.inputs.push_back(describeInput(model, i));
  for (unsigned i = 0; i < model.getNumResults(); ++i)
    ports.outputs.push_back(describeOutput(model, i));
  return ports;
}

std::string tool::shapeText(const std::vector<int64_t> &dims) {
  std::string text;
  for (int64_t dim : dims)
    text += (text.empty() ? "[" : ", ") + std::to_string(dim);
  return text + "]";
}
