// Builds as a whole: which files, with which contents, and none when something goes wrong.
#include "codegen/Header.h"
#include "support/Temporaries.h"
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Shell.h"
#include "tests/unit/package/Toy.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace skip::codegen;
using namespace test;
using Names = std::vector<std::string>;

TEST_CASE("a build is these files") {
  TemporaryFolder folder;
  packageToy(folder.path("a/b"), "toy", WeightsMode::file);
  CHECK(namesIn(folder.path("a/b")) == Names{"libtoy.a", "libtoy.so", "toy.h", "toy.hpp", "toy.json", "toy.skipweights",
                                             "toyConfig.cmake", "toyConfigVersion.cmake"});
}

TEST_CASE("the same input gives the same bytes, wherever they go") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  Segment segment = toySegment(image, 1);
  for (std::string out : {folder.path("one"), folder.path("quite/another")})
    REQUIRE(textOf(writePackage({image, toyKernels(), segment.bytes()},
                                {.folder = out, .weights = WeightsMode::embed, .executable = true})) == "");
  for (const std::string &name : namesIn(folder.path("one"))) {
    INFO(name);
    CHECK(readAll(folder.path("one/" + name)) == readAll(folder.path("quite/another/" + name)));
  }
  CHECK(namesIn(folder.path("one")).size() == 8);
}

TEST_CASE("a second build replaces the first") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed, 1);
  std::string before = readAll(folder.path("out/libtoy.so"));
  packageToy(folder.path("out"), "toy", WeightsMode::embed, 2);
  CHECK(readAll(folder.path("out/libtoy.so")) != before);
}

TEST_CASE("the manifest describes the model and its files") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string text = readAll(folder.path("out/toy.json"));
  CHECK_THAT(text, !Catch::Contains(folder.path("")));
  nlohmann::json manifest = nlohmann::json::parse(text);
  CHECK(manifest["name"] == "toy");
  CHECK(manifest["compiler"] == "skipc test");
  CHECK(manifest["targets"][0]["isas"] == nlohmann::json({"avx2", "avx512"}));
  CHECK(manifest["inputs"][0]["dims"] == nlohmann::json({-1, toyInputs}));
  CHECK(manifest["targets"][0]["batches"].size() == 2);
  CHECK(manifest["targets"][0]["batches"][1]["batch"] == toyBatch);
  CHECK(manifest["targets"][0]["batches"][1]["steps"] == 2);
  CHECK(manifest["weights"]["mode"] == "embedded");
  CHECK(manifest["targets"][0]["weights"]["bytes"] == toyInputs * 64 + 64);
  CHECK(manifest["files"].size() == 6);
  for (const auto &file : manifest["files"]) {
    std::string path = folder.path("out/" + file["name"].get<std::string>());
    CHECK(file["bytes"] == std::filesystem::file_size(path));
    CHECK(shell({"sha256sum", path}).substr(0, 64) == file["sha256"].get<std::string>());
  }
}

TEST_CASE("the header names the model and nothing of the pattern") {
  std::string text = headerText(toyImage("toy"));
  CHECK_THAT(text,
             Catch::StartsWith("/* The model `toy`, compiled by skipc test.") && Catch::Contains("input x: float [n][4]\n"));
  CHECK_THAT(text, !Catch::Contains("skipmodel") && !Catch::Contains("SKIPMODEL") && Catch::Contains("toy_run(skip_context"));
}

TEST_CASE("a name that is no identifier is refused") {
  TemporaryFolder folder;
  for (const char *name : {"", "3net", "a-b", "a b"})
    CHECK_THAT(textOf(writePackage({toyImage(name), toyKernels()}, {.folder = folder.path("out")})),
               Catch::Contains(std::string("`") + name + "` cannot be a library's name"));
  CHECK(namesIn(folder.path("")).empty());
}

TEST_CASE("a kernel that no object defines is an error, after which the linker still works") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  std::get<X86Kernels>(image.targets[0].variants[0].kernels)[0].symbols[0] = "noSuchKernel";
  CHECK_THAT(textOf(writePackage({image, toyKernels()}, {.folder = folder.path("out")})), Catch::Contains("noSuchKernel"));
  CHECK(namesIn(folder.path("")).empty());
  packageToy(folder.path("out"), "toy", WeightsMode::none);
}

TEST_CASE("an object that is none is an error") {
  TemporaryFolder folder;
  std::vector<std::string> kernels = toyKernels();
  kernels.push_back("not an object");
  CHECK_THAT(textOf(writePackage({toyImage("toy"), kernels}, {.folder = folder.path("out")})), Catch::Contains("cannot link"));
  CHECK(namesIn(folder.path("")).empty());
  packageToy(folder.path("out"), "toy", WeightsMode::none);
}

