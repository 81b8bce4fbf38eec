// Which body a CPU runs, and what SKIP_ISA may force.
#include "runtime/CpuCount.h"
#include "runtime/x86/CpuDispatch.h"
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/runtime/ErrorText.h"

#include <sched.h>
#include <thread>

using namespace test;
using namespace skip::runtime;
using namespace skip::runtime::x86;

/// The quota that a process with this /proc/self/cgroup has under the folder's `fs`.
static int32_t quota(const TemporaryFolder &folder, const std::string &membership) {
  return cgroupQuota(folder.write("membership", membership).c_str(), folder.path("fs").c_str());
}

TEST_CASE("cgroup 2: the quota of the group and of its ancestors, rounded up") {
  TemporaryFolder folder;
  folder.write("fs/a/b/cpu.max", "250000 100000\n");
  CHECK(quota(folder, "0::/a/b\n") == 3);
  folder.write("fs/a/cpu.max", "max 100000\n");
  CHECK(quota(folder, "0::/a/b\n") == 3);
  folder.write("fs/a/cpu.max", "150000 100000\n");
  CHECK(quota(folder, "0::/a/b\n") == 2);
  folder.write("fs/cpu.max", "50000 100000\n");
  CHECK(quota(folder, "0::/a/b\n") == 1);
  CHECK(quota(folder, "0::/\n") == 1);
  CHECK(quota(folder, "0::/not/mounted/here\n") == 1); // a container's path
}

