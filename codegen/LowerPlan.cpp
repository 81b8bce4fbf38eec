// Walks the plan's functions: each kernel operation becomes a step, each load an entry of the load table. What code a step
// needs is the target's to say.
#include "codegen/LowerPlan.h"

#include "codegen/nvptx/Lowering.h"
#include "codegen/x86/Lowering.h"
#include "ir/graph/Pictures.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Plan.h"
#include "ir/plan/Sections.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace skip;
using namespace skip::codegen;
using plan::KernelOp;

namespace {
class Lowering {
public:
  Lowering(ModuleOp module, TargetLowering &target, Image &image, TrainingImage *training = nullptr)
      : module(module), target(target), image(image), training(training), lowered(image.targets.emplace_back()) {}

  LogicalResult run();

private:
  void addPorts(func::FuncOp function);
  void addTensors();
  void addLoads(func::FuncOp function);
  LogicalResult addState(func::FuncOp function);
  LogicalResult addVariant(func::FuncOp function);
  LogicalResult addStep(KernelOp kernel, Variant &variant);
  uint32_t firstNorm(ArrayAttr list);
  int32_t tensorIndex(FlatSymbolRefAttr symbol) const { return symbol ? tensors.lookup(symbol.getValue()) : SKIP_NO_TENSOR; }

  ModuleOp module;
  TargetLowering &target;
  Image &image;
  TrainingImage *training; // that the image is of, or null
  TargetImage &lowered;
  llvm::StringMap<int32_t> tensors;
  llvm::StringSet<> loaded;                  // entries, byte for byte
  llvm::DenseMap<Attribute, uint32_t> norms; // where in the image's table a load's are
};
} // namespace

static Port portOf(Type type, DictionaryAttr attributes) {
  Port port;
  if (llvm::cast<RankedTensorType>(type).getElementType().isInteger(32))
    port.element = SKIP_PORT_I32;
  if (auto name = attributes ? attributes.getAs<StringAttr>(graph::nameAttr) : StringAttr())
    port.name = name.str();
  for (int64_t dim : llvm::cast<RankedTensorType>(type).getShape())
    port.dims.push_back(dim < 0 ? -1 : dim);
  if (auto names = attributes ? attributes.getAs<ArrayAttr>(graph::classesAttr) : ArrayAttr())
    for (auto name : names.getAsRange<StringAttr>())
      port.classes.push_back(name.str());
  return port;
}

/// What an input of images of one or three channels makes of pictures.
static SkipPicture pictureOf(const Port &port, DictionaryAttr attributes) {
  SkipPicture picture{};
  if (port.dims.size() != 4 || port.element != SKIP_PORT_F32 || (port.dims[1] != 1 && port.dims[1] != 3))
    return picture;
  graph::PictureRule rule = graph::pictureRuleOf(attributes);
  picture.channels = static_cast<uint32_t>(port.dims[1]);
  picture.filter = rule.bicubic ? SKIP_FILTER_BICUBIC : SKIP_FILTER_BILINEAR;
  picture.resize[0] = static_cast<int32_t>(rule.resizeWidth ? rule.resizeHeight : rule.resize);
  picture.resize[1] = static_cast<int32_t>(rule.resizeWidth);
  picture.crop = static_cast<int32_t>(rule.crop);
  auto round = [](double value) { return static_cast<float>(value); };
  if (rule.mean.size() == picture.channels)
    llvm::transform(rule.mean, picture.mean, round);
  if (rule.deviation.size() == picture.channels)
    llvm::transform(rule.deviation, picture.deviation, round);
  return picture;
}

/// The same for every target.
void Lowering::addPorts(func::FuncOp function) {
  if (image.targets.size() > 1)
    return;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    image.inputs.push_back(portOf(function.getArgumentTypes()[i], function.getArgAttrDict(i)));
    image.pictures.push_back(pictureOf(image.inputs.back(), function.getArgAttrDict(i)));
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttr(i, plan::slotAttr)) // others lie in the state
      image.outputs.push_back(portOf(function.getResultTypes()[i], function.getResultAttrDict(i)));
}

/// Each target's plan has all of the model's parameters, in the same order.
void Lowering::addTensors() {
  for (auto parameter : module.getOps<graph::ParameterOp>()) {
    tensors[parameter.getSymName()] = static_cast<int32_t>(tensors.size());
    if (image.targets.size() == 1)
      image.tensors.push_back({parameter.getSymName().str(), parameter.getTensorType().getShape().vec()});
  }
}

/// Equal lists are one, or equal entries of two variants would differ.
uint32_t Lowering::firstNorm(ArrayAttr list) {
  auto [known, isNew] = norms.try_emplace(list, static_cast<uint32_t>(lowered.norms.size()));
  for (size_t i = 0; isNew && i < list.size(); i += 2)
    lowered.norms.push_back(
        {tensorIndex(llvm::cast<FlatSymbolRefAttr>(list[i])), tensorIndex(llvm::cast<FlatSymbolRefAttr>(list[i + 1]))});
  return known->second;
}

