// Kernels as a compiler makes them, here and in the room of the machine: MLIR lowered them to PTX by LLVM. Convolutions
// forwards and backwards with the tensor unit, wgmma and clusters, or with cp.async and mma.sync; and a product of matrices
// whose descriptors MLIR's nvgpu dialect made.
#include "tests/unit/emulator-driver/Convolutions.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace skip::driver;
using skip::cuda::TensorMap;
using skip::emulator::Completion;
using skip::emulator::fromBf16;

namespace {
/// A device with the only kernel of a file.
struct Loaded : Gpu {
  Kernel main = nullptr;
  Loaded(const char *architecture, const std::string &file, const char *kernelName, Completion completion, uint64_t seed)
      : Gpu(Setup{.architecture = architecture, .completion = completion, .seed = seed, .memoryBytes = uint64_t{1} << 30}) {
    const char *root = std::getenv("SKIP_SOURCE_DIR");
    std::ifstream stream(std::string(root ? root : ".") + "/tests/unit/" + file);
    std::stringstream text;
    text << stream.rdbuf();
    INFO(file);
    REQUIRE(!text.str().empty());
    ok(api.cuLibraryLoadData(&library, text.str().c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
    main = kernel(kernelName);
  }
  void run(unsigned x, unsigned y, unsigned z, unsigned threads, unsigned shared, Arguments arguments) {
    ok(api.cuKernelSetAttribute(FunctionAttribute::maxDynamicSharedSizeBytes, static_cast<int>(shared), main, 0));
    LaunchConfig config{x, y, z, threads, 1, 1, shared, nullptr, nullptr, 0};
    ok(api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(main), arguments.pointers(), nullptr));
    ok(api.cuCtxSynchronize());
  }
};

struct Forward {
  Bf16 x, w;
  std::vector<float> bias, expected; // with relu
  explicit Forward(const Convolution &conv)
      : x(randomBf16(static_cast<size_t>(conv.inputs()) * conv.c, 1)),
        w(randomBf16(static_cast<size_t>(conv.k) * conv.taps() * conv.c, 2)), bias(static_cast<size_t>(conv.k)),
        expected(static_cast<size_t>(conv.outputs()) * conv.k) {
    for (int k = 0; k < conv.k; ++k)
      bias[k] = static_cast<float>(k % 7) - 3;
    for (size_t i = 0; i < expected.size(); ++i)
      expected[i] = bias[i % bias.size()];
    forEachTap(conv, [&](int out, int in, int tap) {
      for (int k = 0; k < conv.k; ++k)
        for (int c = 0; c < conv.c; ++c)
          expected[out * conv.k + k] += fromBf16(x[in * conv.c + c]) * fromBf16(w[(k * conv.taps() + tap) * conv.c + c]);
    });
    for (float &value : expected)
      value = std::max(value, 0.0f);
  }
};
} // namespace

/// All are bf16 of sums that are exact in f32.
static void checkBf16(const Bf16 &got, const std::vector<float> &expected) {
  REQUIRE(got.size() == expected.size());
  size_t wrong = 0;
  for (size_t i = 0; i < got.size(); ++i)
    wrong += got[i] != skip::emulator::toBf16(expected[i]);
  CHECK(wrong == 0);
}

static unsigned ceilDiv(int value, int by) { return static_cast<unsigned>((value + by - 1) / by); }

static void runForward90(const char *file, const Convolution &conv, int cluster, Completion completion, uint64_t seed) {
  constexpr int kTileM = 128, kTileN = 256;
  Loaded gpu("sm_90a", file, "conv_fprop", completion, seed);
  Forward data(conv);
  DeviceAddress y = gpu.allocate(data.expected.size() * 2), x = upload(gpu, data.x), w = upload(gpu, data.w);
  int reduction = conv.taps() * conv.c;
  TensorMap input = pixelMap(gpu, x, conv.c, conv.side, conv.n, {-conv.pad(), conv.pad() - (conv.r - 1), conv.stride, kTileM});
  TensorMap filter = tileMap(gpu, TensorMapType::bfloat16, w, {static_cast<uint64_t>(reduction), static_cast<uint64_t>(conv.k)},
                             {64, static_cast<uint32_t>(kTileN / cluster)});
  TensorMap output = tileMap(gpu, TensorMapType::bfloat16, y,
                             {static_cast<uint64_t>(conv.k), static_cast<uint64_t>(conv.outputs())}, {64, kTileM});
  unsigned tiles = (ceilDiv(conv.outputs(), kTileM) + cluster - 1) / cluster * cluster;
  gpu.run(tiles, static_cast<unsigned>(conv.k / kTileN), 1, 384, 226 * 1024,
          Arguments(input, filter, output, upload(gpu, data.bias), reduction / 64, conv.c / 64, conv.r, conv.out(),
                    conv.out() * conv.out(), conv.stride, conv.pad()));
  checkBf16(download<uint16_t>(gpu, y, data.expected.size()), data.expected);
}

TEST_CASE("convolutions: forwards on sm_90a, by im2col, wgmma and a pipeline of warps") {
  runForward90("emulator/data/conv_ws.ptx", {2, 14, 64, 256, 3, 1}, 1, Completion::lazy, 1);
  runForward90("emulator/data/conv_ws.ptx", {3, 14, 128, 256, 3, 2}, 1, Completion::eager, 2);
  runForward90("emulator/data/conv_ws.ptx", {1, 14, 64, 256, 1, 2}, 1, Completion::mixed, 3);
}

TEST_CASE("convolutions: forwards in clusters, whose blocks share the filter") {
  for (uint64_t seed : {1, 2, 3})
    runForward90("emulator/data/conv_ws_cl2.ptx", {2, 14, 64, 256, 3, 1}, 2, Completion::mixed, seed);
}

TEST_CASE("convolutions: forwards on sm_80, by cp.async and mma") {
  for (Convolution conv : {Convolution{2, 12, 64, 128, 3, 1}, {2, 14, 32, 256, 3, 2}, {2, 14, 64, 128, 1, 2}}) {
    Loaded gpu("sm_80", "emulator/data/conv_fprop_sm80.ptx", "conv_fprop_sm80", Completion::mixed, 1);
    Forward data(conv);
    int m = conv.outputs(), reduction = conv.taps() * conv.c;
    DeviceAddress y = gpu.allocate(data.expected.size() * 2);
    gpu.run(ceilDiv(m, 128), static_cast<unsigned>(conv.k / 128), 1, 128, 65536,
            Arguments(upload(gpu, data.x), upload(gpu, data.w), y, upload(gpu, data.bias), m, conv.k, conv.side, conv.side,
                      conv.c, conv.r, reduction, conv.out(), conv.out() * conv.out(), conv.stride, conv.pad(), reduction / 32));
    checkBf16(download<uint16_t>(gpu, y, data.expected.size()), data.expected);
  }
}

TEST_CASE("convolutions: the gradient of the input, whose filter is read MN-major") {
  Convolution conv{2, 14, 128, 128, 3, 1};
  Loaded gpu("sm_90a", "emulator-driver/data/dgrad_128.ptx", "dgrad", Completion::mixed, 1);
  Bf16 dy = randomBf16(static_cast<size_t>(conv.outputs()) * conv.k, 1),
       w = randomBf16(static_cast<size_t>(conv.k) * conv.taps() * conv.c, 2);
  std::vector<float> expected(static_cast<size_t>(conv.inputs()) * conv.c);
  forEachTap(conv, [&](int out, int in, int tap) {
    for (int c = 0; c < conv.c; ++c)
      for (int k = 0; k < conv.k; ++k)
        expected[in * conv.c + c] += fromBf16(dy[out * conv.k + k]) * fromBf16(w[(k * conv.taps() + tap) * conv.c + c]);
  });
  TensorMap gradient =
      pixelMap(gpu, upload(gpu, dy), conv.k, conv.out(), conv.n, {conv.pad() - (conv.r - 1), -conv.pad(), 1, 128});
  TensorMap filter =
      tileMap(gpu, TensorMapType::bfloat16, upload(gpu, w),
              {static_cast<uint64_t>(conv.c), static_cast<uint64_t>(conv.taps()), static_cast<uint64_t>(conv.k)}, {64, 1, 64});
  DeviceAddress dx = gpu.allocate(expected.size() * 2);
  gpu.run(ceilDiv(conv.inputs(), 128), static_cast<unsigned>(conv.c / 128), 1, 384, 226 * 1024,
          Arguments(gradient, filter, dx, conv.inputs(), conv.c, conv.side * conv.side, conv.side, conv.r, conv.r,
                    conv.r - 1 - conv.pad(), conv.k / 64, conv.taps() * conv.k / 64));
  checkBf16(download<uint16_t>(gpu, dx, expected.size()), expected);
}

TEST_CASE("convolutions: the gradient of the filter, both operands MN-major, split over blocks") {
  struct Case {
    Convolution conv;
    int split;
  };
  for (auto [conv, split] : {Case{{2, 14, 128, 128, 3, 1}, 2}, {{2, 14, 128, 128, 3, 2}, 1}}) {
    Loaded gpu("sm_90a", "emulator-driver/data/wgrad_128.ptx", "wgrad", Completion::mixed, 1);
    Bf16 dy = randomBf16(static_cast<size_t>(conv.outputs()) * conv.k, 1),
         x = randomBf16(static_cast<size_t>(conv.inputs()) * conv.c, 2);
    size_t count = static_cast<size_t>(conv.k) * conv.taps() * conv.c;
    std::vector<float> expected(count);
    forEachTap(conv, [&](int out, int in, int tap) {
      for (int k = 0; k < conv.k; ++k)
        for (int c = 0; c < conv.c; ++c)
          expected[(k * conv.taps() + tap) * conv.c + c] += fromBf16(dy[out * conv.k + k]) * fromBf16(x[in * conv.c + c]);
    });
    TensorMap gradient = tileMap(gpu, TensorMapType::bfloat16, upload(gpu, dy),
                                 {static_cast<uint64_t>(conv.k), static_cast<uint64_t>(conv.outputs())}, {64, 64});
    TensorMap input =
        pixelMap(gpu, upload(gpu, x), conv.c, conv.side, conv.n, {-conv.pad(), conv.pad() - (conv.r - 1), conv.stride, 64});
    DeviceAddress partials = gpu.allocate(count * 4 * split);
    int reduction = conv.taps() * conv.c, steps = static_cast<int>((ceilDiv(conv.outputs(), 64) + split - 1) / split);
    gpu.run(ceilDiv(conv.k, 128), static_cast<unsigned>(reduction / 128), static_cast<unsigned>(split), 384, 226 * 1024,
            Arguments(gradient, input, partials, conv.k, conv.c, reduction, conv.r, conv.c / 128, conv.out() * conv.out(),
                      conv.out(), conv.stride, conv.pad(), steps, 1));
    std::vector<float> got = download<float>(gpu, partials, count * split);
    size_t wrong = 0;
    for (size_t i = 0; i < count; ++i)
      wrong += got[i] + (split > 1 ? got[count + i] : 0) != expected[i];
    CHECK(wrong == 0);
  }
}

TEST_CASE("convolutions: a product of matrices that only nvgpu described, by maps in device memory") {
  constexpr int kSize = 128, kInner = 4096, kStride = 4096;
  Loaded gpu("sm_90a", "emulator/data/gemm_nvgpu.ptx", "gemm", Completion::mixed, 1);
  std::vector<uint16_t> a(kSize * kInner), b(static_cast<size_t>(kInner) * kSize);
  std::mt19937 random(3);
  for (auto *matrix : {&a, &b})
    for (uint16_t &value : *matrix)
      value = skip::emulator::toF16(static_cast<int>(random() % 9) - 4);
  TensorMap ofA = tileMap(gpu, TensorMapType::float16, upload(gpu, a), {kInner, kSize}, {64, 128});
  TensorMap ofB = tileMap(gpu, TensorMapType::float16, upload(gpu, b), {kSize, kInner}, {64, 64});
  DeviceAddress d = gpu.allocate(size_t{kSize} * kStride * 4);
  gpu.run(1, 1, 1, 128, 131072, Arguments(upload(gpu, std::vector{ofA}), upload(gpu, std::vector{ofB}), d));
  std::vector<float> got = download<float>(gpu, d, size_t{kSize} * kStride);
  size_t wrong = 0;
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j) {
      float sum = 0;
      for (int k = 0; k < kInner; ++k)
        sum += skip::emulator::fromF16(a[i * kInner + k]) * skip::emulator::fromF16(b[k * kSize + j]);
      wrong += got[i * kStride + j] != sum;
    }
  CHECK(wrong == 0);
}
