// Matching a checkpoint's tensors with the model's: missing, extra, mis-shaped, prefixed.
#include "runtime/Checkpoint.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

using namespace test;
using namespace skip::runtime;

/// Matches a file with the test model.
struct Match {
  explicit Match(const std::string &file) {
    status =
        matchCheckpoint(skipModelImage, tinyTarget(), file.data(), file.size(), "x.safetensors", tensors, matches, summary);
  }
  Safetensors tensors;
  const FileTensor *matches[5] = {};
  LoadSummary summary;
  skip_status status;
};

TEST_CASE("each tensor of the model is found by its name") {
  std::string file = modelCheckpoint(1);
  Match match(file);
  REQUIRE(match.status == SKIP_OK);
  for (int i = 0; i < 5; ++i)
    CHECK(std::string(match.matches[i]->name) == skipModelImage.tensors[i].name);
  CHECK(match.summary.ignoredTensors == 0);
  CHECK_FALSE(match.summary.strippedPrefix);
}

TEST_CASE("num_batches_tracked is ignored, and counted") {
  std::vector<TensorBytes> tensors = modelTensors(1);
  tensors.push_back(counter("bn1.num_batches_tracked"));
  tensors.push_back(counter("num_batches_tracked"));
  std::string file = safetensors(tensors);
  Match match(file);
  CHECK(match.status == SKIP_OK);
  CHECK(match.summary.ignoredTensors == 2);
  tensors.push_back(counter("my_num_batches_tracked")); // another word
  file = safetensors(tensors);
  CHECK_FAILS(Match(file).status, SKIP_BAD_WEIGHTS, "extra: `my_num_batches_tracked` []");
}

TEST_CASE("the prefix of nn.DataParallel is stripped when all names bear it") {
  std::vector<TensorBytes> tensors = modelTensors(1);
  tensors.push_back(counter("bn1.num_batches_tracked"));
  for (TensorBytes &tensor : tensors)
    tensor.name = "module." + tensor.name;
  std::string file = safetensors(tensors);
  Match match(file);
  CHECK(match.status == SKIP_OK);
  CHECK(match.summary.strippedPrefix);
  CHECK(match.summary.ignoredTensors == 1);
  tensors[0].name = "conv1.weight";
  file = safetensors(tensors);
  CHECK_FAILS(Match(file).status, SKIP_BAD_WEIGHTS, "extra: `module.bn1.bias` [5]");
  CHECK_THAT(skipmodel_last_error(),
             Catch::Contains("4 of its 5 tensors missing, 4 extra, 0 of another shape, 0 of another type; the prefix `module.` "
                             "was kept, as only 5 of the file's 6 tensors have it (`conv1.weight` has not)\n"));
}

TEST_CASE("names cannot speak to the terminal") {
  std::vector<TensorBytes> tensors = modelTensors(1);
  tensors.push_back(f32("a\\u001b[2J\\u0007\\n\\u007f\\u009bb\u00e9\u00a0", {1}, {0}));
  std::string file = safetensors(tensors);
  CHECK_FAILS(Match(file).status, SKIP_BAD_WEIGHTS, "extra: `a\\x1b[2J\\x07\\x0a\\x7f\\xc2\\x9bb\u00e9\u00a0` [1]");
  tensors.push_back(tensors.back());
  file = safetensors(tensors);
  CHECK_FAILS(Match(file).status, SKIP_BAD_WEIGHTS, "two tensors called `a\\x1b[2J");
  tensors = {f32(std::string(150, 'n') + std::string(100, 'm'), {1}, {0})};
  file = safetensors(tensors);
  CHECK_FAILS(Match(file).status, SKIP_BAD_WEIGHTS, "extra: `" + std::string(150, 'n') + std::string(50, 'm') + "` [1]");
}

TEST_CASE("all differences stand in one error") {
  std::vector<TensorBytes> tensors = modelTensors(1);
  tensors[0] = f32("conv1.weight", {5, 3, 3, 3}, std::vector<float>(135));
  tensors[1] = f32("bn1.gamma", {5}, std::vector<float>(5));
  tensors[2].dims = {5, 1};
  tensors[4] = {"bn1.running_var", "F64", {5}, std::string(40, '\0')};
  std::string file = safetensors(tensors);
  CHECK(Match(file).status == SKIP_BAD_WEIGHTS);
  std::string text = skipmodel_last_error();
  CHECK(text ==
        "`x.safetensors` is not a checkpoint of model `tiny`: 1 of its 5 tensors missing, 1 extra, 2 of another shape, 1 of "
        "another type\n"
        "  shape: `conv1.weight` is [5, 3, 3, 3], the model needs [5, 3, 1, 1]\n"
        "  missing: `bn1.weight` [5]\n"
        "  shape: `bn1.bias` is [5, 1], the model needs [5]\n"
        "  type: `bn1.running_var` is F64, the model reads F32, F16 and BF16\n"
        "  extra: `bn1.gamma` [5]");
}

TEST_CASE("a list too long for the text says how much is left out") {
  std::vector<TensorBytes> tensors;
  for (int i = 0; i < 2000; ++i)
    tensors.push_back(f32("some.rather.long.layer.name." + std::to_string(i), {1}, {0}));
  std::string file = safetensors(tensors);
  CHECK(Match(file).status == SKIP_BAD_WEIGHTS);
  std::string text = skipmodel_last_error();
  size_t listed = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) - 1;
  CHECK(text.size() < 8192);
  CHECK(text.ends_with("\n  ... and " + std::to_string(2005 - listed) + " more"));
  CHECK_THAT(text, Catch::Contains("5 of its 5 tensors missing, 2000 extra"));
}

TEST_CASE("a path too long for the text does not cost the list's beginning") {
  std::string path(9000, 'p'), file = rawFile("{}");
  Safetensors tensors;
  const FileTensor *matches[5];
  LoadSummary summary;
  CHECK(matchCheckpoint(skipModelImage, tinyTarget(), file.data(), file.size(), path.c_str(), tensors, matches, summary) ==
        SKIP_BAD_WEIGHTS);
  std::string text = skipmodel_last_error();
  CHECK(text.starts_with("`ppp"));
  CHECK(text.ends_with("\n  ... and 5 more"));
}

TEST_CASE("the summary alone can be read") {
  std::string file = safetensors({counter("module.a.num_batches_tracked"), f32("module.b", {1}, {1})});
  LoadSummary summary;
  CHECK(readSummary(file.data(), file.size(), "x", summary) == SKIP_OK);
  CHECK(summary.ignoredTensors == 1);
  CHECK(summary.strippedPrefix);
  CHECK_FAILS(readSummary("nonsense....", 12, "x", summary), SKIP_BAD_WEIGHTS, "not a safetensors file");
}
