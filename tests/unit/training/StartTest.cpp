// With what a training begins, and what it refuses to go on with.
#include "tests/unit/package/Shell.h"
#include "tests/unit/training/Linear.h"
#include "tools/training/Curve.h"
#include "tools/training/FirstBad.h"
#include "tools/weights/SafetensorsWriter.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace skip;
using namespace test;

TEST_CASE("what a training remembers comes back from its metadata") {
  tool::TrainingIdentity identity{.model = "m", .seed = 3, .pictures = 50000, .settings = {{"batch", "16"}}, .plan = "p"};
  tool::TrainingMemory memory;
  memory.step = 12345;
  memory.rate = {true, 0.1 + 0.2, 7, 1.0 / 3, 4, 2};
  memory.logged = {1e-300, 3, 4, 5};
  memory.looked = {0.7, 1, 2, 3};
  CHECK(need(tool::resumeFrom(tool::metadataOf(identity, memory), identity, "x")) == memory);
  CHECK(tool::resumeNotes(tool::metadataOf(identity, memory), identity, "x").empty());
  tool::TrainingIdentity other = identity;
  other.plan = "another";
  CHECK(need(tool::resumeFrom(tool::metadataOf(identity, memory), other, "x")) == memory);
  std::vector<std::string> notes = tool::resumeNotes(tool::metadataOf(identity, memory), other, "x");
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Catch::Contains("`x` is of other code"));
  other.exact = true;
  notes = tool::resumeNotes(tool::metadataOf(identity, memory), other, "x");
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Catch::Contains("was trained without --exact, which is given now"));
}

TEST_CASE("another training is refused, with each difference") {
  tool::TrainingIdentity before{.model = "m", .seed = 3, .pictures = 50000, .settings = {{"batch", "16"}, {"flip", "true"}}};
  tool::TrainingIdentity now{.model = "m", .seed = 4, .pictures = 50000, .settings = {{"batch", "32"}, {"augment", "none"}}};
  CHECK(failureOf(tool::resumeFrom(tool::metadataOf(before, {}), now, "last")) ==
        "`last` is of another training, which --resume cannot go on with:"
        "\n  seed: `3` in the checkpoint, `4` now"
        "\n  batch: `16` in the checkpoint, `32` now"
        "\n  augment: not set in the checkpoint, `none` now"
        "\n  flip: `true` in the checkpoint, not set now");
  CHECK_THAT(failureOf(tool::resumeFrom({{"format", "pt"}}, now, "foreign")),
             Catch::Contains("`foreign` is not a training's checkpoint: its metadata have no step"));
}

static tool::TrainingIdentity identity() {
  return {.model = "m",
          .pictures = 100,
          .plan = "skipc 1, avx2, 12",
          .pixels = {{"mean", "0.5"}},
          .data = "da",
          .validation = "va",
          .network = "ne"};
}

TEST_CASE("other pixels, other pictures and another network are other trainings") {
  tool::Metadata saved = tool::metadataOf(identity(), {});
  tool::TrainingIdentity now = identity();
  now.pixels = {{"mean", "0.4"}};
  now.data = "other";
  now.validation = "other";
  now.network = "other";
  CHECK(failureOf(tool::resumeFrom(saved, now, "last")) ==
        "`last` is of another training, which --resume cannot go on with:"
        "\n  network: another in the checkpoint than now (the spec, or -D)"
        "\n  data: other pictures or labels in the checkpoint than now (--data)"
        "\n  validation: other pictures or labels to validate on in the checkpoint than now (--data)"
        "\n  mean: `0.5` in the checkpoint, `0.4` now");
  tool::TrainingIdentity newer = identity();
  newer.plan = "skipc 2, avx2, 12";
  newer.network = "the same in other words";
  need(tool::resumeFrom(saved, newer, "last"));
}

TEST_CASE("a checkpoint that does not say of which pixels, pictures and network it is goes on, with a note") {
  tool::Metadata saved = tool::metadataOf(identity(), {});
  llvm::erase_if(saved, [](const auto &text) {
    return text.first == "pixels" || text.first == "data" || text.first == "network" || text.first == "exact";
  });
  need(tool::resumeFrom(saved, identity(), "last"));
  std::vector<std::string> notes = tool::resumeNotes(saved, identity(), "last");
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Catch::Contains("`last` is of an earlier skipc"));
}

