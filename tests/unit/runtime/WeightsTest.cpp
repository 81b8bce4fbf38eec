// Loading weights: from checkpoints, packed files, memory.
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"
#include "runtime/PackedFile.h"
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <cmath>
#include <cstring>
#include <sys/stat.h>

using namespace test;
using namespace skip::runtime;

static skip_status loadFile(Handles &h, const std::string &path) {
  skipmodel_weights_destroy(h.weights);
  return skipmodel_weights_load_file(h.model, path.c_str(), &h.weights);
}

static skip_status loadMemory(Handles &h, const std::string &bytes) {
  skipmodel_weights_destroy(h.weights);
  return skipmodel_weights_load_memory(h.model, bytes.data(), bytes.size(), &h.weights);
}

static std::string segmentOf(const skip_weights *weights) {
  return std::string(static_cast<const char *>(weights->segment), tinyTarget().weightsBytes);
}

/// A packed weights file, as a tool writes it.
static std::string packedFile(uint32_t seed) {
  Owned<float> segment(static_cast<float *>(allocateAligned(tinyTarget().weightsBytes)));
  std::string checkpoint = modelCheckpoint(seed);
  REQUIRE(packWeights(skipModelImage, tinyTarget(), checkpoint.data(), checkpoint.size(), "x", segment.get()) == SKIP_OK);
  PackedHeader header = packedHeader(tinyTarget());
  return std::string(reinterpret_cast<const char *>(&header), sizeof(header)) +
         std::string(reinterpret_cast<const char *>(segment.get()), tinyTarget().weightsBytes);
}

TEST_CASE("checkpoint and packed file, on disk and in memory, give the same bytes") {
  TemporaryFolder folder;
  Handles h(4);
  std::string expected = segmentOf(h.weights), checkpoint = modelCheckpoint(4), packed = packedFile(4);
  REQUIRE(loadFile(h, folder.write("a.safetensors", checkpoint)) == SKIP_OK);
  CHECK(segmentOf(h.weights) == expected);
  REQUIRE(loadFile(h, folder.write("a.skipwts", packed)) == SKIP_OK);
  CHECK(segmentOf(h.weights) == expected);
  CHECK(reinterpret_cast<uintptr_t>(h.weights->segment) % 64 == 0);
  CHECK(h.weights->owned == nullptr); // straight from the mapping
  REQUIRE(loadMemory(h, packed) == SKIP_OK);
  CHECK(segmentOf(h.weights) == expected);
  CHECK(reinterpret_cast<uintptr_t>(h.weights->segment) % 64 == 0);
}

TEST_CASE("memory that weights came from may be freed") {
  Handles h(4);
  std::string expected = segmentOf(h.weights);
  for (const std::string &source : {modelCheckpoint(4), packedFile(4)}) {
    auto bytes = std::make_unique<std::string>(source);
    REQUIRE(loadMemory(h, *bytes) == SKIP_OK);
    std::fill(bytes->begin(), bytes->end(), '\xFF');
    bytes.reset();
    CHECK(segmentOf(h.weights) == expected);
  }
}

TEST_CASE("weights need a place, a model and a source") {
  Handles h;
  skip_weights *weights = h.weights;
  CHECK_FAILS(skipmodel_weights_load_file(h.model, "x", nullptr), SKIP_INVALID_ARGUMENT, "`weights` is null");
  CHECK_FAILS(skipmodel_weights_load_file(nullptr, "x", &weights), SKIP_INVALID_ARGUMENT, "`model` is null");
  CHECK(weights == nullptr);
  CHECK_FAILS(skipmodel_weights_load_file(h.model, "absent\x1b[2J\n\xffé", &weights), SKIP_IO_ERROR,
              "cannot open `absent\\x1b[2J\\x0a\\xffé`");
  std::string many(8190, '\x01'); // what is escaped is cut as all else
  CHECK(skipmodel_weights_load_file(h.model, many.c_str(), &weights) == SKIP_IO_ERROR);
  CHECK(std::strlen(skipmodel_last_error()) > 8180);
  CHECK(std::strlen(skipmodel_last_error()) < 8192);
  CHECK_FAILS(skipmodel_weights_load_file(h.model, nullptr, &weights), SKIP_INVALID_ARGUMENT, "`path` is null");
  CHECK_FAILS(skipmodel_weights_load_memory(h.model, nullptr, 9, &weights), SKIP_INVALID_ARGUMENT, "`data` is null");
  CHECK_FAILS(skipmodel_weights_load_memory(h.model, "", 0, &weights), SKIP_BAD_WEIGHTS, "it has 0 bytes");
  CHECK_FAILS(skipmodel_weights_embedded(nullptr, &weights), SKIP_INVALID_ARGUMENT, "`model` is null");
}

