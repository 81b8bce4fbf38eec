// Trainings from beginning to end, broken off and gone on with.
#include "tests/unit/package/Shell.h"
#include "tests/unit/training/Linear.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace skip;
using namespace test;
using tool::Loop;
using tool::LoopOptions;

static LoopOptions options(const TemporaryFolder &folder, const std::string &name, int64_t lastStep) {
  return {.folder = folder.path(name), .title = "linear", .lastStep = lastStep, .evaluateEvery = 20, .saveEvery = 8};
}

static std::vector<nlohmann::json> linesOf(const std::string &path) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST_CASE("a training learns, and writes what it is to write") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  Run run(folder.path("data"), recipe(100));
  tool::LoopResult result = need(run.go(options(folder, "out", 100)));
  CHECK_FALSE(result.interrupted);
  CHECK(result.validationError < 0.3);
  CHECK(result.best.error <= result.validationError);
  CHECK(namesIn(folder.path("out")) ==
        std::vector<std::string>{"best.safetensors", "curve.svg", "last.safetensors", "metrics.jsonl"});
  std::vector<nlohmann::json> lines = linesOf(folder.path("out/metrics.jsonl"));
  CHECK(lines.size() == 105);
  CHECK(lines[0]["step"] == 1);
  CHECK(lines[0]["rate"] == 0.003);
  CHECK(lines[0]["loss"].get<double>() > 1.5);
  CHECK(lines[20]["step"] == 20);
  CHECK(lines[20]["validation_error"].get<double>() > 0);
  CHECK(lines[104]["validation_error"] == result.validationError);
  CHECK_THAT(readAll(folder.path("out/curve.svg")), Catch::StartsWith("<svg") && Catch::Contains("validation</text>"));

  std::string best = readAll(folder.path("out/best.safetensors"));
  tool::BestScore score = tool::bestScoreIn(need(tool::readMetadata(best, "best")));
  CHECK(score.error == result.best.error);
  CHECK(score.step == result.best.step);
  // What it holds is what inference makes that error of.
  REQUIRE(textOf(run.trainer->load(best, "best")) == "");
  tool::Evaluation evaluation(*run.trainer, run.pictures, classes, 1);
  CHECK(need(evaluation.run()).error == result.best.error);
}

TEST_CASE("a training that goes on gives the bits of one that never stopped") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  need(Run(folder.path("data"), recipe(60)).go(options(folder, "unbroken", 50)));
  for (int64_t stop : {7, 16, 33}) {
    std::string name = "broken" + std::to_string(stop);
    need(Run(folder.path("data"), recipe(60), 1).go(options(folder, name, stop)));
    need(Run(folder.path("data"), recipe(60), 3).go(options(folder, name, 50), /*resume=*/true));
    CHECK(readAll(folder.path(name + "/last.safetensors")) == readAll(folder.path("unbroken/last.safetensors")));
  }
}

TEST_CASE("a plateau's memory outlives a stop") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  frontend::Recipe plateau = recipe(60);
  plateau.rate.kind = frontend::Recipe::Rate::Plateau;
  plateau.rate.every = 6;
  plateau.rate.patience = 1;
  plateau.holdOut = 50;
  need(Run(folder.path("data"), plateau).go(options(folder, "unbroken", 50)));
  need(Run(folder.path("data"), plateau).go(options(folder, "broken", 21)));
  need(Run(folder.path("data"), plateau).go(options(folder, "broken", 50), /*resume=*/true));
  CHECK(readAll(folder.path("broken/last.safetensors")) == readAll(folder.path("unbroken/last.safetensors")));
  std::vector<nlohmann::json> lines = linesOf(folder.path("broken/metrics.jsonl"));
  CHECK(lines.back()["step"] == 50);
  CHECK(llvm::any_of(lines, [](const nlohmann::json &line) { return line.contains("rate") && line["rate"] < 0.001; }));
}