TEST_CASE("a weights segment of the wrong size is refused") {
  TemporaryFolder folder;
  CHECK_THAT(
      textOf(writePackage({toyImage("toy"), toyKernels()}, {.folder = folder.path("out"), .weights = WeightsMode::embed})),
      Catch::Contains("0 weights segments for 1 targets"));
  std::vector<char> small(300);
  CHECK_THAT(textOf(writePackage({toyImage("toy"), toyKernels(), llvm::ArrayRef(small)},
                                 {.folder = folder.path("out"), .weights = WeightsMode::embed})),
             Catch::Contains("has 300 bytes, expected 320"));
  CHECK(namesIn(folder.path("")).empty());
}

TEST_CASE("a folder that cannot be made or written is named") {
  TemporaryFolder folder;
  std::string file = folder.write("file", "text");
  CHECK_THAT(textOf(writePackage({toyImage("toy"), toyKernels()}, {.folder = file + "/out"})), Catch::Contains(file));
  CHECK_THAT(textOf(writePackage({toyImage("toy"), toyKernels()}, {.folder = file})), Catch::Contains("not a directory"));
  CHECK_THAT(textOf(writePackage({toyImage("toy"), toyKernels()}, {.folder = "/proc/skip"})), Catch::Contains("/proc/skip"));
}

/// Runs `body` in a process of its own; its exit code, or 128 + N for signal N.
template <typename Body> static int inChild(Body body) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_CASE("a disk that is full at any point leaves nothing behind") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  image.targets[0].weightsBytes = 1 << 20;
  std::vector<char> segment(image.targets[0].weightsBytes);
  toyKernels();
  // Limits a file's size as a full disk would: within the runtime, the image's object, the linker's output, the last file.
  for (rlim_t limit : {100, 10'000, 300'000, 1'060'000, 1'110'000}) {
    INFO("limit " << limit);
    int status = inChild([&] {
      rlimit size{limit, limit};
      ::signal(SIGXFSZ, SIG_IGN);
      ::setrlimit(RLIMIT_FSIZE, &size);
      std::string text = textOf(writePackage({image, toyKernels(), llvm::ArrayRef(segment)},
                                             {.folder = folder.path("out"), .weights = WeightsMode::embed}));
      return text.empty() ? 0 : 10;
    });
    CHECK(status == 10);
    CHECK(namesIn(folder.path("")).empty());
  }
}

/// Run by the test below in a process of its own: signal handlers have to be set before LLVM sets its own, as in `skipc`.
TEST_CASE("builds until it is interrupted", "[.forever]") {
  skip::removeTemporariesOnSignal();
  Image image = toyImage("toy");
  image.targets[0].weightsBytes = 4 << 20;
  std::vector<char> segment(image.targets[0].weightsBytes);
  for (;;)
    REQUIRE(textOf(writePackage({image, toyKernels(), llvm::ArrayRef(segment)},
                                {.folder = std::getenv("SKIP_TEST_FOLDER"), .weights = WeightsMode::embed})) == "");
}

static pid_t startForever(const std::string &folder) {
  pid_t child = ::fork();
  if (child != 0)
    return child;
  ::setenv("SKIP_TEST_FOLDER", folder.c_str(), 1);
  ::execl("/proc/self/exe", "skip-package-tests", "[.forever]", nullptr);
  ::_exit(127);
}

TEST_CASE("an interruption leaves a whole build or nothing") {
  TemporaryFolder folder;
  for (int round = 0; round < 8; ++round) {
    std::string out = folder.path("out" + std::to_string(round));
    pid_t child = startForever(out);
    for (int wait = 0; wait < 10'000 && !std::filesystem::exists(out); ++wait)
      ::usleep(1000);
    ::usleep(static_cast<useconds_t>(round * 9'000));
    ::kill(child, SIGINT);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 130));
    if (std::filesystem::exists(out))
      CHECK(namesIn(out) ==
            Names{"libtoy.a", "libtoy.so", "toy.h", "toy.hpp", "toy.json", "toyConfig.cmake", "toyConfigVersion.cmake"});
  }
}

TEST_CASE("weights of 600 MB are embedded", "[.large]") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  image.targets[0].weightsBytes = 600 << 20;
  std::vector<char> segment(image.targets[0].weightsBytes);
  Segment small = toySegment(toyImage("toy"), 1);
  std::copy(small.bytes().begin(), small.bytes().end(), segment.begin());
  auto start = std::chrono::steady_clock::now();
  REQUIRE(textOf(writePackage({image, toyKernels(), llvm::ArrayRef(segment)},
                              {.folder = folder.path("out"), .weights = WeightsMode::embed, .executable = true})) == "");
  WARN(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() << " s");
  std::vector<float> images = toyImages(1), results = toyResults(1, 1);
  CHECK(shell({folder.path("out/toy")}, std::string(reinterpret_cast<char *>(images.data()), 16)) ==
        std::string(reinterpret_cast<char *>(results.data()), 12));
}