TEST_CASE("what processes must have in common has every number that they meet by") {
  tool::LoopOptions options{.folder = "a", .lastStep = 10, .logEvery = 1, .evaluateEvery = 2, .saveEvery = 3};
  std::string text = tool::mustBeSame(identity(), {}, options);
  auto differsBy = [&](const tool::LoopOptions &other) {
    return tool::firstDifference(text, tool::mustBeSame(identity(), {}, other));
  };
  tool::LoopOptions other = options;
  other.folder = "b"; // only the first process writes
  CHECK(differsBy(other) == "");
  (other = options).lastStep = 11;
  CHECK(differsBy(other) == "--steps");
  (other = options).logEvery = 5;
  CHECK(differsBy(other) == "--log-every");
  (other = options).evaluateEvery = 5;
  CHECK(differsBy(other) == "--evaluate-every");
  (other = options).saveEvery = 5;
  CHECK(differsBy(other) == "--save-every");
  tool::TrainingIdentity pictures = identity();
  pictures.data = "other";
  CHECK(tool::firstDifference(text, tool::mustBeSame(pictures, {}, options)) == "data");
  tool::TrainingIdentity pixels = identity();
  pixels.pixels = {{"mean", "0.4"}};
  CHECK(tool::firstDifference(text, tool::mustBeSame(pixels, {}, options)) == "mean");
  CHECK(tool::firstDifference("a=1\n", "a=1\nb=2\n") == "b");
}

TEST_CASE("a fingerprint tells labels and pixels apart, wherever the folder lies") {
  TemporaryFolder one, two;
  writePictures(one, 200);
  writePictures(two, 200);
  std::string print = Run(one.path("data"), recipe(10)).pictures.fingerprint();
  CHECK(Run(two.path("data"), recipe(10)).pictures.fingerprint() == print);
  std::string records = readAll(two.path("data/data_batch_3.bin"));
  std::string label = records, pixels = records;
  label[0] = static_cast<char>((label[0] + 1) % 10);
  two.write("data/data_batch_3.bin", label);
  CHECK(Run(two.path("data"), recipe(10)).pictures.fingerprint() != print);
  for (char &byte : llvm::MutableArrayRef<char>(pixels.data(), pixels.size()).slice(1, 3072))
    byte = static_cast<char>(byte ^ 1);
  two.write("data/data_batch_3.bin", pixels);
  CHECK(Run(two.path("data"), recipe(10)).pictures.fingerprint() != print);
}

TEST_CASE("a step is of the longest label that its name begins with") {
  std::vector<std::string> layers = {"bn1", "layer1.0", "layer1.0.conv1"};
  CHECK(tool::layerOfStep("bn1.moments", layers) == "bn1");
  CHECK(tool::layerOfStep("layer1.0.conv1.grad.weight", layers) == "layer1.0.conv1");
  CHECK(tool::layerOfStep("layer1.0.add", layers) == "layer1.0");
  CHECK(tool::layerOfStep("bn10", layers) == "bn10");
  CHECK(tool::layerOfStep("", layers) == "");
}

TEST_CASE("an answer of NaN is wrong, whatever the label") {
  CHECK(tool::isRight({1, 3, 2}, 1));
  CHECK_FALSE(tool::isRight({1, 3, 2}, 0));
  CHECK(tool::isRight({3, 3}, 0)); // of equal ones the first
  CHECK_FALSE(tool::isRight({3, 3}, 1));
  CHECK_FALSE(tool::isRight({NAN, NAN, NAN}, 0));
  CHECK_FALSE(tool::isRight({NAN, 1}, 0));
  CHECK_FALSE(tool::isRight({NAN, 1}, 1));
}

TEST_CASE("a best checkpoint that is cut short says what to do") {
  TemporaryFolder folder;
  CHECK_THAT(failureOf(tool::bestScoreOf(folder.write("best.safetensors", "short"), identity())),
             Catch::Contains("best.safetensors` is not a safetensors file, or is cut short; delete or rename it"));
}

static tool::Metadata metadataIn(const std::string &header) {
  uint64_t length = header.size();
  std::string file(reinterpret_cast<const char *>(&length), sizeof length);
  return need(tool::readMetadata(file + header, "x"));
}

TEST_CASE("metadata are read of any header") {
  CHECK(metadataIn(R"({"__metadata__":{"a":"b","c":7}})") == tool::Metadata{{"a", "b"}});
  CHECK(metadataIn("{}").empty());
  for (std::string text : {std::string(), std::string("12345678"), std::string("\x01\0\0\0\0\0\0\0[", 9),
                           std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}")}) {
    CHECK_THAT(failureOf(tool::readMetadata(text, "x")), Catch::Contains("`x`"));
  }
}

