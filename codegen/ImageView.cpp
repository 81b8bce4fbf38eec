// Shows an Image as the C tables of runtime/Abi.h.
#include "codegen/TrainingImage.h"

#include "runtime/PackedFile.h"

#include <algorithm>

namespace skip::codegen {

namespace {
struct VariantTables {
  std::vector<SkipStep> steps;
  std::vector<SkipOperand> operands;
  std::vector<SkipParam> params;
  std::variant<std::vector<SkipX86Kernel>, std::vector<SkipCudaKernel>> kernels;
};

struct TargetTables {
  std::vector<VariantTables> tables;
  std::vector<SkipVariant> variants;
  std::vector<SkipCode> codes;
};
} // namespace

struct ImageView::Storage {
  std::vector<SkipPort> inputs, outputs;
  std::vector<SkipTensor> tensors;
  std::vector<SkipPicture> pictures;
  std::vector<std::vector<const char *>> classNames;
  std::vector<SkipClasses> classes;
  std::vector<TargetTables> tables;
  std::vector<SkipTargetImage> targets;
  SkipModelImage root{};
};

static int32_t kindOf(const Port &port) { return port.element; }
static int32_t kindOf(const Tensor &) { return 0; }
static int32_t &kindOf(SkipPort &port) { return port.element; }
static int32_t &kindOf(SkipTensor &tensor) { return tensor.reserved; }

/// SkipPort or SkipTensor; dims that its rank does not reach are 0.
template <typename Described, typename Source> static std::vector<Described> describe(const std::vector<Source> &sources) {
  std::vector<Described> result;
  for (const Source &source : sources) {
    Described &item = result.emplace_back();
    item.name = source.name.c_str();
    item.rank = static_cast<int32_t>(source.dims.size());
    kindOf(item) = kindOf(source);
    std::copy_n(source.dims.begin(), std::min<size_t>(source.dims.size(), SKIP_MAX_RANK), item.dims);
  }
  return result;
}

/// Of each port.
static std::vector<std::vector<const char *>> classNamesOf(const std::vector<Port> &ports) {
  std::vector<std::vector<const char *>> all;
  for (const Port &port : ports) {
    std::vector<const char *> &names = all.emplace_back();
    for (const std::string &name : port.classes)
      names.push_back(name.c_str());
  }
  return all;
}

static SkipX86Kernel kernelOf(const X86Kernel &kernel) {
  SkipX86Kernel result{};
  result.name = kernel.name.c_str();
  for (size_t isa = 0; isa < kernel.split.size(); ++isa)
    std::copy(kernel.split[isa].begin(), kernel.split[isa].end(), result.split[isa]);
  return result;
}

bool isForOneAlone(const Code &code) { return code.column == SKIP_CUDA_SM_90A; }

std::string architectureOf(const Code &code) {
  return "sm_" + std::to_string(code.architecture) + (isForOneAlone(code) ? "a" : "");
}

static SkipCudaForm formOf(const CudaForm &form) {
  SkipCudaForm result{};
  if (form.name.empty())
    return result;
  result.name = form.name.c_str();
  result.maps = form.maps.empty() ? nullptr : form.maps.data();
  result.mapCount = static_cast<uint32_t>(form.maps.size());
  result.threads = form.threads;
  result.sharedBytes = form.sharedBytes;
  result.cluster = form.cluster;
  result.startsEarly = form.startsEarly;
  std::copy(form.split.begin(), form.split.end(), result.split);
  return result;
}

static SkipCudaKernel kernelOf(const CudaKernel &kernel) {
  SkipCudaKernel result{};
  std::transform(kernel.forms.begin(), kernel.forms.end(), result.forms, formOf);
  return result;
}

template <typename Kernels> static auto kernelsOf(const Kernels &kernels) {
  std::vector<decltype(kernelOf(kernels.front()))> result;
  for (const auto &kernel : kernels)
    result.push_back(kernelOf(kernel));
  return result;
}

/// The steps' operands and parameters follow one another, each step's in one piece.
static VariantTables tablesOf(const Variant &variant) {
  VariantTables tables;
  for (const Step &step : variant.steps) {
    tables.steps.push_back(SkipStep{.name = step.name.c_str(),
                                    .kernel = step.kernel,
                                    .firstOperand = static_cast<uint32_t>(tables.operands.size()),
                                    .operandCount = static_cast<uint32_t>(step.operands.size()),
                                    .resultCount = step.resultCount,
                                    .firstParam = static_cast<uint32_t>(tables.params.size()),
                                    .paramCount = static_cast<uint32_t>(step.params.size()),
                                    .outputs = step.outputs});
    tables.operands.insert(tables.operands.end(), step.operands.begin(), step.operands.end());
    tables.params.insert(tables.params.end(), step.params.begin(), step.params.end());
  }
  std::visit([&](const auto &kernels) { tables.kernels = kernelsOf(kernels); }, variant.kernels);
  return tables;
}

static SkipVariant variantOf(const Variant &variant, const VariantTables &tables) {
  auto sizeOf = [](const auto &kernels) { return kernels.size(); };
  auto dataOf = [](const auto &kernels) { return static_cast<const void *>(kernels.data()); };
  return SkipVariant{.extentCount = static_cast<uint32_t>(variant.extents.size()),
                     .stepCount = static_cast<uint32_t>(tables.steps.size()),
                     .kernelCount = static_cast<uint32_t>(std::visit(sizeOf, tables.kernels)),
                     .sectionCount = static_cast<uint32_t>(variant.sections.size()),
                     .threadsExtent = variant.threadsExtent,
                     .partCount = static_cast<uint32_t>(variant.parts.size()),
                     .extents = variant.extents.data(),
                     .sections = variant.sections.data(),
                     .parts = variant.parts.data(),
                     .steps = tables.steps.data(),
                     .operands = tables.operands.data(),
                     .params = tables.params.data(),
                     .kernels = std::visit(dataOf, tables.kernels),
                     .workspaceBytes = variant.workspaceBytes,
                     .stateBytes = variant.stateBytes};
}

static TargetTables tablesOf(const TargetImage &target) {
  TargetTables tables;
  for (const Variant &variant : target.variants)
    tables.tables.push_back(tablesOf(variant));
  for (size_t i = 0; i < target.variants.size(); ++i)
    tables.variants.push_back(variantOf(target.variants[i], tables.tables[i]));
  for (const Code &code : target.codes)
    tables.codes.push_back(
        {code.architecture, code.isText, static_cast<uint16_t>(code.column), code.bytes.size(), code.bytes.c_str()});
  return tables;
}

static SkipTargetImage targetOf(const TargetImage &target, const TargetTables &tables) {
  SkipTargetImage result{};
  result.target = target.target;
  result.variantCount = static_cast<uint32_t>(target.variants.size());
  result.loadCount = static_cast<uint32_t>(target.loads.size());
  result.normCount = static_cast<uint32_t>(target.norms.size());
  result.codeCount = static_cast<uint32_t>(target.codes.size());
  result.variants = tables.variants.data();
  result.loads = target.loads.data();
  result.norms = target.norms.data();
  result.codes = tables.codes.data();
  result.weightsBytes = target.weightsBytes;
  result.kernelStackBytes = target.kernelStackBytes;
  return result;
}

ImageView::ImageView(const Image &image) : storage(std::make_unique<Storage>()) {
  storage->inputs = describe<SkipPort>(image.inputs);
  storage->outputs = describe<SkipPort>(image.outputs);
  storage->tensors = describe<SkipTensor>(image.tensors);
  storage->pictures = image.pictures;
  storage->pictures.resize(image.inputs.size()); // of images by hand, which take none
  storage->classNames = classNamesOf(image.outputs);
  for (const std::vector<const char *> &names : storage->classNames)
    storage->classes.push_back({names.size(), names.data()});
  for (const TargetImage &target : image.targets)
    storage->tables.push_back(tablesOf(target));
  for (size_t i = 0; i < image.targets.size(); ++i)
    storage->targets.push_back(targetOf(image.targets[i], storage->tables[i]));

  SkipModelImage &root = storage->root;
  root.abiVersion = SKIP_ABI_VERSION;
  root.inputCount = static_cast<uint32_t>(image.inputs.size());
  root.outputCount = static_cast<uint32_t>(image.outputs.size());
  root.tensorCount = static_cast<uint32_t>(image.tensors.size());
  root.targetCount = static_cast<uint32_t>(image.targets.size());
  root.name = image.name.c_str();
  root.compiler = image.compiler.c_str();
  root.inputs = storage->inputs.data();
  root.outputs = storage->outputs.data();
  root.tensors = storage->tensors.data();
  root.targets = storage->targets.data();
  root.pictures = storage->pictures.data();
  root.classes = storage->classes.data();
  for (SkipTargetImage &target : storage->targets)
    target.loadFingerprint = runtime::fingerprint(root, target);
}

ImageView::~ImageView() = default;

const SkipModelImage &ImageView::get() const { return storage->root; }

TrainingImageView::TrainingImageView(const TrainingImage &image) : model(image.model) {
  root.model = model.get();
  root.stateCount = static_cast<uint32_t>(image.state.size());
  root.statisticCount = static_cast<uint32_t>(image.statistics.size());
  root.state = image.state.data();
  root.statistics = image.statistics.data();
  root.decayedBytes = image.decayedBytes;
  root.parameterBytes = image.parameterBytes;
  root.gradientOffset = image.gradientOffset;
  root.groupOffset = image.groupOffset;
  root.stateBytes = image.stateBytes;
}

} // namespace skip::codegen