TEST_CASE("embedded weights are used where they lie") {
  Handles h;
  skip_weights *weights = nullptr;
  CHECK_FAILS(skipmodel_weights_embedded(h.model, &weights), SKIP_NO_WEIGHTS,
              "model `tiny` was built without embedded weights");
  alignas(64) static const float segment[64] = {1, 2, 3};
  ImageCopy copy;
  copy.target.embeddedWeights = segment;
  skip_model model = copy.model();
  REQUIRE(skipmodel_weights_embedded(&model, &weights) == SKIP_OK);
  CHECK(weights->segment == segment);
  skipmodel_weights_destroy(weights);
}

TEST_CASE("files that cannot be read say why") {
  TemporaryFolder folder;
  Handles h;
  CHECK_FAILS(loadFile(h, folder.path("none")), SKIP_IO_ERROR, "none`: No such file or directory");
  CHECK_FAILS(loadFile(h, folder.path("")), SKIP_IO_ERROR, "it is not a regular file");
  CHECK_FAILS(loadFile(h, folder.write("empty", "")), SKIP_IO_ERROR, "the file is empty");
  REQUIRE(mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK_FAILS(loadFile(h, folder.path("pipe")), SKIP_IO_ERROR, "it is not a regular file");
  CHECK_FAILS(loadFile(h, folder.write("text", "not weights at all")), SKIP_BAD_WEIGHTS, "text` is not a safetensors file");
}

TEST_CASE("packed files are checked") {
  Handles h;
  std::string good = packedFile(1), bad;
  for (size_t length : {size_t{8}, size_t{63}})
    CHECK_FAILS(loadMemory(h, good.substr(0, length)), SKIP_BAD_WEIGHTS, "the header alone takes 64");
  CHECK_FAILS(loadMemory(h, good.substr(0, good.size() - 1)), SKIP_BAD_WEIGHTS, "are cut short: 319 bytes, 320 expected");
  CHECK_FAILS(loadMemory(h, good + "x"), SKIP_BAD_WEIGHTS, "are too long: 321 bytes");
  bad = good;
  bad[8] = 9;
  CHECK_FAILS(loadMemory(h, bad), SKIP_BAD_WEIGHTS, "are of version 9, this library reads version 2");
  bad = good;
  bad[16] ^= 1;
  CHECK_FAILS(loadMemory(h, bad), SKIP_BAD_WEIGHTS, "were written for another model or another layout");
  TemporaryFolder folder;
  CHECK_FAILS(loadFile(h, folder.write("bad.skipwts", bad)), SKIP_BAD_WEIGHTS, "bad.skipwts` were written for another model");
}

TEST_CASE("a checkpoint with differences loads nothing") {
  Handles h;
  std::vector<TensorBytes> tensors = modelTensors(1);
  tensors.pop_back();
  CHECK_FAILS(loadMemory(h, safetensors(tensors)), SKIP_BAD_WEIGHTS, "missing: `bn1.running_var` [5]");
  CHECK(h.weights == nullptr);
}

/// modelTensors(1) with `value` in place of element `index` of tensor `tensor`.
static std::vector<TensorBytes> spoiled(std::vector<TensorBytes> tensors, size_t tensor, size_t index, float value) {
  std::memcpy(tensors[tensor].bytes.data() + 4 * index, &value, 4);
  return tensors;
}

TEST_CASE("NaN and infinity in a checkpoint are refused, all tensors in one error") {
  TemporaryFolder folder;
  Handles h;
  std::vector<TensorBytes> tensors = spoiled(modelTensors(1), 0, 7, NAN);
  tensors = spoiled(spoiled(tensors, 0, 9, INFINITY), 3, 2, -INFINITY);
  std::string file = safetensors(tensors), path = folder.write("nan.safetensors", file);
  for (bool fromFile : {false, true}) {
    CHECK_FAILS(fromFile ? loadFile(h, path) : loadMemory(h, file), SKIP_BAD_WEIGHTS,
                "2 of its 5 tensors with NaN or infinity, 0 with a negative variance");
    std::string text = skipmodel_last_error();
    CHECK_THAT(text, Catch::Contains("not finite: `conv1.weight`: 2 of 15 elements, the first is nan at index 7") &&
                         Catch::Contains("not finite: `bn1.running_mean`: 1 of 5 elements, the first is -inf at index 2"));
    CHECK(h.weights == nullptr);
  }
}

TEST_CASE("half-precision infinities are seen too") {
  Handles h;
  for (const char *type : {"F16", "BF16"}) {
    std::vector<TensorBytes> tensors = modelTensors(1);
    tensors[2] = {"bn1.bias", type, {channels}, std::string(2 * channels, '\0')};
    REQUIRE(loadMemory(h, safetensors(tensors)) == SKIP_OK);
    tensors[2].bytes[9] = type[0] == 'F' ? '\x7C' : '\x7F', tensors[2].bytes[8] = type[0] == 'F' ? '\0' : '\x80';
    CHECK_FAILS(loadMemory(h, safetensors(tensors)), SKIP_BAD_WEIGHTS,
                "`bn1.bias`: 1 of 5 elements, the first is inf at index 4");
  }
}

TEST_CASE("a negative variance is refused, a negative weight is not") {
  Handles h;
  CHECK(loadMemory(h, safetensors(spoiled(modelTensors(1), 3, 0, -2))) == SKIP_OK);
  CHECK_FAILS(loadMemory(h, safetensors(spoiled(modelTensors(1), 4, 3, -1e-9f))), SKIP_BAD_WEIGHTS,
              "0 of its 5 tensors with NaN or infinity, 1 with a negative variance\n"
              "  negative variance: `bn1.running_var`: 1 of 5 elements, the first is -1e-09 at index 3");
  CHECK(h.weights == nullptr);
}

TEST_CASE("finite tensors whose fold is not finite are refused") {
  Handles h;
  std::vector<TensorBytes> tensors = spoiled(spoiled(modelTensors(1), 0, 0, 3e38f), 1, 0, 1e30f);
  CHECK_FAILS(loadMemory(h, safetensors(tensors)), SKIP_BAD_WEIGHTS,
              "folding batch norm into the weights of model `tiny` gives NaN or infinity in float32, from:\n"
              "  `conv1.weight`\n  `bn1.weight`\n  `bn1.running_var`");
}

TEST_CASE("the fingerprint follows all that decides the packed bytes") {
  uint64_t original = fingerprint(skipModelImage, tinyTarget());
  auto with = [](auto change) {
    std::vector<SkipTensor> tensors(skipModelImage.tensors, skipModelImage.tensors + skipModelImage.tensorCount);
    std::vector<SkipLoad> loads(tinyTarget().loads, tinyTarget().loads + tinyTarget().loadCount);
    ImageCopy copy;
    copy.image.tensors = tensors.data();
    copy.target.loads = loads.data();
    change(copy, tensors, loads);
    return fingerprint(copy.image, copy.target);
  };
  CHECK(with([](auto &, auto &, auto &) {}) == original);
  CHECK(with([](auto &copy, auto &, auto &) { copy.image.name = "other"; }) == original);
  CHECK(with([](auto &copy, auto &, auto &) { copy.target.weightsBytes += 64; }) != original);
  CHECK(with([](auto &copy, auto &, auto &) { copy.target.loadCount = 1; }) != original);
  CHECK(with([](auto &, auto &tensors, auto &) { tensors[1].name = "bn1.weights"; }) != original);
  CHECK(with([](auto &, auto &tensors, auto &) { tensors[0].dims[3] = 2; }) != original);
  // Every member: the binding does not compile if there is another.
  auto changed = [&](auto change) { return with([&](auto &, auto &, auto &loads) { change(loads[1]); }) != original; };
  [[maybe_unused]] const auto &[kind, accumulate, offset, bytes, dims, layout, element, balance, firstNorm, normCount, epsilon,
                                source, bias, gamma, beta, mean, variance] = tinyTarget().loads[0];
  CHECK(changed([](SkipLoad &load) { load.kind += 1; }));
  CHECK(changed([](SkipLoad &load) { load.accumulate += 1; }));
  CHECK(changed([](SkipLoad &load) { load.offset += 64; }));
  CHECK(changed([](SkipLoad &load) { load.bytes += 64; }));
  for (int64_t i = 0; i < 4; ++i)
    CHECK(changed([i](SkipLoad &load) { load.dims[i] += 1; }));
  CHECK(changed([](SkipLoad &load) { load.layout += 1; }));
  CHECK(changed([](SkipLoad &load) { load.element += 1; }));
  CHECK(changed([](SkipLoad &load) { load.balance += 1; }));
  CHECK(changed([](SkipLoad &load) { load.firstNorm += 1; }));
  CHECK(changed([](SkipLoad &load) { load.epsilon += 1e-6; }));
  for (int32_t SkipLoad::*tensor :
       {&SkipLoad::source, &SkipLoad::bias, &SkipLoad::gamma, &SkipLoad::beta, &SkipLoad::mean, &SkipLoad::variance})
    CHECK(changed([tensor](SkipLoad &load) { load.*tensor += 1; }));
  CHECK(with([](auto &, auto &, auto &loads) { std::swap(loads[1].gamma, loads[1].beta); }) != original);
}

TEST_CASE("values of packed weights are checked where they are copied, not where they are mapped") {
  TemporaryFolder folder;
  Handles h;
  std::string bad = packedFile(1);
  for (auto [index, value] : {std::pair<size_t, float>{3, NAN}, {9, INFINITY}})
    std::memcpy(bad.data() + sizeof(PackedHeader) + 4 * index, &value, 4);
  CHECK_FAILS(loadMemory(h, bad), SKIP_BAD_WEIGHTS,
              "the packed weights `(memory)` hold NaN or infinity, with which model `tiny` cannot compute: 2 of 64 values, the "
              "first is nan at byte 76");
  CHECK(checkPackedHeader(skipModelImage, tinyTarget(), bad.data(), bad.size(), "x") == SKIP_OK);
  CHECK(loadFile(h, folder.write("bad.skipweights", bad)) == SKIP_OK);
}
