// A plan run step by step on the emulator, each step held against the reference.
#include "codegen/nvptx/KernelSpec.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Rounding.h"
#include "runtime/cuda/Maps.h"
#include "tests/unit/nvptx/Model.h"

#include <cmath>

using namespace skip;
using namespace skip::testing;
using driver::DeviceAddress;
using driver::Gpu;
using plan::KernelOp;
using plan::LayoutAttr;
using plan::LayoutKind;

/// What nobody may have written to the caller's arrays.
static constexpr float kSentinel = -777.0f;

/// What a run has on the device.
struct Model::Memory {
  Gpu gpu;
  DeviceAddress weights = 0, workspace = 0, block = 0;
  std::vector<DeviceAddress> inputs, outputs, all;
  int64_t images;

  Memory(const Run &run, const char *architecture)
      : gpu(driver::Setup{
            .architecture = architecture, .completion = run.completion, .seed = run.seed, .memoryBytes = 512 << 20}),
        images(run.images) {}

  ~Memory() {
    for (DeviceAddress address : all)
      gpu.api.cuMemFree(address);
    gpu.api.cuLibraryUnload(gpu.library);
    gpu.api.cuDevicePrimaryCtxRelease(0);
  }

  DeviceAddress allocate(size_t bytes) { return all.emplace_back(gpu.allocate(std::max<size_t>(bytes, 4))); }
  DeviceAddress upload(const void *data, size_t bytes) {
    DeviceAddress address = allocate(bytes);
    if (bytes)
      Gpu::ok(gpu.api.cuMemcpyHtoD(address, data, bytes));
    return address;
  }
  std::vector<float> download(DeviceAddress from, size_t count, plan::Element element = plan::Element::f32) {
    std::vector<std::byte> bytes(count * plan::elementBytes(element));
    Gpu::ok(gpu.api.cuMemcpyDtoH(bytes.data(), from, bytes.size()));
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i)
      values[i] = static_cast<float>(plan::readElement(element, bytes.data() + i * plan::elementBytes(element)));
    return values;
  }
  DeviceAddress baseOf(const SkipOperand &operand) const {
    switch (operand.segment) {
    case SKIP_SEGMENT_INPUT:
      return inputs[operand.index];
    case SKIP_SEGMENT_OUTPUT:
      return outputs[operand.index];
    case SKIP_SEGMENT_WEIGHTS:
      return weights;
    default:
      return workspace;
    }
  }
  /// Where the turn's first image of an operand lies.
  DeviceAddress addressOf(const SkipOperand &operand, mlir::RankedTensorType type, LayoutAttr layout, int64_t first) const {
    bool isPort = operand.segment == SKIP_SEGMENT_INPUT || operand.segment == SKIP_SEGMENT_OUTPUT;
    int64_t distance = isPort ? plan::stridesOf(type, layout).image * int64_t(sizeof(float)) : int64_t(operand.imageBytes);
    return baseOf(operand) + operand.offset + operand.origin + first * distance;
  }
};

