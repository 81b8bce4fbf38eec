#include "codegen/kernel/KernelCache.h"
#include "support/Threads.h"
#include "tests/unit/TemporaryFolder.h"

#include <catch2/catch.hpp>
#include "mlir/IR/Builders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <vector>

using namespace skip;
using codegen::CompiledKernel;
using codegen::KernelCache;

namespace {
/// A folder, and a "kernel" whose compilations are counted.
struct Kept {
  test::TemporaryFolder folder;
  std::string path = folder.path("a/kernels");
  std::atomic<int> compilations{0};

  /// The code that a process with its own cache gets for a module with this attribute.
  std::string build(const std::string &attribute, const std::string &target = "x86 0") {
    KernelCache cache(path);
    return buildWith(cache, attribute, target);
  }

  std::string buildWith(KernelCache &cache, const std::string &attribute, const std::string &target = "x86 0") {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context), "k");
    (*module)->setAttr("what", mlir::StringAttr::get(&context, attribute));
    llvm::Expected<CompiledKernel> kernel = cache.get(*module, target, [&] {
      ++compilations;
      (*module)->setAttr("lowered", mlir::UnitAttr::get(&context)); // as lowering does, in place
      return llvm::Expected<CompiledKernel>(CompiledKernel{attribute + " for " + target, 1000 + attribute.size()});
    });
    REQUIRE(bool(kernel));
    CHECK(kernel->stackBytes == 1000 + attribute.size());
    return kernel->code;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto &entry : std::filesystem::directory_iterator(path))
      if (entry.path().filename().string().starts_with("llvmcache-") && entry.path().extension() != ".timestamp")
        found.push_back(entry.path());
    return found;
  }
};
} // namespace

TEST_CASE("a kernel is compiled once for a target") {
  Kept kept;
  for (int run = 0; run < 3; ++run) {
    CHECK(kept.build("one") == "one for x86 0");
    CHECK(kept.build("two") == "two for x86 0");
    CHECK(kept.build("one", "x86 1") == "one for x86 1");
  }
  CHECK(kept.compilations == 3);
  CHECK(kept.files().size() == 3);
}

TEST_CASE("a cache says how many kernels it found") {
  Kept kept;
  kept.build("one");
  KernelCache cache(kept.path);
  kept.buildWith(cache, "one");
  kept.buildWith(cache, "two");
  CHECK(cache.found() == 1);
}

TEST_CASE("a kernel's file reads back whole and for its key, or not at all") {
  CompiledKernel kernel{std::string("co\0de", 5), 48};
  std::string bytes = codegen::keptBytes("key", kernel);
  std::optional<CompiledKernel> read = codegen::readKept("key", bytes);
  REQUIRE(read);
  CHECK(read->code == kernel.code);
  CHECK(read->stackBytes == 48);
  CHECK_FALSE(codegen::readKept("another", bytes));
  CHECK_FALSE(codegen::readKept("key", bytes + "e"));
  for (size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(codegen::readKept("key", llvm::StringRef(bytes).take_front(i)));
    std::string damaged = bytes;
    damaged[i] ^= 1;
    CHECK_FALSE(codegen::readKept("key", damaged));
  }
}

TEST_CASE("what stands in a kernel's place is no kernel") {
  Kept kept;
  kept.build("one");
  std::string file = kept.files().front();
  int compilations = 2;
  SECTION("a file that was cut off, which is replaced") { std::filesystem::resize_file(file, 60); }
  SECTION("a folder, which stays") {
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    compilations = 3;
  }
  CHECK(kept.build("one") == "one for x86 0");
  CHECK(kept.build("one") == "one for x86 0");
  CHECK(kept.compilations == compilations);
}

TEST_CASE("another kernel's file is not taken") {
  Kept kept;
  kept.build("one");
  std::string one = kept.files().front();
  kept.build("two");
  std::vector<std::string> files = kept.files();
  std::string two = files[0] == one ? files[1] : files[0];
  std::filesystem::copy_file(two, one, std::filesystem::copy_options::overwrite_existing);
  CHECK(kept.build("one") == "one for x86 0");
  CHECK(kept.compilations == 3);
}

TEST_CASE("what cannot be kept is compiled") {
  Kept kept;
  SECTION("no folder") { kept.path = ""; }
  SECTION("a file where the folder would be") { kept.folder.write("a", "no folder"); }
  SECTION("a folder that cannot be made") { kept.path = "/proc/none/kernels"; }
  CHECK(kept.build("one") == "one for x86 0");
  CHECK(kept.build("one") == "one for x86 0");
  CHECK(kept.compilations == 2);
}

TEST_CASE("errors are passed on and not kept") {
  Kept kept;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context), "k");
  for (int run = 0; run < 2; ++run) {
    KernelCache cache(kept.path);
    llvm::Expected<CompiledKernel> kernel =
        cache.get(*module, "x86 0", []() -> llvm::Expected<CompiledKernel> { return llvm::createStringError("too hard"); });
    REQUIRE_FALSE(bool(kernel));
    CHECK(llvm::toString(kernel.takeError()) == "too hard");
  }
  CHECK_FALSE(std::filesystem::exists(kept.path));
}

TEST_CASE("threads share a folder") {
  Kept kept;
  std::atomic<int> next{0};
  std::vector<std::string> codes(64);
  onThreads(8, [&] {
    for (int i = next++; i < 64; i = next++)
      codes[i] = kept.build(std::to_string(i % 4));
  });
  for (int i = 0; i < 64; ++i)
    CHECK(codes[i] == std::to_string(i % 4) + " for x86 0");
  CHECK(kept.files().size() == 4);
}

TEST_CASE("kernels that were not used for a month and what a killed process left are removed") {
  Kept kept;
  std::filesystem::create_directories(kept.path);
  std::string old = kept.folder.write("a/kernels/llvmcache-old", "x"),
              left = kept.folder.write("a/kernels/.llvmcache-k.tmp-1-1", "x"),
              notOurs = kept.folder.write("a/kernels/notes.txt", "x");
  timespec longAgo{::time(nullptr) - 40 * 24 * 3600, 0}, times[2] = {longAgo, longAgo}; // read and written
  for (const std::string &file : {old, left, notOurs})
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
  kept.build("one");
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK_FALSE(std::filesystem::exists(left));
  CHECK(std::filesystem::exists(notOurs));
  CHECK(kept.build("one") == "one for x86 0");
  CHECK(kept.compilations == 1);
}
