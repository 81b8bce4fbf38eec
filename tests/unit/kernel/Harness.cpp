// Kernels loaded through LLVM's JIT linker; activations with guards.
#include "tests/unit/kernel/Harness.h"

#include "codegen/x86/kernel/Lanes.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::testing;

static constexpr int64_t kGuard = 64;
static constexpr float kGuardValue = 12345.0f;

std::vector<x86::Target> testing::hostTargets() {
  static const x86::Target native = llvm::cantFail(x86::nativeTarget());
  std::vector<x86::Target> targets = {{SKIP_ISA_AVX2, "", ""}};
  if (native.isa == SKIP_ISA_AVX512)
    targets.push_back({SKIP_ISA_AVX512, "", ""});
  return targets;
}

const char *testing::nameOf(SkipIsa isa) { return isa == SKIP_ISA_AVX512 ? "avx512" : "avx2"; }

/// Compiled once: cases of other sizes have the same kernels, and what an object is depends on its job alone
/// (ConvObjectTest.cpp).
static const std::string &objectOf(const kernel::Spec &spec, const x86::Target &target) {
  static std::vector<std::pair<x86::Job, std::string>> known;
  for (const auto &[job, object] : known)
    if (job.spec == spec && job.target.isa == target.isa && job.target.cpu == target.cpu &&
        job.target.features == target.features)
      return object;
  x86::Job job{"kernel", spec, target};
  codegen::KernelCache none;
  std::vector<std::string> objects = llvm::cantFail(x86::compileKernels({job}, 1, none)).objects;
  return known.emplace_back(std::move(job), std::move(objects[0])).second;
}

LoadedKernel::LoadedKernel(const kernel::Spec &spec, const x86::Target &target) : split(kernel::splitOf(spec)) {
  const std::string &object = objectOf(spec, target);
  bytes = object.size();
  jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvm::cantFail(jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, "kernel")));
  fn = llvm::cantFail(jit->lookup("kernel")).toPtr<SkipKernelFn>();
}

LoadedKernel::~LoadedKernel() = default;

int64_t LoadedKernel::units(const std::vector<int64_t> &params) const {
  int64_t count = 1;
  for (int axis = 0; axis < 3; ++axis)
    count *= (params[axis] + split[axis] - 1) / split[axis];
  return count;
}

void LoadedKernel::run(const std::vector<void *> &operands, const std::vector<int64_t> &params) const {
  fn(operands.data(), params.data(), 0, units(params));
}

void LoadedKernel::runInPieces(const std::vector<void *> &operands, const std::vector<int64_t> &params) const {
  int64_t end = units(params);
  for (int64_t length = 1; end > 0; length = length % 3 + 1) {
    int64_t begin = std::max<int64_t>(0, end - length);
    fn(operands.data(), params.data(), begin, end);
    end = begin;
  }
}

Activation::Activation(Shape shape) : shape(shape) {
  blocks = shape.planar ? shape.channels : (shape.channels + kernel::kLanes - 1) / kernel::kLanes;
  pixel = shape.planar ? 1 : kernel::kLanes;
  row = (shape.width + 2 * shape.halo) * pixel;
  block = (shape.height + 2 * shape.halo) * row;
  image = blocks * block;
  originIndex = kGuard + shape.halo * (row + pixel);
  storage.assign(shape.images * image + 2 * kGuard, std::numeric_limits<float>::quiet_NaN());
  std::fill_n(storage.begin(), kGuard, kGuardValue);
  std::fill_n(storage.end() - kGuard, kGuard, kGuardValue);
}

float &Activation::at(int64_t n, int64_t c, int64_t y, int64_t x) {
  int64_t lane = shape.planar ? 0 : c % kernel::kLanes, outer = shape.planar ? c : c / kernel::kLanes;
  return storage[originIndex + n * image + outer * block + y * row + x * pixel + lane];
}

void Activation::randomize(std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::fill(storage.begin() + kGuard, storage.end() - kGuard, 0.0f);
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t c = 0; c < shape.channels; ++c)
      for (int64_t y = 0; y < shape.height; ++y)
        for (int64_t x = 0; x < shape.width; ++x)
          at(n, c, y, x) = uniform(random);
}

