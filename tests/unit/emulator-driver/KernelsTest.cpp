// What only an sm_90 has, from the call to the kernel and back: tensor maps as arguments, clusters, programmatic launches.
#include "tests/unit/emulator-driver/Gpu.h"

#include <array>
#include <cstring>
#include <numeric>

using namespace skip::driver;

/// Each kernel has one warp. `tile` and `pixels` load a box of 8 rows or pixels of 128 bytes and store it as it lies in shared
/// memory.
static constexpr const char *kHopper = R"(.version 8.0
.target sm_90a
.address_size 64

.extern .shared .align 1024 .b8 smem[];

.visible .entry tile(.param .align 64 .b8 tile_param_0[128], .param .u64 tile_param_1, .param .u32 tile_param_2, .param .u32 tile_param_3)
{
  .reg .pred %p<3>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<10>;
  mov.b64 %rd1, tile_param_0;
  cvta.param.u64 %rd2, %rd1;
  ld.param.u64 %rd3, [tile_param_1];
  ld.param.u32 %r1, [tile_param_2];
  ld.param.u32 %r2, [tile_param_3];
  mov.u32 %r3, smem;
  add.s32 %r4, %r3, 1024;
  mov.u32 %r5, %tid.x;
  setp.ne.s32 %p1, %r5, 0;
  @%p1 bra $ready;
  mbarrier.init.shared.b64 [%r4], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared.b64 %rd4, [%r4], 1024;
  cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%r3], [%rd2, {%r1, %r2}], [%r4];
$ready:
  bar.sync 0;
$wait:
  mbarrier.try_wait.parity.shared.b64 %p2, [%r4], 0;
  @!%p2 bra $wait;
  cvta.to.global.u64 %rd5, %rd3;
  shl.b32 %r6, %r5, 5;
  add.s32 %r7, %r3, %r6;
  cvt.u64.u32 %rd6, %r6;
  add.s64 %rd7, %rd5, %rd6;
  ld.shared.v4.u32 {%r8, %r9, %r10, %r11}, [%r7];
  st.global.v4.u32 [%rd7], {%r8, %r9, %r10, %r11};
  ld.shared.v4.u32 {%r12, %r13, %r14, %r15}, [%r7+16];
  st.global.v4.u32 [%rd7+16], {%r12, %r13, %r14, %r15};
  ret;
}

.visible .entry pixels(.param .align 64 .b8 pixels_param_0[128], .param .u64 pixels_param_1, .param .u32 pixels_param_2, .param .u32 pixels_param_3)
{
  .reg .pred %p<3>;
  .reg .b16 %rs<3>;
  .reg .b32 %r<17>;
  .reg .b64 %rd<10>;
  mov.b64 %rd1, pixels_param_0;
  cvta.param.u64 %rd2, %rd1;
  ld.param.u64 %rd3, [pixels_param_1];
  ld.param.u16 %rs1, [pixels_param_2];
  ld.param.u16 %rs2, [pixels_param_3];
  mov.u32 %r1, 0;
  mov.u32 %r2, -1;
  mov.u32 %r3, smem;
  add.s32 %r4, %r3, 1024;
  mov.u32 %r5, %tid.x;
  setp.ne.s32 %p1, %r5, 0;
  @%p1 bra $ready;
  mbarrier.init.shared.b64 [%r4], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared.b64 %rd4, [%r4], 1024;
  cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%r3], [%rd2, {%r1, %r2, %r2, %r1}], [%r4], {%rs1, %rs2};
$ready:
  bar.sync 0;
$wait:
  mbarrier.try_wait.parity.shared.b64 %p2, [%r4], 0;
  @!%p2 bra $wait;
  cvta.to.global.u64 %rd5, %rd3;
  shl.b32 %r6, %r5, 5;
  add.s32 %r7, %r3, %r6;
  cvt.u64.u32 %rd6, %r6;
  add.s64 %rd7, %rd5, %rd6;
  ld.shared.v4.u32 {%r8, %r9, %r10, %r11}, [%r7];
  st.global.v4.u32 [%rd7], {%r8, %r9, %r10, %r11};
  ld.shared.v4.u32 {%r12, %r13, %r14, %r15}, [%r7+16];
  st.global.v4.u32 [%rd7+16], {%r12, %r13, %r14, %r15};
  ret;
}