void Lowering::addLoads(func::FuncOp function) {
  for (auto load : function.getOps<plan::LoadOp>()) {
    SkipLoad entry{};
    entry.kind = static_cast<uint32_t>(load.getKind());
    entry.accumulate = load.getOnto() ? 1 : 0;
    entry.offset = load.getSlotAttr().getOffset();
    entry.bytes = load.getSlotAttr().getBytes();
    llvm::copy(load.getDims(), entry.dims);
    entry.layout = static_cast<uint32_t>(load.getLayout().getKind());
    entry.element = static_cast<uint32_t>(load.getLayout().getElement());
    entry.balance = load.getBalance();
    if (ArrayAttr list = load.getNormsAttr()) {
      entry.firstNorm = firstNorm(list);
      entry.normCount = static_cast<uint32_t>(list.size() / 2);
    }
    entry.epsilon = load.getEpsilon().convertToDouble();
    entry.source = tensorIndex(load.getSourceAttr());
    entry.bias = tensorIndex(load.getBiasAttr());
    entry.gamma = tensorIndex(load.getGammaAttr());
    entry.beta = tensorIndex(load.getBetaAttr());
    entry.mean = tensorIndex(load.getMeanAttr());
    entry.variance = tensorIndex(load.getVarianceAttr());
    bool isState = load.getSlotAttr().getSegment() == plan::Segment::state;
    if (loaded.insert(llvm::StringRef(reinterpret_cast<const char *>(&entry), sizeof entry)).second)
      (isState ? training->state : lowered.loads).push_back(entry); // else another variant has it
  }
}

/// The state's parts, and where the batch norms of a function leave their statistics.
LogicalResult Lowering::addState(func::FuncOp function) {
  auto state = module->getAttrOfType<plan::StateAttr>(plan::stateAttr);
  if (!state)
    return module.emitError("has no `plan.state`");
  training->decayedBytes = state.getDecayed();
  training->parameterBytes = state.getParameters();
  training->gradientOffset = state.getGradients();
  training->groupOffset = state.getGroup();
  training->stateBytes = state.getBytes();
  llvm::DenseMap<Attribute, plan::SlotAttr> places;
  for (auto load : function.getOps<plan::LoadOp>())
    if (load.getSlotAttr().getSegment() == plan::Segment::state)
      places[plan::parameterOf(load)] = load.getSlotAttr();
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (Attribute statistic = function.getResultAttr(i, graph::statisticAttr)) {
      auto slot = function.getResultAttrOfType<plan::SlotAttr>(i, plan::slotAttr);
      training->statistics.push_back({static_cast<uint64_t>(places.lookup(statistic).getOffset()),
                                      static_cast<uint64_t>(slot.getOffset()), static_cast<uint64_t>(slot.getBytes())});
    }
  return success();
}

static SkipOperand operandOf(plan::SlotAttr slot, Type type, plan::LayoutAttr layout) {
  bool isActivation = layout.getKind() == plan::LayoutKind::planar || layout.getKind() == plan::LayoutKind::blocked ||
                      layout.getKind() == plan::LayoutKind::nhwc;
  int64_t origin =
      isActivation ? plan::stridesOf(llvm::cast<RankedTensorType>(type), layout).origin * plan::elementBytes(layout) : 0;
  return {static_cast<uint32_t>(slot.getSegment()),
          static_cast<uint32_t>(slot.getIndex()),
          static_cast<uint64_t>(slot.getOffset()),
          static_cast<uint64_t>(slot.getBytes()),
          static_cast<uint64_t>(origin),
          static_cast<uint64_t>(slot.getImageBytes())};
}

/// Which of the function's results each operation is for (SkipStep::outputs). All that a step does is in its results, also
/// where it writes in the place of what it reads.
static llvm::DenseMap<Operation *, uint64_t> outputsByOperation(func::FuncOp function) {
  llvm::DenseMap<Operation *, uint64_t> outputs;
  for (Operation &op : llvm::reverse(function.getBody().front())) {
    uint64_t all = 0;
    for (OpOperand &use : op.getUses())
      all |= use.getOwner() == function.getBody().front().getTerminator() ? uint64_t{1} << std::min(use.getOperandNumber(), 63u)
                                                                          : outputs.lookup(use.getOwner());
    outputs[&op] = all;
  }
  return outputs;
}

