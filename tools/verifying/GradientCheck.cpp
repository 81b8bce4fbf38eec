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
#include <limits>

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

static float flushed(float value) { return std::abs(value) < std::numeric_limits<float>::min() ? 0.0f : value; }

/// The left half is the largest power of two that leaves something.
static std::vector<float> sumOf(llvm::ArrayRef<std::vector<float>> groups) {
  if (groups.size() == 1)
    return groups.front();
  size_t half = std::bit_floor(groups.size() - 1);
  std::vector<float> sum = sumOf(groups.take_front(half)), right = sumOf(groups.drop_front(half));
  for (size_t i = 0; i < sum.size(); ++i)
    sum[i] = flushed(flushed(sum[i]) + flushed(right[i]));
  return sum;
}

std::vector<float> tool::meanOfGroups(llvm::ArrayRef<std::vector<float>> groups) {
  std::vector<float> mean = sumOf(groups);
  float share = 1 / static_cast<float>(groups.size());
  for (float &value : mean)
    value = groups.size() == 1 ? value : flushed(flushed(value) * share);
  return mean;
}

llvm::Expected<std::vector<std::string>> tool::checkSums(GuardedTrainer &trainer, llvm::ArrayRef<RandomInput> groups,
                                                         int64_t images) {
  std::vector<std::vector<const float *>> inputs;
  std::vector<std::vector<float>> alone;
  for (const RandomInput &group : groups) {
    inputs.push_back(group.inputs());
    llvm::Expected<std::vector<float>> gradients =
        trainer.gradientsOf(images, inputs.back(), static_cast<int64_t>(alone.size()));
    if (!gradients)
      return gradients.takeError();
    alone.push_back(std::move(*gradients));
  }
  llvm::Expected<std::vector<float>> mean = trainer.meanGradient(images, inputs);
  if (!mean)
    return mean.takeError();
  std::vector<float> wanted = meanOfGroups(alone);
  size_t wrong = 0;
  for (size_t i = 0; i < wanted.size(); ++i)
    wrong += !(wanted[i] == (*mean)[i]); // so written for NaN
  std::vector<std::string> faults;
  if (wrong > 0)
    faults.push_back("the mean gradient over " + std::to_string(groups.size()) + " groups: " + std::to_string(wrong) + " of " +
                     std::to_string(wanted.size()) + " floats are not the sum of what each group leaves alone");
  if (!trainer.isWorkspaceIntact())
    faults.push_back("something was written before or behind the workspace or the state");
  return faults;
}