void Activation::scale(llvm::function_ref<float(int64_t c, int64_t y, int64_t x)> factor) {
  for (int64_t c = 0; c < shape.channels; ++c)
    for (int64_t y = 0; y < shape.height; ++y)
      for (int64_t x = 0; x < shape.width; ++x)
        for (int64_t n = 0; n < shape.images; ++n)
          at(n, c, y, x) *= factor(c, y, x);
}

static std::string describe(const char *what, int64_t n, int64_t c, int64_t y, int64_t x) {
  return std::string(what) + " at image " + std::to_string(n) + ", channel " + std::to_string(c) + ", row " +
         std::to_string(y) + ", column " + std::to_string(x);
}

std::string Activation::checkBorders() const {
  for (int64_t i = 0; i < kGuard; ++i)
    if (storage[i] != kGuardValue || storage[storage.size() - 1 - i] != kGuardValue)
      return "a guard was overwritten, " + std::to_string(i) + " elements from its outer end";
  int64_t halo = shape.halo, channels = shape.planar ? shape.channels : blocks * kernel::kLanes;
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t y = -halo; y < shape.height + halo; ++y)
        for (int64_t x = -halo; x < shape.width + halo; ++x) {
          bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
          if (!inside && at(n, c, y, x) != 0)
            return describe("the halo is not zero", n, c, y, x);
        }
  return "";
}

double testing::relativeError(const Activation &got, const std::vector<double> &want) {
  double worst = 0, scale = 0;
  const Activation::Shape &s = got.shape;
  size_t index = 0;
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      for (int64_t y = 0; y < s.height; ++y)
        for (int64_t x = 0; x < s.width; ++x, ++index) {
          double difference = std::abs(got.at(n, c, y, x) - want[index]);
          worst = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(worst, difference);
          scale = std::max(scale, std::abs(want[index]));
        }
  return scale == 0 ? worst : worst / scale;
}

testing::EpilogueOperands::EpilogueOperands(const kernel::Epilogue &chain, Activation::Shape shape, std::mt19937 &random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (kernel::EpilogueOp operation : chain) {
    const kernel::EpilogueOperands &takes = kernel::operandsOf(operation);
    for (unsigned i = 0; i < takes.tensors; ++i)
      tensors.emplace_back(shape).randomize(random);
    for (unsigned i = 0; i < takes.vectors; ++i) {
      std::vector<float> &vector =
          vectors.emplace_back((shape.channels + kernel::kLanes - 1) / kernel::kLanes * kernel::kLanes);
      std::generate_n(vector.begin(), shape.channels, [&] { return uniform(random); });
    }
  }
}

void testing::EpilogueOperands::appendTo(std::vector<void *> &operands, const kernel::Epilogue &chain, void *first) {
  auto tensor = tensors.begin();
  auto vector = vectors.begin();
  for (kernel::EpilogueOp operation : chain) {
    for (unsigned i = 0; i < kernel::operandsOf(operation).tensors; ++i, ++tensor)
      operands.push_back(first && tensor == tensors.begin() ? first : tensor->origin());
    for (unsigned i = 0; i < kernel::operandsOf(operation).vectors; ++i, ++vector)
      operands.push_back(vector->data());
  }
}

double testing::EpilogueOperands::apply(const kernel::Epilogue &chain, double value, int64_t n, int64_t o, int64_t p,
                                        int64_t q) const {
  using enum kernel::EpilogueOp;
  auto tensor = tensors.begin();
  auto vector = vectors.begin();
  for (kernel::EpilogueOp operation : chain) {
    auto other = [&] { return double(tensor->at(n, o, p, q)); };
    auto of = [&](int64_t which) { return double(vector[which][o]); };
    if (operation == Add)
      value += other();
    if (operation == Relu)
      value = std::max(value, 0.0);
    if (operation == ScaleShift)
      value = value * of(0) + of(1);
    if (operation == ReluGradInput)
      value = other() <= 0 ? 0 : value;
    if (operation == ScaleAdd)
      value = of(0) * value + of(1) * other() + of(2);
    if (operation == ScaleChannels)
      value *= of(0);
    tensor += kernel::operandsOf(operation).tensors;
    vector += kernel::operandsOf(operation).vectors;
  }
  return value;
}
