// Models in this process.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Shell.h"
#include "tests/unit/package/Toy.h"
#include "tools/loaded/LoadedModel.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace test;
using loaded::LoadedModel;

template <typename Value> static Value need(llvm::Expected<Value> value) {
  if (!value)
    FAIL(textOf(value.takeError()));
  return std::move(*value);
}

static std::vector<float> runToy(const LoadedModel &model, const loaded::Context &context, int64_t count) {
  std::vector<float> images = toyImages(count), results(static_cast<size_t>(count * toyOutputs));
  CHECK(textOf(model.run(context, count, {images.data()}, {results.data()})) == "");
  return results;
}

TEST_CASE("a model is built, loaded and run in this process, and leaves no file") {
  TemporaryFolder folder;
  ::setenv("TMPDIR", folder.path("").c_str(), 1);
  codegen::Image image = toyImage("toy");
  std::unique_ptr<LoadedModel> model = need(LoadedModel::build({image, toyKernels()}));
  ::unsetenv("TMPDIR");
  CHECK(namesIn(folder.path("")).empty());

  CHECK(model->maxBatch() == toyBatch);
  CHECK(need(model->inputs()).at(0).dims[1] == toyInputs);
  CHECK(std::string(need(model->outputs()).at(0).name) == "y");
  std::string checkpoint = toyCheckpoint(2);
  loaded::Weights weights = need(model->weightsFromMemory(llvm::ArrayRef<char>(checkpoint.data(), checkpoint.size())));
  loaded::Pool pool = need(model->makePool(2));
  skip_context_options options{};
  options.pool = pool.get();
  loaded::Context context = need(model->makeContext(weights.get(), options));
  CHECK(runToy(*model, context, 5) == toyResults(5, 2));
}

TEST_CASE("two models are loaded side by side, and one again after it was closed") {
  codegen::Image one = toyImage("one"), two = toyImage("two");
  for (int round = 0; round < 3; ++round) {
    std::unique_ptr<LoadedModel> first = need(LoadedModel::build({one, toyKernels()}));
    std::unique_ptr<LoadedModel> second = need(LoadedModel::build({two, toyKernels()}));
    std::string checkpoints[] = {toyCheckpoint(round), toyCheckpoint(round + 1)};
    loaded::Weights firstWeights =
        need(first->weightsFromMemory(llvm::ArrayRef<char>(checkpoints[0].data(), checkpoints[0].size())));
    loaded::Weights secondWeights =
        need(second->weightsFromMemory(llvm::ArrayRef<char>(checkpoints[1].data(), checkpoints[1].size())));
    loaded::Context firstContext = need(first->makeContext(firstWeights.get()));
    loaded::Context secondContext = need(second->makeContext(secondWeights.get()));
    CHECK(runToy(*first, firstContext, 2) == toyResults(2, round));
    CHECK(runToy(*second, secondContext, 2) == toyResults(2, round + 1));
  }
}

TEST_CASE("what the library says is wrong arrives as an error's text") {
  codegen::Image image = toyImage("toy");
  std::unique_ptr<LoadedModel> model = need(LoadedModel::build({image, toyKernels()}));
  CHECK_THAT(textOf(model->embeddedWeights().takeError()), Catch::Contains("weights"));
  CHECK_THAT(textOf(model->loadWeights("/nowhere/at/all").takeError()), Catch::Contains("/nowhere/at/all"));
  loaded::Context context = need(model->makeContext(nullptr));
  std::vector<float> images = toyImages(1), results(toyOutputs);
  CHECK_THAT(textOf(model->run(context, 1, {images.data()}, {results.data()})), Catch::Contains("no weights"));
}

TEST_CASE("a library without the API, or none, is refused") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", codegen::WeightsMode::none);
  CHECK_THAT(textOf(LoadedModel::open(folder.path("out/libtoy.so"), "other").takeError()),
             Catch::Contains("other_model_create"));
  CHECK_THAT(textOf(LoadedModel::open(folder.path("nothing.so"), "toy").takeError()), Catch::Contains("nothing.so"));
}

TEST_CASE("a library with bodies for one ISA alone runs with those") {
  codegen::Image image = toyImage("toy");
  for (codegen::Variant &variant : image.targets[0].variants)
    for (codegen::X86Kernel &kernel : std::get<codegen::X86Kernels>(variant.kernels))
      kernel.symbols[SKIP_ISA_AVX512].clear();
  std::unique_ptr<LoadedModel> model = need(LoadedModel::build({image, toyKernels()}));
  CHECK(std::string(model->isa()) == "avx2");
  ::setenv("SKIP_ISA", "avx512", 1);
  CHECK_THAT(textOf(model->createModel().takeError()), Catch::Contains("avx512"));
  ::unsetenv("SKIP_ISA");
}
