// Creating and querying models.
#include "runtime/Error.h"
#include "runtime/Objects.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <cstdlib>

using namespace test;
using namespace skip::runtime;

TEST_CASE("a model describes itself") {
  Handles h;
  CHECK(skipmodel_model_max_batch(h.model) == largeBound);
  REQUIRE(skipmodel_model_input_count(h.model) == 2);
  REQUIRE(skipmodel_model_output_count(h.model) == 2);
  skip_tensor_info info;
  REQUIRE(skipmodel_model_input(h.model, 0, &info) == SKIP_OK);
  CHECK(std::string(info.name) == "picture");
  CHECK(info.rank == 4);
  CHECK(std::vector<int64_t>(info.dims, info.dims + 4) == std::vector<int64_t>{-1, 3, 4, 4});
  REQUIRE(skipmodel_model_output(h.model, 1, &info) == SKIP_OK);
  CHECK(std::string(info.name) == "energy");
  CHECK(info.rank == 1);
  CHECK(info.dims[0] == -1);
}

TEST_CASE("a port that is not there is an error") {
  Handles h;
  skip_tensor_info info;
  CHECK_FAILS(skipmodel_model_input(h.model, 2, &info), SKIP_INVALID_ARGUMENT, "no input 2, the model has 2");
  CHECK_FAILS(skipmodel_model_output(h.model, -1, &info), SKIP_INVALID_ARGUMENT, "no output -1");
  CHECK_FAILS(skipmodel_model_input(h.model, 0, nullptr), SKIP_INVALID_ARGUMENT, "`info` is null");
  CHECK_FAILS(skipmodel_model_input(nullptr, 0, &info), SKIP_INVALID_ARGUMENT, "`model` is null");
  CHECK_FAILS(skipmodel_model_output(nullptr, 0, &info), SKIP_INVALID_ARGUMENT, "`model` is null");
}

TEST_CASE("workspace follows the batch's variant") {
  Handles h;
  size_t small = skipmodel_model_workspace_bytes(h.model, 1), large = skipmodel_model_workspace_bytes(h.model, largeBound);
  CHECK(small == tinyTarget().variants[0].workspaceBytes);
  CHECK(skipmodel_model_workspace_bytes(h.model, smallBound) == small);
  CHECK(large == tinyTarget().variants[1].workspaceBytes);
  CHECK(skipmodel_model_workspace_bytes(h.model, smallBound + 1) == large);
  CHECK(skipmodel_model_workspace_bytes(h.model, 0) == 0);
  CHECK(skipmodel_model_workspace_bytes(h.model, -1) == 0);
  CHECK(skipmodel_model_workspace_bytes(h.model, largeBound + 1) == 0);
  CHECK(skipmodel_model_workspace_bytes(nullptr, 1) == 0);
}

TEST_CASE("a smaller variant that needs more workspace counts too") {
  SkipVariant variants[] = {tinyTarget().variants[0], tinyTarget().variants[1]};
  variants[0].workspaceBytes = 1'000'001;
  ImageCopy copy;
  copy.target.variants = variants;
  skip_model model = copy.model();
  CHECK(skipmodel_model_workspace_bytes(&model, largeBound) == 1'000'064); // whole cache lines
}

TEST_CASE("a model needs a place and the right version") {
  CHECK_FAILS(skipmodel_model_create(nullptr), SKIP_INVALID_ARGUMENT, "`model` is null");
  SkipModelImage image = skipModelImage;
  image.abiVersion = 77;
  skip_model *model = nullptr;
  CHECK_FAILS(createModel(image, {}, &model), SKIP_INVALID_ARGUMENT, "model `tiny` has plan version 77, its runtime reads 2");
  CHECK(model == nullptr);
}

namespace {
/// What a target says that runs nowhere here.
const SkipBackend nowhere = {.target = "cuda", .open = [](skip_model &, int32_t device) {
                               return fail(SKIP_NO_DEVICE, "no driver for device %d", device);
                             }};
} // namespace