TEST_CASE("cgroup 1: quota over period") {
  TemporaryFolder folder;
  folder.write("fs/cpu,cpuacct/x/cpu.cfs_quota_us", "400000\n");
  folder.write("fs/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
  std::string membership = "5:memory:/m\n4:cpu,cpuacct:/x\n3:cpuset:/y\n0::/\n";
  CHECK(quota(folder, membership) == 4);
  folder.write("fs/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  folder.write("fs/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(quota(folder, membership) == 4);
  folder.write("fs/cpu/x/cpu.cfs_quota_us", "100000\n");
  folder.write("fs/cpu/x/cpu.cfs_period_us", "100000\n");
  CHECK(quota(folder, membership) == 1);
  folder.write("fs/unified/x/cpu.max", "1 1");
  CHECK(quota(folder, "3:cpuset:/x\n") == 0); // not the cpu controller
  CHECK(quota(folder, "0::/x\n") == 1);       // both versions mounted
}

TEST_CASE("no quota is 0, and nonsense is no quota") {
  TemporaryFolder folder;
  CHECK(cgroupQuota("/nowhere/cgroup", "/sys/fs/cgroup") == 0);
  CHECK(quota(folder, "0::/\n") == 0);
  for (const char *text :
       {"max 100000\n", "", "\n", "100000", "x y", "-5 100000", "100000 0", "0 100000", "9223372036854775807 1"}) {
    folder.write("fs/cpu.max", text);
    CAPTURE(text);
    CHECK(quota(folder, "0::/\n") == 0);
  }
  folder.write("fs/cpu.max", "9223372036854775807 9223372036854775807");
  CHECK(quota(folder, "0::/\n") == 1);
  for (const char *membership : {"", "\n", "0", "0:", "::", "\n\n0:cpu\n"})
    CHECK(quota(folder, membership) <= 1);
  CHECK(quota(folder, "0::/" + std::string(5000, 'd') + "\n") <= 1); // longer than any path
}

TEST_CASE("the affinity mask counts") {
  int32_t all = usableCpus(), one = 0;
  cpu_set_t mask;
  REQUIRE(sched_getaffinity(0, sizeof(mask), &mask) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &mask))
    ++first;
  CPU_ZERO(&mask);
  CPU_SET(first, &mask);
  std::thread([&] { // an affinity of its own, which ends with it
    if (sched_setaffinity(0, sizeof(mask), &mask) == 0)
      one = usableCpus();
  })
      .join();
  CHECK(all >= 1);
  CHECK(one == 1);
}

TEST_CASE("the widest body that is built and runnable is chosen") {
  constexpr IsaSet none = {{false, false}}, avx2 = {{true, false}}, avx512 = {{false, true}}, both = {{true, true}};
  SkipIsa isa;
  REQUIRE(chooseIsa(both, both, nullptr, isa) == SKIP_OK);
  CHECK(isa == SKIP_ISA_AVX512);
  REQUIRE(chooseIsa(both, avx2, "", isa) == SKIP_OK);
  CHECK(isa == SKIP_ISA_AVX2);
  REQUIRE(chooseIsa(avx2, both, nullptr, isa) == SKIP_OK);
  CHECK(isa == SKIP_ISA_AVX2);
  REQUIRE(chooseIsa(both, both, "avx2", isa) == SKIP_OK);
  CHECK(isa == SKIP_ISA_AVX2);
  REQUIRE(chooseIsa(both, both, "avx512", isa) == SKIP_OK);
  CHECK(isa == SKIP_ISA_AVX512);
  CHECK_FAILS(chooseIsa(both, none, nullptr, isa), SKIP_UNSUPPORTED_CPU,
              "this library holds bodies for avx2 and avx512, and this CPU runs neither avx2 nor avx512");
  CHECK_FAILS(chooseIsa(avx512, avx2, nullptr, isa), SKIP_UNSUPPORTED_CPU, "holds bodies for avx512, and this CPU runs avx2");
  CHECK_FAILS(chooseIsa(both, avx2, "avx512", isa), SKIP_UNSUPPORTED_CPU,
              "SKIP_ISA=avx512: this library holds avx2 and avx512, and this CPU runs avx2");
  CHECK_FAILS(chooseIsa(avx2, both, "avx512", isa), SKIP_UNSUPPORTED_CPU, "this library holds avx2");
  CHECK_FAILS(chooseIsa(avx2, both, "AVX2", isa), SKIP_INVALID_ARGUMENT, "SKIP_ISA=AVX2: no such body");
}

TEST_CASE("a body is built when no kernel lacks it") {
  SkipKernelFn fn = [](void *const *, const int64_t *, int64_t, int64_t) {};
  SkipX86Kernel full[] = {{"a", {fn, fn}, {}}, {"b", {fn, fn}, {}}}, part[] = {{"a", {fn, fn}, {}}, {"b", {fn, nullptr}, {}}};
  SkipVariant variants[2] = {};
  variants[0].kernels = full;
  variants[1].kernels = full;
  variants[0].kernelCount = variants[1].kernelCount = 2;
  SkipTargetImage image = {};
  image.variants = variants;
  CHECK_FALSE(builtIsas(image).has[SKIP_ISA_AVX2]);
  image.variantCount = 2;
  CHECK(builtIsas(image).has[SKIP_ISA_AVX512]);
  variants[1].kernels = part;
  CHECK(builtIsas(image).has[SKIP_ISA_AVX2]);
  CHECK_FALSE(builtIsas(image).has[SKIP_ISA_AVX512]);
}

TEST_CASE("the CPU is judged as the compiler's own feature test judges it") {
  const char *before = std::getenv("SKIP_NO_AVX512");
  std::string old = before ? before : "";
  setenv("SKIP_NO_AVX512", "1", 1);
  CHECK_FALSE(cpuIsas().has[SKIP_ISA_AVX512]);
  setenv("SKIP_NO_AVX512", "0", 1);
  bool hasWithZero = cpuIsas().has[SKIP_ISA_AVX512];
  setenv("SKIP_NO_AVX512", "", 1);
  IsaSet cpu = cpuIsas();
  CHECK(cpu.has[SKIP_ISA_AVX512] == hasWithZero);
  setenv("SKIP_NO_AVX512", old.c_str(), 1);
  CHECK(cpu.has[SKIP_ISA_AVX2] == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
  CHECK(cpu.has[SKIP_ISA_AVX512] ==
        (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")));
}
