// Emitted executables.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Shell.h"
#include "tests/unit/package/Toy.h"

#include <catch2/catch.hpp>

using namespace skip::codegen;
using namespace test;

static std::string bytesOf(const std::vector<float> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
}

/// Only the executable, with weights of seed 1 if they are embedded.
static std::string makeExecutable(const TemporaryFolder &folder, WeightsMode mode) {
  Image image = toyImage("toy");
  Segment segment = toySegment(image, 1);
  REQUIRE(textOf(writePackage(
              {image, toyKernels(), segment.bytes()},
              {.folder = folder.path("out"), .weights = mode, .archive = false, .shared = false, .executable = true})) == "");
  return folder.path("out/toy");
}

TEST_CASE("an executable runs any number of images") {
  TemporaryFolder folder;
  std::string program = makeExecutable(folder, WeightsMode::embed);
  CHECK(namesIn(folder.path("out")) == std::vector<std::string>{"toy", "toy.json"});
  for (int64_t count : {1, 7, 8, 9, 50}) {
    std::string images = bytesOf(toyImages(count)), results = bytesOf(toyResults(count, 1));
    CHECK(shell({program}, images) == results);
    CHECK(shell({program, "-t", "2", "--batch", "3"}, images) == results);
    std::string input = folder.write("in", images), output = folder.path("result");
    CHECK(shell({program, "--input", input, "-o", output, "--threads", "1"}) == "");
    CHECK(readAll(output) == results);
  }
}

TEST_CASE("an executable takes weights from a file") {
  TemporaryFolder folder;
  std::string program = makeExecutable(folder, WeightsMode::none);
  std::string checkpoint = folder.write("w.safetensors", toyCheckpoint(4));
  CHECK(shell({program, "--weights", checkpoint}, bytesOf(toyImages(3))) == bytesOf(toyResults(3, 4)));
  Outcome without = execute({program}, bytesOf(toyImages(3)));
  CHECK(without.status == 1);
  CHECK_THAT(without.output, Catch::Equals("toy: error: no weights are embedded; give a file with --weights\n"));
  Outcome missing = execute({program, "-w", folder.path("nothing")}, bytesOf(toyImages(3)));
  CHECK(missing.status == 1);
  CHECK_THAT(missing.output, Catch::Contains(folder.path("nothing")));
}

TEST_CASE("an executable refuses sizes that do not divide, and leaves no half result") {
  TemporaryFolder folder;
  std::string program = makeExecutable(folder, WeightsMode::embed);
  std::string images = bytesOf(toyImages(20)).substr(1);
  std::string input = folder.write("in", images), output = folder.path("result");
  std::string text = "toy: error: the input is 319 bytes, which is no multiple of an image's 16\n";
  Outcome piped = execute({"sh", "-c", "cat " + input + " | " + program + " -o " + output});
  CHECK(piped.status == 1);
  CHECK(piped.output == text);
  Outcome named = execute({program, "-i", input, "-o", output});
  CHECK(named.status == 1);
  CHECK(named.output == text);
  Outcome empty = execute({program, "-o", output});
  CHECK(empty.status == 1);
  CHECK(empty.output == "toy: error: the input is empty\n");
  CHECK(namesIn(folder.path("")) == std::vector<std::string>{"in", "out"});
  Outcome full = execute({"sh", "-c", program + " > /dev/full"}, bytesOf(toyImages(2)));
  CHECK(full.status == 1);
  CHECK_THAT(full.output, Catch::Contains("cannot write `standard output`: No space left"));
}

TEST_CASE("an executable explains itself and its arguments") {
  TemporaryFolder folder;
  std::string program = makeExecutable(folder, WeightsMode::embed);
  CHECK_THAT(shell({program, "--help"}), Catch::StartsWith("usage: toy ") && Catch::Contains("up to 8 a run") &&
                                             Catch::Contains("input x: n x 4\n") && Catch::Contains("output y: n x 3\n") &&
                                             Catch::Contains("Exit codes: 0 done"));
  struct Wrong {
    std::vector<std::string> arguments;
    const char *text;
  };
  for (const Wrong &wrong :
       {Wrong{{"--nothing"}, "unknown argument `--nothing`"}, Wrong{{"image.bin"}, "unknown argument `image.bin`"},
        Wrong{{"-o"}, "`-o` needs a value"}, Wrong{{"-t", "0"}, "`-t 0`: expected a whole number"},
        Wrong{{"-b", "9"}, "at most 8 images a run"}}) {
    std::vector<std::string> command{program};
    command.insert(command.end(), wrong.arguments.begin(), wrong.arguments.end());
    Outcome outcome = execute(command);
    CHECK(outcome.status == 2);
    CHECK_THAT(outcome.output, Catch::Contains(wrong.text));
  }
}

TEST_CASE("an executable without a C compiler is an error") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  std::string path = std::getenv("PATH");
  toyKernels();
  ::setenv("PATH", folder.path("").c_str(), 1);
  std::string text = textOf(writePackage({image, toyKernels()}, {.folder = folder.path("out"), .executable = true}));
  ::setenv("PATH", path.c_str(), 1);
  CHECK_THAT(text, Catch::Contains("there is no `cc` in PATH"));
  CHECK(namesIn(folder.path("")).empty());
}
