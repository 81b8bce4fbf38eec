// Libraries of target cuda: the part of the runtime that opens a driver is in them, and in no others.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Programs.h"
#include "tests/unit/package/Shell.h"
#include "tests/unit/package/Toy.h"

#include <catch2/catch.hpp>

using namespace skip::codegen;
using namespace test;

/// The toy with target cuda in front of x86, for which it has no code.
static void packageBoth(const std::string &folder) {
  Image image = toyImage("toy");
  TargetImage cuda;
  cuda.target = SKIP_TARGET_CUDA;
  image.targets.insert(image.targets.begin(), cuda);
  REQUIRE(textOf(writePackage({image, toyKernels()}, {.folder = folder})) == "");
}

static const char *const source = R"(
  #include "toy.h"
  #include <stdio.h>
  static void create(const char *target) {
    skip_model_options options = {target, 0};
    skip_model *model = NULL;
    skip_status status = toy_model_create_for(&options, &model);
    printf("%d %s %.60s\n", status, toy_model_target(model), status ? toy_last_error() : "");
    toy_model_destroy(model);
  }
  int main(void) {
    create(NULL);
    create("cuda");
    create("x86");
    return 0;
  })";

static const char *const answers = "0 x86 \n9  no CUDA driver: /no/driver: cannot open shared object file: \n0 x86 \n";

TEST_CASE("a library of cuda and x86 runs x86 where there is no driver") {
  TemporaryFolder folder;
  std::string out = folder.path("out"), main = folder.write("main.c", source), program = folder.path("main");
  packageBoth(out);
  std::vector<std::string> compile{"cc", "-std=c99", main, "-I" + out, "-o", program};
  auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> words = compile;
    words.insert(words.end(), more.begin(), more.end());
    shell(words);
    return shell({"env", "SKIP_CUDA_DRIVER=/no/driver", program});
  };
  CHECK(with({out + "/libtoy.a", "-lpthread"}) == answers);
  CHECK(with({"-static", out + "/libtoy.a", "-lpthread"}) == answers);
  CHECK(with({out + "/libtoy.so", "-Wl,-rpath," + out}) == answers);
}

TEST_CASE("only a library of cuda can open another one") {
  TemporaryFolder folder;
  packageBoth(folder.path("both"));
  packageToy(folder.path("x86"), "toy", WeightsMode::none);
  auto symbols = [&](const std::string &library) { return shell({"nm", "-D", "--undefined-only", folder.path(library)}); };
  CHECK_THAT(symbols("both/libtoy.so"),
             Catch::Contains("w dlopen") && Catch::Contains("w dlsym") && Catch::Contains("w dlerror"));
  CHECK_THAT(symbols("x86/libtoy.so"), !Catch::Contains("dlopen"));
  CHECK(shell({"nm", "-D", "--defined-only", "--format=just-symbols", folder.path("both/libtoy.so")}) ==
        shell({"nm", "-D", "--defined-only", "--format=just-symbols", folder.path("x86/libtoy.so")}));
}