static std::string checkpoint(int64_t outputs) {
  std::vector<float> weight(static_cast<size_t>(outputs * pixels), 0.5f), bias(static_cast<size_t>(outputs), 2);
  tool::SafetensorsWriter writer;
  writer.add("fc.weight", {outputs, pixels}, weight);
  writer.add("fc.bias", {outputs}, bias);
  writer.add("optimizer.momentum.fc.bias", {outputs}, bias);
  return writer.finish();
}

TEST_CASE("a training starts from a checkpoint, whose momentum is not taken") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  Run run(folder.path("data"), recipe(10));
  tool::Trainer &trainer = *run.trainer;
  REQUIRE(textOf(tool::startFrom(trainer, linear().image, 1, checkpoint(classes), "x", {})) == "");
  std::string state = need(trainer.saveToMemory());
  CHECK(textOf(trainer.load(checkpoint(classes), "x")) == "");
  CHECK(need(trainer.saveToMemory()) != state); // now with momentum
}

TEST_CASE("what is below a label may be fresh, all else must be there") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  Run run(folder.path("data"), recipe(10));
  tool::Trainer &trainer = *run.trainer;
  CHECK_THAT(textOf(tool::startFrom(trainer, linear().image, 1, checkpoint(4), "head of 4", {})),
             Catch::Contains("shape: `fc.weight` is [4, 3072], the model needs [10, 3072]"));
  REQUIRE(textOf(tool::startFrom(trainer, linear().image, 1, checkpoint(4), "x", {std::string("fc")})) == "");
  std::string state = need(trainer.saveToMemory());
  REQUIRE(textOf(tool::startFresh(trainer, 1)) == "");
  CHECK(need(trainer.saveToMemory()) == state);
  CHECK_THAT(textOf(tool::startFrom(trainer, linear().image, 1, checkpoint(10), "x", {std::string("f")})),
             Catch::Contains("--fresh f: no parameter of the model has this label"));
}

TEST_CASE("there must be something to go on from") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  Run run(folder.path("data"), recipe(10));
  CHECK_THAT(failureOf(tool::startAgain(*run.trainer, folder.path("none"), run.identity)), Catch::Contains("cannot read `"));
}

TEST_CASE("metrics go on behind the step of the checkpoint") {
  TemporaryFolder folder;
  std::string path =
      folder.write("metrics.jsonl", "{\"step\":1,\"loss\":2.5,\"error\":0.5,\"rate\":0.1,\"images_per_second\":9}\n"
                                    "{\"step\":1,\"validation_loss\":1.5,\"validation_error\":0.25}\n"
                                    "{\"step\":2,\"loss\":2.25,\"error\":0.5,\"rate\":0.1,\"images_per_second\":9}\n"
                                    "{\"step\":3,\"lo");
  tool::Metrics metrics = need(tool::Metrics::open(path, 1));
  REQUIRE(metrics.all().size() == 2);
  CHECK(metrics.all()[1].validationError == 0.25);
  REQUIRE(textOf(metrics.add({.step = 2, .loss = 1, .error = 0.125, .rate = 0.5, .imagesPerSecond = 3})) == "");
  CHECK(readAll(path) == "{\"step\":1,\"loss\":2.5,\"error\":0.5,\"rate\":0.1,\"images_per_second\":9}\n"
                         "{\"step\":1,\"validation_loss\":1.5,\"validation_error\":0.25}\n"
                         "{\"step\":2,\"loss\":1.0,\"error\":0.125,\"rate\":0.5,\"images_per_second\":3.0}\n");
}

TEST_CASE("a curve shows both errors on axes that hold them") {
  std::vector<tool::Metric> metrics;
  for (int64_t step = 1; step <= 64000; step += 100) {
    metrics.push_back({.step = step, .loss = 1, .error = step < 32000 ? 0.12 : 0.02, .rate = 0.1});
    if (step % 1000 == 1)
      metrics.push_back({.step = step, .validationLoss = 1, .validationError = step < 32000 ? 0.2 : 0.09});
  }
  std::string svg = tool::curveSvg(metrics, 64000, "a <model> & more");
  CHECK_THAT(svg, Catch::Contains("a &lt;model&gt; &amp; more") && Catch::Contains(">20</text>") &&
                      Catch::Contains(">60000</text>"));
  CHECK_THAT(tool::curveSvg({}, 0, ""), Catch::StartsWith("<svg")); // of a training that has not begun
}
