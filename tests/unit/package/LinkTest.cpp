// Libraries as C and C++ programs see them.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Programs.h"
#include "tests/unit/package/Shell.h"
#include "tests/unit/package/Toy.h"

#include <catch2/catch.hpp>

#include <sstream>

using namespace skip::codegen;
using namespace test;

static std::string line(const std::string &name, int64_t count, int seed) {
  std::ostringstream text;
  text << name << ":";
  for (float value : toyResults(count, seed))
    text << " " << value;
  text << "\n";
  return text.str();
}

static std::string expectedRuns(const std::string &name, int seed) { return line(name, 2, seed) + line(name, 8, seed); }

/// A folder with only the libraries whose name ends so: with both kinds in one folder, `-l` takes the shared one.
static std::string only(const TemporaryFolder &folder, const std::string &from, const std::string &ending) {
  std::string to = folder.path("only" + ending);
  std::filesystem::create_directories(to);
  for (const std::string &name : namesIn(from))
    if (name.ends_with(ending))
      std::filesystem::copy(from + "/" + name, to + "/" + name);
  return to;
}

static std::vector<std::string> strictC(const std::string &source, const std::string &headers, const std::string &output) {
  return {"cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", source, "-I" + headers, "-o", output};
}

static std::vector<std::string> operator+(std::vector<std::string> left, const std::vector<std::string> &right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST_CASE("a strict C99 program links the static library with -lpthread alone") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string source = folder.write("main.c", runnerText("toy")), program = folder.path("main");
  shell(strictC(source, folder.path("out"), program) +
        std::vector<std::string>{"-L" + only(folder, folder.path("out"), ".a"), "-ltoy", "-lpthread"});
  CHECK(shell({program}) == expectedRuns("toy", 1));
}

TEST_CASE("a program chooses a target, and hears what is wrong with its choice") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string source = folder.write("main.c", R"(
    #include "toy.h"
    #include <stdio.h>
    static void create(const char *target, int device) {
      skip_model_options options = {target, device};
      skip_model *model = NULL;
      skip_status status = toy_model_create_for(&options, &model);
      printf("%d %s %s\n", status, toy_model_target(model), status ? toy_last_error() : "");
      toy_model_destroy(model);
    }
    int main(void) {
      create(NULL, 0);
      create("x86", 0);
      create("x86", 1);
      create("cuda", 0);
      return 0;
    })");
  std::string program = folder.path("main");
  shell(strictC(source, folder.path("out"), program) +
        std::vector<std::string>{"-L" + only(folder, folder.path("out"), ".a"), "-ltoy", "-lpthread"});
  CHECK(shell({program}) == "0 x86 \n0 x86 \n"
                            "1  model_create_for: target x86 has device 0 alone, asked for 1\n"
                            "1  there is no target `cuda` in model `toy`'s library, which was built for:\n  x86\n");
}

TEST_CASE("a fully static program and a C++ program link it too") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string library = folder.path("out") + "/libtoy.a", program = folder.path("main");
  std::string source = folder.write("main.c", runnerText("toy"));
  shell(strictC(source, folder.path("out"), program) + std::vector<std::string>{"-static", library, "-lpthread"});
  CHECK(shell({program}) == expectedRuns("toy", 1));
  std::string cpp = folder.write("main.cpp", runnerText("toy"));
  shell({"c++", "-std=c++11", "-Wall", "-Werror", cpp, "-I" + folder.path("out"), "-o", program, library, "-lpthread"});
  CHECK(shell({program}) == expectedRuns("toy", 1));
}

TEST_CASE("a program links the shared library") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string source = folder.write("main.c", runnerText("toy")), program = folder.path("main");
  shell(strictC(source, folder.path("out"), program) +
        std::vector<std::string>{"-L" + folder.path("out"), "-ltoy", "-Wl,-rpath," + folder.path("out")});
  CHECK(shell({program}) == expectedRuns("toy", 1));
}

TEST_CASE("a thread with the stack that the library asks for runs, one with less is refused") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string library = folder.path("out") + "/libtoy.a", program = folder.path("main");
  shell(strictC(folder.write("main.c", stackText("toy")), folder.path("out"), program) +
        std::vector<std::string>{library, "-lpthread"});
  CHECK(shell({program, "thread"}) == "");
  for (int64_t kilobytes : {64, 128, 256, 400}) {
    Outcome refused = execute({program, "thread", std::to_string(kilobytes * 1024)});
    CHECK(refused.status == 1);
    CHECK_THAT(refused.output,
               Catch::Contains("error: run: the calling thread has less than") && Catch::Contains("model_stack_bytes"));
  }
}

