// As RunCheck.cpp and OutputCheck.cpp do it with outputs. Results lie in the state, where the plan's function says.
#include "tools/verifying/GradientCheck.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Layout.h"
#include "ir/reference/Interpreter.h"
#include "tools/text/Failure.h"
#include "tools/verifying/StepValues.h"

#include <algorithm>
#include <bit>
#include <cmath>

using namespace skip;
using reference::Tensor;
using tool::GuardedTrainer;

llvm::Expected<std::vector<Tensor>> tool::expectedGradients(mlir::func::FuncOp model, const Checkpoint &parameters,
                                                            const RandomInput &input, int64_t images) {
  std::vector<Tensor> inputs;
  for (mlir::BlockArgument argument : model.getArguments()) {
    std::vector<int64_t> shape = llvm::cast<mlir::RankedTensorType>(argument.getType()).getShape().vec();
    shape[0] = images;
    inputs.emplace_back(std::move(shape)).data = input.values(argument.getArgNumber());
  }
  reference::Parameters values;
  model.walk([&](graph::ReadParameterOp read) { values[read.getParameter()] = parameters.read(read.getParameter()); });
  auto results = reference::interpret(model, inputs, values, [](llvm::StringRef, const Tensor &) {});
  if (!results)
    return internalError("verify", "the reference cannot compute the network's gradients");
  return std::move(*results);
}

namespace {
/// A result that lies in the state.
struct Place {
  std::string name; // of the parameter
  mlir::RankedTensorType type;
  plan::LayoutAttr layout;
  unsigned result;
  size_t first, count; // floats, from where gradients begin
  bool isGradient;
};
} // namespace

static std::vector<Place> placesOf(mlir::func::FuncOp variant) {
  auto state = variant->getParentOp()->getAttrOfType<plan::StateAttr>(plan::stateAttr);
  std::vector<Place> places;
  mlir::Operation *end = variant.getBody().front().getTerminator();
  for (unsigned i = 0; i < variant.getNumResults(); ++i) {
    auto slot = variant.getResultAttrOfType<plan::SlotAttr>(i, plan::slotAttr);
    if (!slot || slot.getSegment() != plan::Segment::state)
      continue;
    auto parameter = variant.getResultAttrOfType<mlir::FlatSymbolRefAttr>(i, graph::gradientAttr);
    bool isGradient = parameter != nullptr;
    if (!isGradient)
      parameter = variant.getResultAttrOfType<mlir::FlatSymbolRefAttr>(i, graph::statisticAttr);
    auto value = llvm::cast<mlir::OpResult>(end->getOperand(i));
    places.push_back({parameter.getValue().str(), llvm::cast<mlir::RankedTensorType>(value.getType()),
                      llvm::cast<plan::KernelOp>(value.getOwner()).outputLayout(value.getResultNumber()), i,
                      static_cast<size_t>((slot.getOffset() - state.getGradients()) / plan::elementBytes(plan::Element::f32)),
                      static_cast<size_t>(slot.getBytes() / plan::elementBytes(plan::Element::f32)), isGradient});
  }
  return places;
}

static Tensor read(llvm::ArrayRef<float> left, const Place &place) {
  return tool::readLayout(left.data() + place.first, place.type, place.layout, 1);
}

tool::GradientError tool::gradientError(const GuardedTrainer &trainer, mlir::func::FuncOp variant,
                                        llvm::ArrayRef<Tensor> expected) {
  double distance = 0, length = 0, loss = expected[0].data[0];
  for (const Place &place : placesOf(variant)) {
    if (!place.isGradient)
      continue;
    Tensor compiled = read(trainer.left(), place);
    const Tensor &wanted = expected[place.result];
    for (int64_t i = 0; i < wanted.size(); ++i) {
      distance += (compiled.data[i] - wanted.data[i]) * (compiled.data[i] - wanted.data[i]);
      length += wanted.data[i] * wanted.data[i];
    }
  }
  return {std::abs(trainer.loss() - loss) / (1 + std::abs(loss)), distance == 0 ? 0 : std::sqrt(distance / length)};
}

/// Says how many elements of each result `isWrong`.
template <typename IsWrong>
static void listWrong(std::vector<std::string> &faults, llvm::ArrayRef<Place> places, const char *what, IsWrong isWrong) {
  for (const Place &place : places) {
    size_t wrong = 0;
    for (size_t i = place.first; i < place.first + place.count; ++i)
      wrong += isWrong(i);
    if (wrong > 0)
      faults.push_back((place.isGradient ? "gradient of `" : "statistic of `") + place.name + "`: " + std::to_string(wrong) +
                       " of " + std::to_string(place.count) + " floats " + what);
  }
}

/// All of a result's floats but those of its elements.
static void listPadding(std::vector<std::string> &faults, llvm::ArrayRef<Place> places, llvm::ArrayRef<float> left) {
  for (const Place &place : places) {
    std::vector<float> copy(left.begin() + place.first, left.begin() + place.first + place.count);
    tool::writeLayout(Tensor(place.type.getShape().vec()), copy.data(), place.type, place.layout);
    if (size_t wrong = llvm::count_if(copy, [](float value) { return value != 0; }))
      faults.push_back("gradient of `" + place.name + "`: " + std::to_string(wrong) + " floats of padding are not zero");
  }
}

llvm::Expected<std::vector<std::string>> tool::checkGroups(GuardedTrainer &trainer, mlir::func::FuncOp variant,
                                                           const RandomInput &first, const RandomInput &other, int64_t images) {
  std::vector<Place> places = placesOf(variant);
  std::vector<float> parameters = trainer.parameters().vec();
  auto run = [&](const RandomInput &input, int64_t count) { return trainer.run(count, input.inputs(), {}); };
  trainer.spoilWorkspace();
  if (llvm::Error error = run(first, images))
    return error;
  std::vector<float> left = trainer.left().vec();
  double loss = trainer.loss();
  if (llvm::Error error = run(other, images))
    return error;
  if (images > 1)
    if (llvm::Error error = run(other, images / 2))
      return error;
  if (llvm::Error error = run(first, images))
    return error;
  std::vector<std::string> faults;
  listWrong(faults, places, "are NaN in memory that holds NaN", [&](size_t i) { return std::isnan(left[i]); });
  listWrong(faults, places, "change when other images were run before",
            [&](size_t i) { return std::bit_cast<uint32_t>(left[i]) != std::bit_cast<uint32_t>(trainer.left()[i]); });
  listPadding(faults, places, left);
  if (std::isnan(loss) || loss != trainer.loss())
    faults.push_back("the loss is no number, or changes when other images were run before");
  auto sameBits = [](float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); };
  if (!llvm::equal(parameters, trainer.parameters(), sameBits))
    faults.push_back("a run changes parameters or running statistics");
  if (!trainer.isWorkspaceIntact())
    faults.push_back("something was written before or behind the workspace or the state");
  return faults;
}