.visible .entry rank(.param .u64 rank_param_0)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [rank_param_0];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %cluster_ctarank;
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd4, %rd2, %rd3;
  st.global.u32 [%rd4], %r2;
  ret;
}

.visible .entry pair(.param .u64 pair_param_0)
.explicitcluster
.reqnctapercluster 2, 1, 1
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [pair_param_0];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %cluster_ctarank;
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd4, %rd2, %rd3;
  st.global.u32 [%rd4], %r2;
  ret;
}

.visible .entry first(.param .u64 first_param_0)
{
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [first_param_0];
  cvta.to.global.u64 %rd2, %rd1;
  griddepcontrol.launch_dependents;
  st.global.u32 [%rd2], 41;
  ret;
}

.visible .entry waits(.param .u64 waits_param_0)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [waits_param_0];
  cvta.to.global.u64 %rd2, %rd1;
  griddepcontrol.wait;
  ld.global.u32 %r1, [%rd2];
  add.s32 %r2, %r1, 1;
  st.global.u32 [%rd2+4], %r2;
  ret;
}

.visible .entry hurries(.param .u64 hurries_param_0)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [hurries_param_0];
  cvta.to.global.u64 %rd2, %rd1;
  ld.global.u32 %r1, [%rd2];
  add.s32 %r2, %r1, 1;
  st.global.u32 [%rd2+4], %r2;
  griddepcontrol.wait;
  ret;
}
)";

namespace {
struct Hopper : Gpu {
  explicit Hopper(uint64_t seed = 1, skip::emulator::Completion completion = skip::emulator::Completion::lazy)
      : Gpu(Setup{.architecture = "sm_90a", .completion = completion, .seed = seed}) {
    ok(api.cuLibraryLoadData(&library, kHopper, nullptr, nullptr, 0, nullptr, nullptr, 0));
  }
  Result run(const char *name, Stream stream, std::vector<void *> params, unsigned blocks, unsigned threads, unsigned shared,
             std::vector<LaunchAttribute> attributes = {}) {
    LaunchConfig config{blocks, 1,      1,      threads,           1,
                        1,      shared, stream, attributes.data(), static_cast<unsigned>(attributes.size())};
    return api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(kernel(name)), params.data(), nullptr);
  }
};
} // namespace

using Row = std::array<uint16_t, 64>;

/// Where chunk `chunk` of row `row` lies in a swizzled box that starts at a multiple of 1024 bytes.
static int swizzled(int row, int chunk) { return row * 64 + 8 * (chunk ^ (row & 7)); }

/// Runs `name` with a map, and compares what lies in shared memory with the rows that are expected.
static void checkBox(Hopper &gpu, const char *name, skip::cuda::TensorMap &map, uint32_t first, uint32_t second,
                     const std::vector<Row> &rows) {
  DeviceAddress out = gpu.allocate(1024);
  Gpu::ok(gpu.run(name, nullptr, {&map, &out, &first, &second}, 1, 32, 1024 + 16));
  std::vector<uint16_t> box(512);
  Gpu::ok(gpu.api.cuMemcpyDtoH(box.data(), out, 1024));
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 64; ++column)
      REQUIRE(box[swizzled(row, column / 8) + column % 8] == rows[row][column]);
}