TEST_CASE("with musl, whose threads have little stack, pools and callers have what kernels need") {
  if (execute({"sh", "-c", "command -v musl-gcc"}).status != 0) {
    WARN("skipped: there is no musl-gcc (Debian's musl-tools)");
    return;
  }
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::string library = folder.path("out") + "/libtoy.a", program = folder.path("main");
  shell({"musl-gcc", "-static", folder.write("main.c", stackText("toy")), "-I" + folder.path("out"), library, "-o", program});
  for (const char *threads : {"1", "2", "4"})
    CHECK(shell({program, "pool", threads}) == "");
  CHECK(shell({program, "thread"}) == "");
  Outcome refused = execute({program, "thread", std::to_string(128 * 1024)});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.output, Catch::Contains("error: run: the calling thread has less than"));
}

TEST_CASE("two models link into one program") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "one", WeightsMode::embed, 1);
  packageToy(folder.path("out"), "two", WeightsMode::embed, 5);
  std::string source = folder.write("main.c", pairText("one", "two")), program = folder.path("main");
  std::string expected = line("one", 1, 1) + line("two", 1, 5) + line("one", 1, 1);
  for (const char *ending : {".a", ".so"}) {
    std::string libraries = only(folder, folder.path("out"), ending);
    shell(strictC(source, folder.path("out"), program) +
          std::vector<std::string>{"-L" + libraries, "-lone", "-ltwo", "-lpthread", "-Wl,-rpath," + libraries});
    CHECK(shell({program}) == expected);
  }
}

TEST_CASE("a program links the object, and those of two models") {
  TemporaryFolder folder;
  for (auto [name, seed] : {std::pair("one", 1), std::pair("two", 5)}) {
    Image image = toyImage(name);
    Segment segment = toySegment(image, seed);
    PackageOptions options{.folder = folder.path("out"), .weights = WeightsMode::embed, .archive = false, .shared = false};
    options.object = true;
    REQUIRE(textOf(writePackage({image, toyKernels(), segment.bytes()}, options)) == "");
  }
  std::string out = folder.path("out"), program = folder.path("main");
  CHECK(namesIn(out) ==
        std::vector<std::string>{"one.h", "one.hpp", "one.json", "one.o", "two.h", "two.hpp", "two.json", "two.o"});
  shell({"cc", folder.write("main.c", runnerText("one")), out + "/one.o", "-I" + out, "-o", program});
  CHECK(shell({program}) == expectedRuns("one", 1));
  shell(strictC(folder.write("pair.c", pairText("one", "two")), out, program) +
        std::vector<std::string>{out + "/one.o", out + "/two.o", "-lpthread"});
  CHECK(shell({program}) == line("one", 1, 1) + line("two", 1, 5) + line("one", 1, 1));
}

/// The symbols that `nm` lists with `flags`, without their address and kind.
static std::vector<std::string> symbols(const std::vector<std::string> &command) {
  std::vector<std::string> names;
  std::istringstream lines(shell(command));
  for (std::string text; std::getline(lines, text);)
    if (size_t space = text.rfind(' '); space != text.npos)
      names.push_back(text.substr(space + 1));
  return names;
}

TEST_CASE("only the API is visible") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::embed);
  std::vector<std::string> inArchive = symbols({"nm", "--defined-only", "--extern-only", folder.path("out") + "/libtoy.a"});
  std::vector<std::string> inLibrary = symbols({"nm", "-D", "--defined-only", folder.path("out") + "/libtoy.so"});
  CHECK(inArchive.size() == 31);
  CHECK(inArchive == inLibrary);
  for (const std::string &name : inArchive)
    CHECK(name.starts_with("toy_"));
  CHECK(shell({"ar", "t", folder.path("out") + "/libtoy.a"}) == "toy.o\n");
}

static size_t countOf(const std::string &part, const std::string &text) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST_CASE("the shared library needs libc alone, and no executable stack or text relocation") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "toy", WeightsMode::none);
  std::string library = folder.path("out") + "/libtoy.so";
  std::string dynamic = shell({"readelf", "-dW", library}), segments = shell({"readelf", "-lW", library});
  CHECK_THAT(dynamic, Catch::Contains("Shared library: [libc.so.6]") && Catch::Contains("soname: [libtoy.so]"));
  CHECK_THAT(dynamic, Catch::Contains("Shared library: [libpthread.so.0]")); // where glibc is older than 2.34
  CHECK(countOf("(NEEDED)", dynamic) == 2);
  CHECK_THAT(dynamic, !Catch::Contains("TEXTREL"));
  CHECK_THAT(segments, Catch::Contains("GNU_RELRO") && !Catch::Contains("RWE"));
  size_t stack = segments.find("GNU_STACK");
  REQUIRE(stack != segments.npos);
  CHECK_THAT(segments.substr(stack, segments.find('\n', stack) - stack), Catch::Contains(" RW "));
  CHECK(std::filesystem::file_size(library) < 120'000);
}

