// Which code is taken for which device, and what is said where there is none.
#include "runtime/cuda/Code.h"
#include "tests/unit/runtime-cuda/Kernels.h"
#include "tests/unit/runtime-cuda/Model.h"

using namespace test;
using skip::cuda::isBetter;
using skip::cuda::runsOn;

static SkipCode object(uint32_t architecture, uint16_t column = 0) { return {architecture, 0, column, 0, nullptr}; }
static SkipCode ptx(uint32_t architecture, uint16_t column = 0) { return {architecture, 1, column, 0, nullptr}; }

TEST_CASE("cuda: an object runs on its major number, text on all that came later") {
  CHECK(runsOn(object(80), 80));
  CHECK(runsOn(object(80), 86));
  CHECK(!runsOn(object(86), 80));
  CHECK(!runsOn(object(80), 90));
  CHECK(!runsOn(object(100), 90));
  CHECK(runsOn(object(120), 121));
  CHECK(runsOn(ptx(80), 120));
  CHECK(!runsOn(ptx(90), 89));
}

TEST_CASE("cuda: what is made for sm_90a alone runs there alone, and is tried first there") {
  for (const SkipCode &code : {object(90, SKIP_CUDA_SM_90A), ptx(90, SKIP_CUDA_SM_90A)}) {
    CHECK(runsOn(code, 90));
    for (uint32_t other : {80, 89, 91, 100, 120})
      CHECK(!runsOn(code, other));
    CHECK(isBetter(code, object(90)));
    CHECK(isBetter(code, ptx(90)));
    CHECK(!isBetter(object(90), code));
    CHECK(std::string(skip::cuda::nameOfBody(skip::cuda::bodyOf(code))) == "sm_90a");
  }
  CHECK(isBetter(object(90, SKIP_CUDA_SM_90A), ptx(90, SKIP_CUDA_SM_90A)));
  CHECK(std::string(skip::cuda::nameOfBody(skip::cuda::bodyOf(ptx(90)))) == "sm_90");
}

TEST_CASE("cuda: objects are tried first, and then what is made for the latest") {
  CHECK(isBetter(object(80), ptx(89)));
  CHECK(isBetter(object(86), object(80)));
  CHECK(isBetter(ptx(89), ptx(80)));
  CHECK(!isBetter(ptx(90), object(90)));
}

TEST_CASE("cuda: architectures have names") {
  CHECK(std::string(skip::cuda::architectureName(80)) == "sm_80");
  CHECK(std::string(skip::cuda::architectureName(121)) == "sm_121");
  CHECK(std::string(skip::cuda::architectureName(105)) == "sm_105");
  CHECK(std::string(skip::cuda::architectureName(9)) == "sm_9");
  CHECK(std::string(skip::cuda::architectureName(4000)) == "sm_?");
}

static skip_status open(std::vector<SkipCode> codes, skip_model **model, int32_t device = 0) {
  ImageCopy copy;
  copy.target.codes = codes.data();
  copy.target.codeCount = static_cast<uint32_t>(codes.size());
  skip_status status = skip::runtime::createModel(copy.image, {nullptr, device}, model);
  if (status == SKIP_OK) {
    CHECK(std::string(skipmodel_model_isa(*model)) == "sm_80");
    (*model)->image = &skipModelImage; // the copy goes
    (*model)->target = &tinyTarget();
  }
  return status;
}

TEST_CASE("cuda: a device without code is told with what there is") {
  skip_model *model = nullptr;
  CHECK_FAILS(open({}, &model), SKIP_NO_DEVICE, "is sm_80, for which model `tiny`'s library has no code; it has:");
  CHECK_FAILS(open({object(90), ptx(90)}, &model), SKIP_NO_DEVICE, "it has:\n  sm_90, an object\n  sm_90, text");
  CHECK_FAILS(open({}, &model, 2), SKIP_INVALID_ARGUMENT, "asked for device 2, the CUDA driver counts 2, from 0");
  CHECK_FAILS(open({}, &model, -1), SKIP_INVALID_ARGUMENT, "asked for device -1");
  CHECK(model == nullptr);
}

TEST_CASE("cuda: code that the driver refuses gives way to the next, and is told if it was the last") {
  skip_model *model = nullptr;
  const std::string good = kernelText(), bad = ".version 7.0\n.target sm_80\n.address_size 64\nnonsense\n";
  const char machine[] = "\177ELF";
  SkipCode refused{80, 0, 0, sizeof machine, machine}, broken{75, 1, 0, bad.size(), bad.data()},
      text{80, 1, 0, good.size(), good.data()};
  REQUIRE(open({refused, text}, &model) == SKIP_OK); // and text without a zero at its end is ended
  skipmodel_model_destroy(model);
  REQUIRE(open({broken, refused, text}, &model) == SKIP_OK);
  skipmodel_model_destroy(model);
  CHECK_FAILS(open({refused}, &model), SKIP_DRIVER_ERROR,
              "an object for sm_80: cuLibraryLoadData: CUDA_ERROR_NO_BINARY_FOR_GPU, no kernel image is available for "
              "execution on the device\n");
  CHECK_FAILS(open({refused, broken}, &model), SKIP_DRIVER_ERROR, "text for sm_75: cuLibraryLoadData: ");
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("line 4")); // the log of the driver's compiler
  CHECK(model == nullptr);
}

TEST_CASE("cuda: a kernel that is not there, or wants too much, is named") {
  skip_model *model = nullptr;
  const std::string none = ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry other() { ret; }\n";
  CHECK_FAILS(open({{80, 1, 0, none.size() + 1, none.c_str()}}, &model), SKIP_DRIVER_ERROR,
              "text for sm_80: kernel `conv`: cuLibraryGetKernel: CUDA_ERROR_NOT_FOUND");
  SkipCudaKernel kernels[4];
  std::copy_n(static_cast<const SkipCudaKernel *>(tinyTarget().variants[0].kernels), 4, kernels);
  kernels[3].forms[SKIP_CUDA_SM_80].sharedBytes = 1 << 20;
  SkipVariant variant = tinyTarget().variants[0];
  variant.kernels = kernels;
  ImageCopy copy;
  copy.target.variants = &variant;
  copy.target.variantCount = 1;
  CHECK_FAILS(skip::runtime::createModel(copy.image, {}, &model), SKIP_DRIVER_ERROR,
              "kernel `count`: 1048576 bytes of shared memory: cuKernelSetAttribute: CUDA_ERROR_INVALID_VALUE");
  copy.image.inputCount = 30;
  CHECK_FAILS(skip::runtime::createModel(copy.image, {}, &model), SKIP_INVALID_ARGUMENT, "target cuda can have 31");
}

TEST_CASE("cuda: a model that has x86 too takes it where the GPU has no code") {
  SkipTargetImage targets[] = {tinyTarget(), tinyTarget()};
  targets[0].codeCount = 0;
  targets[1].backend = &skipX86Backend;
  targets[1].variantCount = 0;
  SkipModelImage image = skipModelImage;
  image.targets = targets;
  image.targetCount = 2;
  skip_model *model = nullptr;
  CHECK_FAILS(skip::runtime::createModel(image, {"cuda", 0}, &model), SKIP_NO_DEVICE, "has no code");
  CHECK_FAILS(skip::runtime::createModel(image, {}, &model), SKIP_UNSUPPORTED_CPU,
              "none of the targets of model `tiny` runs here:\n  cuda: device 0");
}
