// The driver that is not there, is too old, or is none.
#include "tests/unit/runtime-cuda/Model.h"
#include "tests/unit/runtime-cuda/Spawn.h"

#include <atomic>
#include <cstdio>
#include <thread>

using namespace test;

TEST_CASE("alone: create a model", "[.]") {
  skip_model *model = nullptr;
  for (int repeat = 0; repeat < 2; ++repeat) { // a failure is not remembered
    skip_status status = skipmodel_model_create(&model);
    std::printf("<%d %s>\n", status, status ? skipmodel_last_error() : "");
    skipmodel_model_destroy(model);
  }
}

TEST_CASE("alone: many threads at once", "[.]") {
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      skip_model *model = nullptr;
      failed += skipmodel_model_create(&model) != SKIP_OK;
      skipmodel_model_destroy(model);
    });
  for (std::thread &thread : threads)
    thread.join();
  std::printf("<%d failed>\n", failed.load());
}

TEST_CASE("cuda: threads that open the driver at once wait for one of them", "[processes]") {
  Ended ended = runAlone("alone: many threads at once", {});
  CHECK(ended.status == 0);
  CHECK_THAT(ended.text, Catch::Contains("<0 failed>"));
  // The one whose call fails hears of it, and the next one tries again.
  CHECK_THAT(runAlone("alone: many threads at once", {{"SKIP_EMULATOR_FAIL", "cuInit:1"}}).text, Catch::Contains("<1 failed>"));
}

static std::string createWith(const std::vector<std::pair<std::string, std::string>> &variables) {
  Ended ended = runAlone("alone: create a model", variables);
  CHECK(ended.status == 0);
  size_t begin = ended.text.find('<'), end = ended.text.find('>', begin);
  return begin == std::string::npos ? ended.text : ended.text.substr(begin, end + 1 - begin);
}

TEST_CASE("cuda: a driver that cannot be opened is told with the loader's words", "[processes]") {
  CHECK_THAT(createWith({{"SKIP_CUDA_DRIVER", "/no/such/driver.so"}}),
             Catch::StartsWith("<9 no CUDA driver: /no/such/driver.so: cannot open shared object file") &&
                 Catch::Contains("install NVIDIA's driver for the GPU, or let SKIP_CUDA_DRIVER name"));
  CHECK_THAT(createWith({{"SKIP_CUDA_DRIVER", "libc.so.6"}}), Catch::StartsWith("<9 `libc.so.6` is no CUDA driver"));
  CHECK(createWith({}) == "<0 >");
}

TEST_CASE("cuda: a driver that is too old is told with what to install", "[processes]") {
  CHECK_THAT(
      createWith({{"SKIP_EMULATOR_DRIVER_VERSION", "11080"}}),
      Catch::Contains("is too old: it is one of CUDA 11.8, and 12.0 is the least; install a driver of version 525 or later"));
  CHECK(createWith({{"SKIP_EMULATOR_DRIVER_VERSION", "12000"}}) == "<0 >");
}

TEST_CASE("cuda: a driver without a GPU, or that does not start, is told", "[processes]") {
  CHECK_THAT(createWith({{"SKIP_EMULATOR_DEVICES", "0"}}),
             Catch::StartsWith("<9 the CUDA driver does not start: cuInit: CUDA_ERROR_NO_DEVICE, no CUDA-capable device is "
                               "detected; is there a GPU"));
  CHECK_THAT(createWith({{"SKIP_EMULATOR_FAIL", "cuInit:1:CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"}}),
             Catch::StartsWith("<9 the CUDA driver does not start: cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"));
  CHECK_THAT(createWith({{"SKIP_EMULATOR_FAIL", "cuDriverGetVersion:1"}}), Catch::Contains("does not tell its version"));
  CHECK_THAT(createWith({{"SKIP_EMULATOR_FAIL", "cuGetProcAddress:7:CUDA_ERROR_NOT_FOUND"}}),
             Catch::Contains("has no cuDeviceGetCount of CUDA 2.0 (cuGetProcAddress answers 500"));
}

TEST_CASE("cuda: words that the driver does not have for its answer are left out", "[processes]") {
  std::string fail = "cuDevicePrimaryCtxRetain:1:CUDA_ERROR_DEVICE_UNAVAILABLE";
  CHECK_THAT(createWith({{"SKIP_EMULATOR_FAIL", fail}}),
             Catch::StartsWith("<10 cuDevicePrimaryCtxRetain: CUDA_ERROR_DEVICE_UNAVAILABLE, CUDA-capable device(s)"));
  CHECK_THAT(createWith({{"SKIP_EMULATOR_FAIL", fail + ",cuGetErrorString:1"}}),
             Catch::StartsWith("<10 cuDevicePrimaryCtxRetain: CUDA_ERROR_DEVICE_UNAVAILABLE>"));
  CHECK_THAT(createWith({{"SKIP_EMULATOR_FAIL", fail + ",cuGetErrorName:1"}}),
             Catch::StartsWith("<10 cuDevicePrimaryCtxRetain: error 46>"));
}