/// The indices of an activation's elements in memory, in the order n, c, y, x.
template <typename Function>
static void forElements(mlir::RankedTensorType type, LayoutAttr layout, int64_t images, const Function &visit) {
  plan::Strides s = plan::stridesOf(type, layout);
  int64_t lanes = plan::lanesOf(layout.getKind(), layout.getElement());
  for (int64_t n = 0; n < images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      for (int64_t y = 0; y < s.height; ++y)
        for (int64_t x = 0; x < s.width; ++x)
          visit(n * s.image + c / lanes * s.block + y * s.row + x * s.pixel + c % lanes);
}

/// The element at an index, its addends added up as kernels do.
static float valueAt(llvm::ArrayRef<float> raw, int64_t at, mlir::RankedTensorType type, LayoutAttr layout) {
  float value = raw[at];
  for (int64_t addend = 1; addend < plan::addendsOf(layout); ++addend)
    value += raw[at + addend * plan::stridesOf(type, layout).addend];
  return value;
}

static std::vector<int64_t> shapeOf(mlir::RankedTensorType type, int64_t images) {
  std::vector<int64_t> shape = type.getShape().vec();
  shape[0] = images;
  return shape;
}

/// What a contraction multiplies, where that is not what is stored.
static std::vector<Tensor> multiplied(llvm::ArrayRef<const Tensor *> operands, plan::Precision precision) {
  std::vector<Tensor> rounded;
  for (const Tensor *operand : operands.take_front(2))
    for (double &value : rounded.emplace_back(*operand).data)
      value = plan::multiplied(value, precision);
  return rounded;
}

/// The values that the kernel's region computes.
Tensor Model::evaluate(KernelOp kernel, const std::vector<Tensor> &inputs) const {
  llvm::DenseMap<mlir::Value, Tensor> values;
  for (auto [argument, input] : llvm::zip_equal(kernel.getBody().getArguments(), inputs))
    values[argument] = input;
  for (mlir::Operation &op : kernel.getBody().front().without_terminator()) {
    llvm::SmallVector<const Tensor *> operands;
    for (mlir::Value operand : op.getOperands())
      operands.push_back(&values.find(operand)->second);
    std::vector<Tensor> rounded;
    if (plan::isForTensorCores(&op)) {
      rounded = multiplied(operands, precision);
      operands[0] = &rounded[0];
      operands[1] = &rounded[1];
    }
    auto evaluable = llvm::dyn_cast<graph::Evaluable>(op);
    Tensor result = evaluable ? evaluable.evaluate(operands).front() : *operands.front(); // a relayout
    values[op.getResult(0)] = std::move(result);
  }
  return values[kernel.getBody().front().getTerminator()->getOperand(0)];
}

void Model::launch(Memory &memory, const codegen::Step &step, int64_t first, int64_t turn) {
  const codegen::Variant &variant = lowered.image.targets[0].variants[0];
  const codegen::CudaForm &form = std::get<codegen::CudaKernels>(variant.kernels)[step.kernel].forms[column];
  uint32_t grid[3];
  for (int axis = 0; axis < 3; ++axis) {
    int64_t points = step.params[axis].value * (step.params[axis].extent >= 0 ? turn : 1);
    grid[axis] = static_cast<uint32_t>((points + form.split[axis] - 1) / form.split[axis]);
  }
  grid[0] = static_cast<uint32_t>(llvm::alignTo(grid[0], form.cluster));
  uint32_t firstImage = static_cast<uint32_t>(first), images = static_cast<uint32_t>(turn);
  std::vector<uint64_t> operands;
  for (const SkipOperand &operand : step.operands) {
    bool isInput = operand.segment == SKIP_SEGMENT_INPUT, isOutput = operand.segment == SKIP_SEGMENT_OUTPUT;
    size_t port = operand.index + (isOutput ? memory.inputs.size() : 0);
    operands.push_back(isInput || isOutput
                           ? memory.block + offsetof(SkipCudaBlock, ports) + port * sizeof(uint64_t)
                           : memory.baseOf(operand) + operand.offset + operand.origin + first * operand.imageBytes);
  }
  std::vector<void *> params{&memory.block, &firstImage, &images};
  for (uint64_t &operand : operands)
    params.push_back(&operand);
  std::vector<cuda::TensorMap> maps(form.maps.size());
  for (auto [map, encoded] : llvm::zip_equal(form.maps, maps)) {
    Gpu::ok(cuda::encodeMap(memory.gpu.api, map, operands[map.operand], turn, encoded));
    params.push_back(&encoded);
  }
  driver::LaunchConfig config{grid[0], grid[1], grid[2], form.threads, 1, 1, form.sharedBytes, nullptr, nullptr, 0};
  driver::Kernel handle = memory.gpu.kernel(form.name.c_str());
  Gpu::ok(memory.gpu.api.cuKernelSetAttribute(driver::FunctionAttribute::maxDynamicSharedSizeBytes,
                                              static_cast<int>(form.sharedBytes), handle, 0));
  auto function = reinterpret_cast<driver::Function>(handle);
  Gpu::ok(memory.gpu.api.cuLaunchKernelEx(&config, function, params.data(), nullptr));
  Gpu::ok(memory.gpu.api.cuStreamSynchronize(nullptr));
}

/// Whether the floats behind a pixel's last channel are zero.
static void checkPadding(const std::vector<float> &memory, mlir::RankedTensorType type, LayoutAttr layout, int64_t images) {
  if (layout.getKind() != LayoutKind::nhwc)
    return;
  std::vector<bool> isElement(memory.size());
  forElements(type, layout, images, [&](int64_t index) { isElement[index] = true; });
  size_t wrong = 0;
  for (size_t i = 0; i < memory.size(); ++i)
    wrong += !isElement[i] && memory[i] != 0;
  CHECK(wrong == 0);
}

/// Infinite where either is not finite and the other is not the same.
static double distance(double got, double want) {
  if (std::isfinite(got) && std::isfinite(want))
    return std::abs(got - want);
  return got == want || (std::isnan(got) && std::isnan(want)) ? 0 : INFINITY;
}

void Model::compare(Memory &memory, KernelOp kernel, const codegen::Step &step, const std::vector<Tensor> &inputs,
                    int64_t first, int64_t count, double bound) {
  auto type = llvm::cast<mlir::RankedTensorType>(kernel.getResult(0).getType());
  LayoutAttr layout = kernel.outputLayout(0);
  Tensor want = evaluate(kernel, inputs);
  DeviceAddress from = memory.addressOf(step.operands.back(), type, layout, first);
  plan::Element element = layout.getElement();
  std::vector<float> got = memory.download(from, plan::stridesOf(type, layout).image * count, element);
  checkPadding(got, type, layout, count);
  double largest = 0, worst = 0;
  for (double value : want.data)
    largest = std::isfinite(value) ? std::max(largest, std::abs(value)) : largest;
  double unit = element == plan::Element::f32 ? 0 : plan::storedUnit(precision), least = 0x1p-25; // f16's subnormals
  size_t index = 0;
  forElements(type, layout, count, [&](int64_t at) {
    double value = want.data[index++], ofStore = unit > 0 && std::isfinite(value) ? unit * std::abs(value) + least : 0;
    worst = std::max(worst, distance(valueAt(got, at, type, layout), value) - ofStore);
  });
  CHECK(worst <= bound * largest);
}

void Model::step(Memory &memory, KernelOp kernel, const codegen::Step &step, int64_t first, int64_t turn, double bound) {
  INFO(step.name << ", images from " << first << " on");
  int64_t count = std::min(turn, memory.images - first);
  std::vector<Tensor> inputs(kernel.getInputs().size());
  llvm::SmallVector<unsigned> order = nvptx::stepShapeOf(kernel).inputs;
  for (auto [place, index] : llvm::enumerate(order)) {
    mlir::Value input = kernel.getInputs()[index];
    if (auto known = loaded.find(input); known != loaded.end()) {
      inputs[index] = known->second;
    } else if (count > 0) {
      auto type = llvm::cast<mlir::RankedTensorType>(input.getType());
      LayoutAttr layout = kernel.inputLayout(index);
      std::vector<float> raw = memory.download(memory.addressOf(step.operands[place], type, layout, first),
                                               plan::stridesOf(type, layout).image * count, layout.getElement());
      Tensor tensor(shapeOf(type, count));
      size_t to = 0;
      forElements(type, layout, count, [&](int64_t at) { tensor.data[to++] = valueAt(raw, at, type, layout); });
      inputs[index] = std::move(tensor);
    }
  }
  launch(memory, step, first, turn);
  if (count > 0)
    compare(memory, kernel, step, inputs, first, count, bound);
}

static int64_t floatsOf(mlir::Type type) {
  int64_t floats = 1;
  for (int64_t dim : llvm::cast<mlir::RankedTensorType>(type).getShape().drop_front())
    floats *= dim;
  return floats;
}

std::vector<std::vector<float>> Model::run(const Run &run, double bound) {
  INFO("batch " << batch << ", images " << run.images << ", seed " << run.seed << ", completion " << int(run.completion));
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  const codegen::Variant &variant = lowered.image.targets[0].variants[0];
  Memory memory(run, nvptx::codeOf(column).target.data());
  Gpu::ok(memory.gpu.api.cuLibraryLoadData(&memory.gpu.library, text.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  memory.weights = memory.upload(weights.data(), weights.size());
  memory.workspace = memory.allocate(variant.workspaceBytes);
  if (column == SKIP_CUDA_SM_90A) // as the runtime does, since tensor maps reach images that a run does not have
    Gpu::ok(memory.gpu.api.cuMemsetD8(memory.workspace, 0, std::max<size_t>(variant.workspaceBytes, 4)));
  std::mt19937 random(11);
  SkipCudaBlock block{};
  block.n = run.images;
  size_t port = 0;
  for (mlir::Type type : function.getArgumentTypes()) {
    std::vector<float> input(floatsOf(type) * batch);
    for (float &value : input)
      value = std::uniform_real_distribution<float>(-1, 1)(random);
    for (size_t i = 5; run.special && i < input.size(); i += 37)
      input[i] = *run.special;
    memory.inputs.push_back(memory.upload(input.data(), floatsOf(type) * run.images * sizeof(float))); // no byte more
    block.ports[port++] = memory.inputs.back();
  }
  for (mlir::Type type : function.getResultTypes()) {
    std::vector<float> output(floatsOf(type) * batch, kSentinel);
    memory.outputs.push_back(memory.upload(output.data(), output.size() * sizeof(float)));
    block.ports[port++] = memory.outputs.back();
  }
  memory.block = memory.upload(&block, sizeof block);

  llvm::SmallVector<KernelOp> kernels(function.getOps<KernelOp>());
  for (const SkipSection &section : variant.sections)
    for (int64_t first = 0; first < batch; first += section.images)
      for (uint32_t i = section.firstStep; i < section.firstStep + section.stepCount; ++i)
        step(memory, kernels[i], variant.steps[i], first, std::min(section.images, batch - first), bound);

  std::vector<std::vector<float>> outputs;
  for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
    std::vector<float> all = memory.download(memory.outputs[index], floatsOf(type) * batch);
    auto end = all.begin() + floatsOf(type) * run.images;
    CHECK(std::all_of(end, all.end(), [](float value) { return value == kSentinel; }));
    outputs.emplace_back(all.begin(), end);
  }
  return outputs;
}