TEST_CASE("the first target that runs here is taken, or the one asked for") {
  SkipTargetImage targets[] = {tinyTarget(), tinyTarget()};
  targets[0].backend = &nowhere;
  SkipModelImage image = skipModelImage;
  image.targets = targets;
  image.targetCount = 2;
  skip_model *model = nullptr;
  REQUIRE(createModel(image, {}, &model) == SKIP_OK);
  CHECK(model->target == &targets[1]);
  CHECK(std::string(skipmodel_model_target(model)) == "x86");
  skipmodel_model_destroy(model);
  CHECK_FAILS(createModel(image, {"cuda", 3}, &model), SKIP_NO_DEVICE, "no driver for device 3");
  CHECK_FAILS(createModel(image, {"x86", 1}, &model), SKIP_INVALID_ARGUMENT, "target x86 has device 0 alone, asked for 1");
  CHECK_FAILS(createModel(image, {"tpu", 0}, &model), SKIP_INVALID_ARGUMENT,
              "there is no target `tpu` in model `tiny`'s library, which was built for:\n  cuda\n  x86");
  // A device that x86 has not is the caller's mistake, also where there is no driver, whichever target comes first.
  CHECK_FAILS(createModel(image, {nullptr, 1}, &model), SKIP_INVALID_ARGUMENT, "cuda: no driver for device 1");
  std::swap(targets[0].backend, targets[1].backend);
  CHECK_FAILS(createModel(image, {nullptr, 1}, &model), SKIP_INVALID_ARGUMENT, "cuda: no driver for device 1");
  targets[0].backend = targets[1].backend = &nowhere;
  CHECK_FAILS(createModel(image, {}, &model), SKIP_NO_DEVICE,
              "none of the targets of model `tiny` runs here:\n  cuda: no driver for device 0\n  cuda: no driver for device 0");
  CHECK(model == nullptr);
}

TEST_CASE("SKIP_TARGET names the target where the caller names none") {
  skip_model *model = nullptr;
  setenv("SKIP_TARGET", "cuda", 1);
  CHECK_FAILS(skipmodel_model_create(&model), SKIP_INVALID_ARGUMENT, "there is no target `cuda`");
  skip_model_options options = {"x86", 0};
  CHECK(skipmodel_model_create_for(&options, &model) == SKIP_OK);
  skipmodel_model_destroy(model);
  setenv("SKIP_TARGET", "", 1);
  CHECK(skipmodel_model_create_for(nullptr, &model) == SKIP_OK);
  skipmodel_model_destroy(model);
  unsetenv("SKIP_TARGET");
}

TEST_CASE("null handles are harmless where nothing can be returned") {
  skipmodel_model_destroy(nullptr);
  skipmodel_weights_destroy(nullptr);
  skipmodel_pool_destroy(nullptr);
  skipmodel_context_destroy(nullptr);
  CHECK(std::string(skipmodel_model_isa(nullptr)).empty());
  CHECK(std::string(skipmodel_model_target(nullptr)).empty());
  CHECK(skipmodel_model_max_batch(nullptr) == 0);
  CHECK(skipmodel_model_input_count(nullptr) == 0);
  CHECK(skipmodel_model_output_count(nullptr) == 0);
  CHECK(skipmodel_pool_threads(nullptr) == 0);
}

namespace {
/// Sets SKIP_ISA for a scope.
struct ForcedIsa {
  explicit ForcedIsa(const char *name) { setenv("SKIP_ISA", name, 1); }
  ~ForcedIsa() { unsetenv("SKIP_ISA"); }
};
} // namespace

TEST_CASE("SKIP_ISA forces a body, and that body runs") {
  ForcedIsa forced("avx2");
  Handles h;
  CHECK(std::string(skipmodel_model_isa(h.model)) == "avx2");
  h.open();
  int64_t before[] = {kernelCalls[SKIP_ISA_AVX2], kernelCalls[SKIP_ISA_AVX512]};
  Batch batch(1);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  CHECK(kernelCalls[SKIP_ISA_AVX2] > before[SKIP_ISA_AVX2]);
  CHECK(kernelCalls[SKIP_ISA_AVX512] == before[SKIP_ISA_AVX512]);
}

TEST_CASE("an unknown SKIP_ISA is an error") {
  ForcedIsa forced("sse9");
  skip_model *model = nullptr;
  CHECK_FAILS(skipmodel_model_create(&model), SKIP_INVALID_ARGUMENT, "SKIP_ISA=sse9: no such body; this library holds avx2");
  CHECK(model == nullptr);
}

TEST_CASE("an empty SKIP_ISA is no wish") {
  ForcedIsa forced("");
  Handles h;
  CHECK(std::string(skipmodel_model_isa(h.model)).starts_with("avx"));
}