LogicalResult Lowering::addStep(KernelOp kernel, Variant &variant) {
  std::optional<uint32_t> index = target.addKernel(kernel, variant);
  if (!index)
    return refuse(target, kernel);
  StepShape shape = target.stepShapeOf(kernel);
  Step step;
  step.name = graph::valueName(kernel.getLoc()).str();
  step.kernel = *index;
  step.params = std::move(shape.params);
  for (unsigned i : shape.inputs)
    step.operands.push_back(operandOf(kernel.inputSlot(i), kernel.getInputs()[i].getType(), kernel.inputLayout(i)));
  step.resultCount = kernel.getNumResults();
  for (auto [i, type] : llvm::enumerate(kernel.getResultTypes()))
    step.operands.push_back(operandOf(kernel.outputSlot(i), type, kernel.outputLayout(i)));
  variant.steps.push_back(std::move(step));
  return success();
}

LogicalResult Lowering::addVariant(func::FuncOp function) {
  int64_t batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr).getInt();
  Variant variant = target.startVariant(batch);
  if (auto parts = function->getAttrOfType<DenseI64ArrayAttr>(plan::partsAttr))
    variant.parts.assign(parts.asArrayRef().begin(), parts.asArrayRef().end());
  variant.workspaceBytes = function->getAttrOfType<IntegerAttr>(plan::workspaceBytesAttr).getInt();
  llvm::SmallVector<KernelOp> steps(function.getOps<KernelOp>());
  llvm::DenseMap<Operation *, uint64_t> outputs = outputsByOperation(function);
  for (KernelOp kernel : steps) {
    if (failed(addStep(kernel, variant)))
      return failure();
    variant.steps.back().outputs = outputs.lookup(kernel);
  }
  for (const plan::Section &section : plan::sectionsOf(steps, batch))
    variant.sections.push_back(
        {static_cast<uint32_t>(section.first), static_cast<uint32_t>(section.last + 1 - section.first), section.images});
  lowered.variants.push_back(std::move(variant));
  return success();
}

LogicalResult Lowering::run() {
  llvm::SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  if (functions.empty())
    return module.emitError("the module has no function");
  lowered.target = target.target();
  addPorts(functions.front());
  addTensors();
  for (func::FuncOp function : functions)
    addLoads(function);
  if (training && failed(addState(functions.front())))
    return failure();
  lowered.weightsBytes = module->getAttrOfType<IntegerAttr>(plan::weightsBytesAttr).getInt();
  for (func::FuncOp function : functions) {
    if (plan::Role role = plan::roleOf(function); role != (training ? plan::Role::gradients : plan::Role::run))
      return function.emitError("the image holds no functions of role `") << plan::stringifyRole(role) << "`";
    if (function.getFunctionType() != functions.front().getFunctionType())
      return function.emitError("has other inputs or outputs than the module's first function: an image is of one model");
    if (failed(addVariant(function)))
      return failure();
  }
  return success();
}

LoweredModel::LoweredModel() = default;
LoweredModel::LoweredModel(LoweredModel &&) = default;
LoweredModel::~LoweredModel() = default;
codegen::LoweredModel &LoweredModel::operator=(LoweredModel &&) = default;

std::unique_ptr<TargetLowering> codegen::loweringFor(plan::TargetInterface target, LoweredModel &model) {
  if (auto x86 = llvm::dyn_cast<plan::X86TargetAttr>(target))
    return std::make_unique<x86::Lowering>(x86, model.jobs);
  if (auto cuda = llvm::dyn_cast<plan::CudaTargetAttr>(target))
    return std::make_unique<nvptx::Lowering>(cuda, model.cudaJobs);
  return nullptr;
}

static void describe(Image &image, llvm::StringRef name) {
  image.name = name.str();
  image.compiler = "skipc " SKIP_VERSION;
}

mlir::FailureOr<LoweredModel> codegen::lowerPlans(llvm::ArrayRef<ModuleOp> modules, llvm::StringRef name) {
  LoweredModel model;
  describe(model.image, name);
  for (ModuleOp module : modules) {
    FailureOr<plan::TargetInterface> target = plan::targetOf(module);
    if (failed(target))
      return failure();
    std::unique_ptr<TargetLowering> kernels = loweringFor(*target, model);
    if (!kernels)
      return module.emitError("no kernels are made for the target ") << *target;
    if (failed(Lowering(module, *kernels, model.image).run()))
      return failure();
  }
  return model;
}

LogicalResult codegen::lowerTraining(ModuleOp module, llvm::StringRef name, LoweredModel &model) {
  FailureOr<plan::TargetInterface> target = plan::targetOf(module);
  auto x86 = succeeded(target) ? llvm::dyn_cast<plan::X86TargetAttr>(*target) : plan::X86TargetAttr();
  if (!x86)
    return module.emitError("gradients are computed on x86 alone");
  TrainingImage &training = model.training.emplace();
  describe(training.model, name);
  x86::Lowering kernels(x86, model.jobs, "g.");
  return Lowering(module, kernels, training.model, &training).run();
}