TEST_CASE("embedded, packed and checkpoint weights give the same bits") {
  TemporaryFolder folder;
  std::string checkpoint = folder.write("toy.safetensors", toyCheckpoint(3));
  packageToy(folder.path("embed"), "toy", WeightsMode::embed, 3);
  packageToy(folder.path("file"), "toy", WeightsMode::file, 3);
  std::string source = folder.write("main.c", runnerText("toy")), program = folder.path("main");
  shell({"cc", source, "-I" + folder.path("embed"), "-o", program, folder.path("embed") + "/libtoy.a"});
  CHECK(shell({program}) == expectedRuns("toy", 3));
  shell({"cc", source, "-I" + folder.path("file"), "-o", program, folder.path("file") + "/libtoy.a"});
  CHECK(shell({program, folder.path("file") + "/toy.skipweights"}) == expectedRuns("toy", 3));
  CHECK(shell({program, checkpoint}) == expectedRuns("toy", 3));
  Outcome without = execute({program});
  CHECK(without.status == 1);
  CHECK_THAT(without.output, Catch::Contains("error: ") && Catch::Contains("weights"));
}

TEST_CASE("a CMake project finds the package") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "Toy", WeightsMode::embed);
  folder.write("project/main.c", runnerText("Toy"));
  folder.write("project/CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(user C)\nfind_package(Toy REQUIRED)\n"
                                         "add_executable(a main.c)\ntarget_link_libraries(a Toy::Toy)\n"
                                         "add_executable(b main.c)\ntarget_link_libraries(b Toy::Toy_shared)\n");
  shell({"cmake", "-S", folder.path("project"), "-B", folder.path("build"), "-DCMAKE_PREFIX_PATH=" + folder.path("out")});
  shell({"cmake", "--build", folder.path("build")});
  for (const char *program : {"/a", "/b"})
    CHECK(shell({folder.path("build") + program}) == expectedRuns("Toy", 1));
}

/// Configures and builds `project`, whose CMakeLists.txt goes on with `text`; its program `a` prints.
static std::string builtByCmake(const TemporaryFolder &folder, const std::string &text) {
  folder.write("project/CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(user C)\n" + text);
  std::filesystem::remove_all(folder.path("build"));
  shell({"cmake", "-S", folder.path("project"), "-B", folder.path("build"), "-DCMAKE_PREFIX_PATH=" + folder.path("out")});
  shell({"cmake", "--build", folder.path("build")});
  return shell({folder.path("build/a")});
}

TEST_CASE("two models whose names differ in case only share a folder, a source file and a CMake project") {
  TemporaryFolder folder;
  packageToy(folder.path("out"), "net", WeightsMode::embed, 1);
  packageToy(folder.path("out"), "NET", WeightsMode::embed, 5);
  folder.write("project/main.c", pairText("net", "NET"));
  CHECK(builtByCmake(folder, "find_package(net REQUIRED)\nfind_package(NET REQUIRED)\nadd_executable(a main.c)\n"
                             "target_link_libraries(a net::net NET::NET)\n") ==
        line("net", 1, 1) + line("NET", 1, 5) + line("net", 1, 1));
}

TEST_CASE("a model may be called like a kind of library") {
  for (std::string name : {"static", "shared"}) {
    TemporaryFolder folder;
    packageToy(folder.path("out"), name + "_", WeightsMode::embed);
    packageToy(folder.path("out"), name, WeightsMode::embed);
    folder.write("project/main.c", runnerText(name + "_"));
    CHECK(builtByCmake(folder, "find_package(" + name + " REQUIRED)\nfind_package(" + name +
                                   "_ REQUIRED)\nadd_executable(a main.c)\ntarget_link_libraries(a " + name + "::" + name +
                                   " " + name + "_::" + name + "_)\n") == expectedRuns(name + "_", 1));
  }
}

TEST_CASE("a CMake project links what the last build wrote, not what an earlier one left") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  folder.write("project/main.c", runnerText("toy"));
  for (int seed = 1; seed <= 4; ++seed) {
    Segment segment = toySegment(image, seed);
    bool shared = seed % 2 == 0;
    PackageOptions options{.folder = folder.path("out"), .weights = WeightsMode::embed, .archive = !shared, .shared = shared};
    REQUIRE(textOf(writePackage({image, toyKernels(), segment.bytes()}, options)) == "");
    std::string ask = "set(BUILD_SHARED_LIBS " + std::string(seed > 2 ? "ON" : "OFF") + ")\n";
    CHECK(builtByCmake(folder, ask + "find_package(toy REQUIRED)\nadd_executable(a main.c)\n"
                                     "target_link_libraries(a toy::toy)\n") == expectedRuns("toy", seed));
  }
}