TEST_CASE("kernels: a tile comes through a tensor map that is an argument") {
  Hopper gpu;
  constexpr int kWidth = 72, kHeight = 10;
  std::vector<uint16_t> tensor(kWidth * kHeight);
  std::iota(tensor.begin(), tensor.end(), 1);
  DeviceAddress address = gpu.allocate(tensor.size() * 2);
  Gpu::ok(gpu.api.cuMemcpyHtoD(address, tensor.data(), tensor.size() * 2));
  skip::cuda::TensorMap map;
  const uint64_t dims[] = {kWidth, kHeight}, strides[] = {kWidth * 2};
  const uint32_t box[] = {64, 8}, ones[] = {1, 1};
  Gpu::ok(gpu.api.cuTensorMapEncodeTiled(&map, skip::cuda::TensorMapType::uint16, 2, reinterpret_cast<void *>(address), dims,
                                         strides, box, ones, TensorMapInterleave::none, TensorMapSwizzle::b128,
                                         TensorMapPromotion::none, TensorMapFill::none));
  for (auto [x, y] : {std::pair{0, 0}, {8, 2}, {16, 5}, {-4, -3}}) {
    std::vector<Row> rows(8);
    for (int row = 0; row < 8; ++row)
      for (int column = 0; column < 64; ++column) {
        int atX = x + column, atY = y + row;
        bool inside = atX >= 0 && atX < kWidth && atY >= 0 && atY < kHeight;
        rows[row][column] = inside ? tensor[atY * kWidth + atX] : 0;
      }
    checkBox(gpu, "tile", map, static_cast<uint32_t>(x), static_cast<uint32_t>(y), rows);
  }
}

TEST_CASE("kernels: pixels of a convolution come through an im2col map") {
  Hopper gpu;
  constexpr int kChannels = 64, kSide = 3;
  std::vector<uint16_t> image(kSide * kSide * kChannels);
  std::iota(image.begin(), image.end(), 1);
  DeviceAddress address = gpu.allocate(image.size() * 2);
  Gpu::ok(gpu.api.cuMemcpyHtoD(address, image.data(), image.size() * 2));
  skip::cuda::TensorMap map;
  const uint64_t dims[] = {kChannels, kSide, kSide, 1}, strides[] = {kChannels * 2, kSide * kChannels * 2, image.size() * 2};
  const uint32_t ones[] = {1, 1, 1, 1};
  const int corners[] = {-1, -1};
  Gpu::ok(gpu.api.cuTensorMapEncodeIm2col(&map, skip::cuda::TensorMapType::uint16, 4, reinterpret_cast<void *>(address), dims,
                                          strides, corners, corners, kChannels, 8, ones, TensorMapInterleave::none,
                                          TensorMapSwizzle::b128, TensorMapPromotion::none, TensorMapFill::none));
  for (int r = 0; r < 3; ++r)
    for (int s = 0; s < 3; ++s) {
      std::vector<Row> rows(8);
      for (int pixel = 0; pixel < 8; ++pixel)
        for (int channel = 0; channel < kChannels; ++channel) {
          int x = pixel % 3 - 1 + s, y = pixel / 3 - 1 + r;
          bool inside = x >= 0 && x < kSide && y >= 0 && y < kSide;
          rows[pixel][channel] = inside ? image[(y * kSide + x) * kChannels + channel] : 0;
        }
      checkBox(gpu, "pixels", map, static_cast<uint32_t>(s), static_cast<uint32_t>(r), rows);
    }
}

TEST_CASE("kernels: bytes that are no tensor map are a fault") {
  Hopper gpu;
  DeviceAddress out = gpu.allocate(1024);
  skip::cuda::TensorMap map{};
  uint32_t zero = 0;
  Gpu::ok(gpu.run("tile", nullptr, {&map, &out, &zero, &zero}, 1, 32, 1024 + 16));
  CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_INSTRUCTION);
}

TEST_CASE("kernels: blocks of a cluster have ranks") {
  Hopper gpu;
  DeviceAddress out = gpu.allocate(32);
  LaunchAttribute cluster{};
  cluster.id = LaunchAttributeId::clusterDimension;
  cluster.value.clusterDim = {4, 1, 1};
  Gpu::ok(gpu.run("rank", nullptr, {&out}, 8, 1, 0, {cluster}));
  uint32_t ranks[8];
  Gpu::ok(gpu.api.cuMemcpyDtoH(ranks, out, 32));
  for (uint32_t block = 0; block < 8; ++block)
    CHECK(ranks[block] == block % 4);
}

static LaunchAttribute clusterOf(unsigned blocks) {
  LaunchAttribute made{};
  made.id = LaunchAttributeId::clusterDimension;
  made.value.clusterDim = {blocks, 1, 1};
  return made;
}

