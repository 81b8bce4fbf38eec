// All entry points alike: how they are found, that each fails on demand, and that none falls over arguments of zero.
#include "tests/unit/emulator-driver/Gpu.h"

#include <set>

using namespace skip::driver;

template <class... Args> static Result callWithZeros(Result (*function)(Args...)) { return function(Args{}...); }

namespace {
struct Any {
  const char *name, *symbolName;
  Result (*call)();
};
} // namespace

static const Any kAll[] = {
#define ROW(name, symbolName, since, parameters, arguments)                                                                    \
  {#name, #symbolName, [] { return callWithZeros(EXPORTED(symbolName)); }},
#define SKIP_CUDA_ENTRY ROW
#define SKIP_CUDA_EXTRA ROW
#include "runtime/cuda/DriverEntries.def"
};

static const std::set<std::string> kBeforeInit = {"cuInit", "cuDriverGetVersion", "cuGetProcAddress", "cuGetErrorName",
                                                  "cuGetErrorString"};

TEST_CASE("entries: before cuInit all but the first ones are refused") {
  restart(knobsOf({}));
  for (const Any &any : kAll) {
    INFO(any.symbolName);
    if (!kBeforeInit.count(any.name))
      CHECK_RESULT(any.call(), CUDA_ERROR_NOT_INITIALIZED);
  }
}

TEST_CASE("entries: with arguments of zero none does more than answer") {
  for (const char *architecture : {"sm_80", "sm_90a"})
    for (bool withContext : {true, false}) {
      Gpu gpu(Setup{.architecture = architecture});
      gpu.stream();
      if (!withContext)
        Gpu::ok(gpu.api.cuCtxSetCurrent(nullptr));
      for (const Any &any : kAll) {
        INFO(any.symbolName);
        CHECK(nameOf(any.call()) != nullptr);
      }
    }
}

TEST_CASE("entries: each fails at the call and with the result that it is told, and at no other") {
  for (const Any &any : kAll) {
    INFO(any.symbolName);
    Knobs knobs = knobsOf({});
    knobs.failures.emplace(any.name, Failure{.call = 2, .result = Result::eccUncorrectable});
    knobs.failures.emplace(any.name, Failure{.call = 3, .result = defaultFailure(any.name)});
    restart(knobs);
    if (std::string(any.name) != "cuInit")
      EXPORTED(cuInit)(0);
    CHECK(any.call() != Result::eccUncorrectable);
    CHECK_RESULT(any.call(), CUDA_ERROR_ECC_UNCORRECTABLE);
    CHECK(any.call() == defaultFailure(any.name));
    CHECK(defaultFailure(any.name) != Result::success);
    CHECK(any.call() != Result::eccUncorrectable);
  }
}

TEST_CASE("entries: cuGetProcAddress finds each by its name and version") {
  Gpu gpu;
  for (const Entry &entry : entries()) {
    INFO(entry.symbol);
    void *function = nullptr;
    ProcAddressStatus status = ProcAddressStatus::symbolNotFound;
    CHECK_RESULT(gpu.api.cuGetProcAddress(entry.name, &function, entry.since, kProcAddressDefault, &status), CUDA_SUCCESS);
    CHECK(function == entry.exported);
    CHECK(status == ProcAddressStatus::success);
  }
}

static void *lookUp(Gpu &gpu, const char *name, int version, ProcAddressStatus &status) {
  void *function = &gpu;
  CHECK_RESULT(gpu.api.cuGetProcAddress(name, &function, version, kProcAddressDefault, &status), CUDA_SUCCESS);
  return function;
}

TEST_CASE("entries: cuGetProcAddress gives the newest signature that the version knows") {
  Gpu gpu;
  ProcAddressStatus status;
  CHECK(lookUp(gpu, "cuCtxCreate", 3020, status) == reinterpret_cast<void *>(EXPORTED(cuCtxCreate_v2)));
  CHECK(lookUp(gpu, "cuCtxCreate", 12000, status) == reinterpret_cast<void *>(EXPORTED(cuCtxCreate_v3)));
  CHECK(lookUp(gpu, "cuCtxCreate", 13000, status) == reinterpret_cast<void *>(EXPORTED(cuCtxCreate_v4)));
  CHECK(lookUp(gpu, "cuCtxSynchronize", 12090, status) == reinterpret_cast<void *>(EXPORTED(cuCtxSynchronize)));
  CHECK(lookUp(gpu, "cuCtxSynchronize", 13000, status) == reinterpret_cast<void *>(EXPORTED(cuCtxSynchronize_v2)));
  CHECK(lookUp(gpu, "cuTensorMapEncodeTiled", 11080, status) == nullptr);
  CHECK(status == ProcAddressStatus::versionNotSufficient);
  CHECK(lookUp(gpu, "cuMemAlloc_v2", 12000, status) == nullptr);
  CHECK(status == ProcAddressStatus::symbolNotFound);
}

TEST_CASE("entries: a driver has nothing that is newer than it") {
  Gpu gpu(Setup{.driverVersion = 11080});
  void *function = nullptr;
  CHECK_RESULT(gpu.api.cuGetProcAddress("cuMemAlloc", &function, 12000, kProcAddressDefault, nullptr),
               CUDA_ERROR_INVALID_VALUE);
  ProcAddressStatus status;
  CHECK(lookUp(gpu, "cuLibraryLoadData", 11080, status) == nullptr);
  CHECK(status == ProcAddressStatus::versionNotSufficient);
  int version = 0;
  CHECK_RESULT(gpu.api.cuDriverGetVersion(&version), CUDA_SUCCESS);
  CHECK(version == 11080);
}

TEST_CASE("entries: results have names and texts") {
  Gpu gpu;
  const char *text = nullptr;
  CHECK_RESULT(gpu.api.cuGetErrorName(Result::illegalAddress, &text), CUDA_SUCCESS);
  CHECK(std::string(text) == "CUDA_ERROR_ILLEGAL_ADDRESS");
  CHECK_RESULT(gpu.api.cuGetErrorString(Result::illegalAddress, &text), CUDA_SUCCESS);
  CHECK(std::string(text) == "an illegal memory access was encountered");
  CHECK_RESULT(gpu.api.cuGetErrorName(static_cast<Result>(5), &text), CUDA_ERROR_INVALID_VALUE);
  CHECK(text == nullptr);
}