TEST_CASE("a killed training loses no more than what came after its last checkpoint") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  need(Run(folder.path("data"), recipe(60)).go(options(folder, "unbroken", 60)));
  linear(); // before the children, which take it over
  bool first = true;
  for (int kill = 0; kill < 12; ++kill) {
    pid_t child = ::fork();
    if (child == 0) {
      Run run(folder.path("data"), recipe(60), 1);
      bool failed = !run.go(options(folder, "killed", 60), !first);
      ::_exit(failed ? 3 : 0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(40 + 17 * kill % 60));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    first = !std::filesystem::exists(folder.path("killed/last.safetensors"));
  }
  need(Run(folder.path("data"), recipe(60)).go(options(folder, "killed", 60), !first));
  CHECK(readAll(folder.path("killed/last.safetensors")) == readAll(folder.path("unbroken/last.safetensors")));
  std::vector<nlohmann::json> lines = linesOf(folder.path("killed/metrics.jsonl"));
  CHECK(lines.size() == 63);
}

TEST_CASE("a signal ends the training after the step, which is saved") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  Run run(folder.path("data"), recipe(100000));
  std::thread signal([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(::getpid(), SIGINT);
  });
  LoopOptions wanted = options(folder, "out", 100000);
  wanted.saveEvery = wanted.evaluateEvery = 100000;
  std::signal(SIGINT, [](int) { ::_exit(99); }); // what a second one would come to
  tool::LoopResult result = need(run.go(wanted));
  signal.join();
  std::signal(SIGINT, SIG_DFL);
  CHECK(result.interrupted);
  CHECK(run.memory.step > 0);
  std::string last = readAll(folder.path("out/last.safetensors"));
  Run again(folder.path("data"), recipe(100000));
  CHECK(need(tool::startAgain(*again.trainer, folder.path("out/last.safetensors"), again.identity)).step == run.memory.step);
}

TEST_CASE("a loss that is no number stops the training, names the layer, and leaves the last good checkpoint") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  need(Run(folder.path("data"), recipe(60)).go(options(folder, "out", 16)));
  std::string before = readAll(folder.path("out/last.safetensors"));
  Run run(folder.path("data"), recipe(60));
  run.recipe.rate.start = 1e30;
  CHECK_THAT(failureOf(run.go(options(folder, "out", 60), /*resume=*/true)),
             Catch::Matches("step 1[89]: the loss is NaN or infinite; the first layer whose output went is `fc`; "
                            "`.*/out/last.safetensors` is that of step 16.*"));
  CHECK(readAll(folder.path("out/last.safetensors")) == before);
}

namespace {
/// Files may be no larger while it lives, as on a disk that is nearly full.
class SmallFiles {
public:
  explicit SmallFiles(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit small{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &before); }

private:
  rlimit before;
};
} // namespace

TEST_CASE("a checkpoint that finds no room leaves the one before, and nothing else") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  need(Run(folder.path("data"), recipe(60)).go(options(folder, "out", 16)));
  std::string before = readAll(folder.path("out/last.safetensors"));
  std::vector<std::string> names = namesIn(folder.path("out"));
  Run run(folder.path("data"), recipe(60));
  std::string failure;
  {
    SmallFiles limit(100000);
    failure = failureOf(run.go(options(folder, "out", 60), /*resume=*/true));
  }
  CHECK_THAT(failure, Catch::Contains("/out/") && Catch::Contains(".safetensors"));
  CHECK(readAll(folder.path("out/last.safetensors")) == before);
  CHECK(namesIn(folder.path("out")) == names);
}

TEST_CASE("a folder that cannot be written ends the training with an error") {
  TemporaryFolder folder;
  writePictures(folder, 200);
  Run run(folder.path("data"), recipe(60));
  folder.write("file", "no folder");
  REQUIRE(textOf(tool::startFresh(*run.trainer, 1)) == "");
  Loop loop(*run.trainer, linear().training, run.pictures, run.recipe, run.identity, run.memory, {},
            options(folder, "file", 10));
  CHECK_THAT(failureOf(loop.run()), Catch::Contains("file/metrics.jsonl"));
}
