// Objects: the same jobs give the same bytes, and the stages can be looked at.
#include "tests/unit/kernel/Harness.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace skip::testing;

static x86::Job job(std::string symbol, SkipIsa isa, plan::ConvSchedule schedule) {
  kernel::ConvSpec spec;
  spec.roots = {{3, 3, 1, false}};
  spec.bias = true;
  spec.schedule = schedule;
  return {std::move(symbol), spec, {isa, "", ""}};
}

TEST_CASE("objects: bytes depend on the job alone, not on threads or neighbours") {
  std::vector<x86::Job> jobs = {job("a", SKIP_ISA_AVX2, {1, 1, 4, {2}}), job("b", SKIP_ISA_AVX512, {2, 1, 8, {}}),
                                job("c", SKIP_ISA_AVX2, {1, 2, 3, {}})};
  codegen::KernelCache none;
  auto sequential = x86::compileKernels(jobs, 1, none), parallel = x86::compileKernels(jobs, 3, none);
  REQUIRE(bool(sequential));
  REQUIRE(bool(parallel));
  CHECK(sequential->objects == parallel->objects);
  CHECK(sequential->stackBytes == parallel->stackBytes);
  auto alone = x86::compileKernels({jobs[1]}, 1, none);
  REQUIRE(bool(alone));
  CHECK(alone->objects[0] == sequential->objects[1]);
}

TEST_CASE("objects: each stage prints, and AVX2 code holds no AVX-512") {
  x86::Job narrow = job("narrow", SKIP_ISA_AVX2, {1, 1, 4, {}}), wide = job("wide", SKIP_ISA_AVX512, {2, 1, 14, {}});
  std::string kernel = *x86::printKernel(narrow, x86::Stage::Kernel), llvm = *x86::printKernel(narrow, x86::Stage::Llvm);
  CHECK(kernel.find("scf.for") != std::string::npos);
  CHECK(llvm.find("@llvm.fma.v16f32") != std::string::npos);
  CHECK(x86::printKernel(narrow, x86::Stage::Asm)->find("%zmm") == std::string::npos);
  CHECK(x86::printKernel(wide, x86::Stage::Asm)->find("%zmm31") != std::string::npos);
}