TEST_CASE("kernels: a cluster has at most eight blocks, and more cannot be allowed") {
  Hopper gpu;
  DeviceAddress out = gpu.allocate(64);
  CHECK_RESULT(gpu.run("rank", nullptr, {&out}, 16, 1, 0, {clusterOf(16)}), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  Kernel rank = gpu.kernel("rank");
  auto allow = [&](int value) {
    return gpu.api.cuKernelSetAttribute(FunctionAttribute::nonPortableClusterSizeAllowed, value, rank, 0);
  };
  CHECK_RESULT(allow(2), CUDA_ERROR_INVALID_VALUE);
  CHECK_RESULT(allow(1), CUDA_ERROR_NOT_SUPPORTED);
  CHECK_RESULT(allow(0), CUDA_SUCCESS);
  CHECK_RESULT(gpu.run("rank", nullptr, {&out}, 16, 1, 0, {clusterOf(8)}), CUDA_SUCCESS);
  CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_SUCCESS);
}

TEST_CASE("kernels: a cluster that the kernel requires is taken, and no other") {
  Hopper gpu;
  DeviceAddress out = gpu.allocate(32);
  Kernel pair = gpu.kernel("pair");
  int sides[3] = {};
  for (int i = 0; i < 3; ++i)
    Gpu::ok(gpu.api.cuKernelGetAttribute(&sides[i], static_cast<FunctionAttribute>(11 + i), pair, 0));
  CHECK((sides[0] == 2 && sides[1] == 1 && sides[2] == 1));
  CHECK_RESULT(gpu.run("pair", nullptr, {&out}, 3, 1, 0), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  CHECK_RESULT(gpu.run("pair", nullptr, {&out}, 4, 1, 0, {clusterOf(4)}), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  CHECK_RESULT(gpu.run("pair", nullptr, {&out}, 4, 1, 0, {clusterOf(2)}), CUDA_SUCCESS);
  Gpu::ok(gpu.run("pair", nullptr, {&out}, 8, 1, 0));
  uint32_t ranks[8];
  Gpu::ok(gpu.api.cuMemcpyDtoH(ranks, out, 32));
  for (uint32_t block = 0; block < 8; ++block)
    CHECK(ranks[block] == block % 2);
}

/// `first`, then `second` with programmatic serialization, in a stream or as a graph.
static Result runOverlapped(Hopper &gpu, const char *second, bool asGraph, DeviceAddress words) {
  LaunchAttribute overlap{};
  overlap.id = LaunchAttributeId::programmaticStreamSerialization;
  overlap.value.programmaticStreamSerializationAllowed = 1;
  Stream stream = gpu.stream();
  if (asGraph)
    Gpu::ok(gpu.api.cuStreamBeginCapture(stream, CaptureMode::threadLocal));
  Gpu::ok(gpu.run("first", stream, {&words}, 1, 1, 0, {overlap}));
  Gpu::ok(gpu.run(second, stream, {&words}, 1, 1, 0, {overlap}));
  if (asGraph) {
    Graph graph = nullptr;
    GraphExec exec = nullptr;
    Gpu::ok(gpu.api.cuStreamEndCapture(stream, &graph));
    Gpu::ok(gpu.api.cuGraphInstantiateWithFlags(&exec, graph, 0));
    Gpu::ok(gpu.api.cuGraphLaunch(exec, stream));
  }
  return gpu.api.cuStreamSynchronize(stream);
}

TEST_CASE("kernels: a programmatic launch that waits sees what was before it, one that does not is a fault") {
  for (uint64_t seed = 1; seed <= 10; ++seed)
    for (bool asGraph : {false, true}) {
      INFO("seed " << seed << (asGraph ? ", graph" : ", stream"));
      Hopper gpu(seed);
      DeviceAddress words = gpu.allocate(8);
      CHECK_RESULT(runOverlapped(gpu, "waits", asGraph, words), CUDA_SUCCESS);
      CHECK(Gpu::peek(words + 4) == 42);
      Hopper other(seed);
      CHECK_RESULT(runOverlapped(other, "hurries", asGraph, other.allocate(8)), CUDA_ERROR_LAUNCH_FAILED);
    }
}
