// Matrix instructions in small kernels: what they move and multiply, against a host.
#include "tests/unit/emulator/Device.h"

#include "emulator/tensor/Wgmma.h"

#include <random>

using namespace skip::emulator;
using namespace skip::emulator::test;

namespace {

std::vector<float> wholes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(count);
  for (float &value : values)
    value = static_cast<float>(static_cast<int>(random() % 15)) - 7;
  return values;
}

template <class T>
std::vector<T> run(const std::string &body, uint32_t threads, uint64_t inBytes, const void *in, const void *more,
                   uint64_t moreBytes, size_t results, Completion completion = Completion::mixed) {
  Device device("sm_90a", Settings{.completion = completion, .maxWarpInstructions = 100'000});
  const Module &module = device.load(kernelText(body, "sm_90a"));
  auto put = [&](const void *bytes, uint64_t count) {
    const auto *begin = static_cast<const std::byte *>(bytes);
    return device.put(std::vector<std::byte>(begin, begin + count));
  };
  uint64_t out = device.raw(results * sizeof(T));
  Launch launch;
  launch.module = &module;
  launch.block = {threads, 1, 1};
  launch.params = Device::pack(out, put(in, inBytes), put(more, moreBytes), 0);
  Outcome outcome = device.run(launch);
  INFO(body << "\n" << describe(outcome));
  REQUIRE_FALSE(outcome.fault);
  return device.get<T>(out, results);
}

} // namespace

TEST_CASE("ldmatrix and stmatrix move eight by eight elements, also transposed") {
  std::vector<uint16_t> in(256);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<uint16_t>(i);
  auto moved = [&](const char *load, const char *store) {
    // Four matrices of 128 bytes, one after the other; lane l holds row l % 8 of matrix l / 8.
    std::string body = ".shared .align 128 .b8 a[512]; .shared .align 128 .b8 b[512];\n"
                       "mad.wide.u32 %d7, %r0, 16, %d2; ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%d7];\n"
                       "mov.u32 %r5, a; mad.lo.u32 %r5, %r0, 16, %r5; st.shared.v4.u32 [%r5], {%r10, %r11, %r12, %r13};\n"
                       "mov.u32 %r6, b; mad.lo.u32 %r6, %r0, 16, %r6; bar.warp.sync -1;\n" +
                       std::string(load) + " {%r14, %r15, %r16, %r17}, [%r5];\n" + store +
                       " [%r6], {%r14, %r15, %r16, %r17};\n" +
                       "bar.warp.sync -1; ld.shared.v4.u32 {%r10, %r11, %r12, %r13}, [%r6];\n"
                       "mad.wide.u32 %d7, %r0, 16, %d1; st.global.v4.u32 [%d7], {%r10, %r11, %r12, %r13};\n";
    return run<uint16_t>(body, 32, 512, in.data(), in.data(), 512, 256);
  };
  const char *load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16", *loadT = "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16";
  const char *store = "stmatrix.sync.aligned.m8n8.x4.shared.b16",
             *storeT = "stmatrix.sync.aligned.m8n8.x4.trans.shared::cta.b16";
  std::vector<uint16_t> transposed(256);
  for (size_t m = 0; m < 4; ++m)
    for (size_t row = 0; row < 8; ++row)
      for (size_t column = 0; column < 8; ++column)
        transposed[m * 64 + column * 8 + row] = in[m * 64 + row * 8 + column];
  CHECK(moved(load, store) == in);
  CHECK(moved(loadT, storeT) == in);
  CHECK(moved(loadT, store) == transposed);
  CHECK(moved(load, storeT) == transposed);
}

TEST_CASE("mma.sync of bf16, tf32 and bytes") {
  // Each lane loads what its fragments hold, by the maps of tensor/Mma.h, which have their own tests.
  auto multiplied = [](const std::string &instruction, MatrixElement element, int k, bool integers) {
    std::vector<float> a = wholes(size_t(16 * k), 1), b = wholes(size_t(k * 8), 2);
    int bytes = bytesOf(element), each = 4 / bytes, ofA = registersOfA(k, bytes), ofB = registersOfB(k, bytes);
    auto word = [&](float value, int index) {
      uint32_t bits = bytes == 4   ? std::bit_cast<uint32_t>(value)
                      : bytes == 2 ? toBf16(value)
                                   : static_cast<uint8_t>(static_cast<int>(value));
      return bits << 8 * bytes * index;
    };
    std::vector<uint32_t> fragments(32 * 6, 0);
    for (int lane = 0; lane < 32; ++lane)
      for (int index = 0; index < each; ++index) {
        for (int r = 0; r < ofA; ++r) {
          Position at = positionInA(lane, r, index, bytes);
          fragments[size_t(lane * 6 + r)] |= word(a[size_t(at.row * k + at.column)], index);
        }
        for (int r = 0; r < ofB; ++r) {
          Position at = positionInB(lane, r, index, bytes);
          fragments[size_t(lane * 6 + 4 + r)] |= word(b[size_t(at.row * 8 + at.column)], index);
        }
      }
    std::string body =
        "mad.wide.u32 %d7, %r0, 24, %d2; ld.global.v2.u32 {%r10, %r11}, [%d7]; ld.global.v2.u32 {%r12, %r13}, [%d7+8];"
        "ld.global.v2.u32 {%r14, %r15}, [%d7+16]; mov.u32 %r20, 0; mov.u32 %r21, 0; mov.u32 %r22, 0; mov.u32 %r23, 0;\n" +
        instruction + "\nmad.wide.u32 %d7, %r0, 16, %d1; st.global.v4.u32 [%d7], {%r20, %r21, %r22, %r23};";
    std::vector<uint32_t> found = run<uint32_t>(body, 32, fragments.size() * 4, fragments.data(), a.data(), 4, 128);
    for (int lane = 0; lane < 32; ++lane)
      for (int index = 0; index < 4; ++index) {
        Position at = positionInC(lane, index);
        float sum = 0;
        for (int i = 0; i < k; ++i)
          sum += a[size_t(at.row * k + i)] * b[size_t(i * 8 + at.column)];
        uint32_t value = found[size_t(lane * 4 + index)];
        CHECK((integers ? static_cast<float>(static_cast<int32_t>(value)) : std::bit_cast<float>(value)) == sum);
      }
  };
  std::string d = " {%r20, %r21, %r22, %r23}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%r20, %r21, %r22, %r23};";
  multiplied("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" + d, MatrixElement::bf16, 16, false);
  multiplied("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" + d, MatrixElement::tf32, 8, false);
  multiplied("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32" + d, MatrixElement::s8, 32, true);
  multiplied("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%r20, %r21, %r22, %r23}, {%r10, %r11}, {%r14}, {%r20, %r21, "
             "%r22, %r23};",
             MatrixElement::bf16, 8, false);
}

TEST_CASE("wgmma with A in registers, twice into one accumulator, with signs") {
  const int k = 16, n = 16;
  std::vector<float> a = wholes(64 * k, 1), b = wholes(size_t(n) * k, 2);
  std::vector<uint32_t> fragments(128 * 4, 0);
  for (int thread = 0; thread < 128; ++thread)
    for (int r = 0; r < 4; ++r)
      for (int index = 0; index < 2; ++index) {
        Position at = positionInA(thread % 32, r, index, 2);
        fragments[size_t(thread * 4 + r)] |= uint32_t(toBf16(a[size_t((thread / 32 * 16 + at.row) * k + at.column)]))
                                             << 16 * index;
      }
  // B is K-major without swizzle: eight rows of n of one chunk along K are 128 bytes.
  std::vector<uint16_t> shared(size_t(n) * k);
  SharedOperand operand{{1024, 128, 256, 0, Swizzle::none, 0}, Major::k, MatrixElement::bf16, n, k};
  for (int row = 0; row < n; ++row)
    for (int i = 0; i < k; ++i)
      shared[(addressOf(operand, row, i) - 1024) / 2] = toBf16(b[size_t(row * k + i)]);
  std::string descriptor = std::to_string(encodeDescriptor(operand.descriptor));
  std::string d = "{%f0, %f1, %f2, %f3, %f4, %f5, %f6, %f7}, {%r10, %r11, %r12, %r13}, %d8, ";
  std::string body = ".shared .align 1024 .b8 b[512];\n"
                     "mad.wide.u32 %d7, %r0, 16, %d2; ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%d7];\n"
                     "ld.global.u32 %r5, [%d6]; mov.u32 %r6, b; mad.lo.u32 %r6, %r0, 4, %r6; st.shared.u32 [%r6], %r5;\n"
                     "fence.proxy.async; bar.sync 0; mov.b64 %d8, " +
                     descriptor + "; setp.ne.u32 %p1, %r0, %r0;\nwgmma.fence.sync.aligned;\n" +
                     "wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 " + d +
                     "%p1, 1, 1, 0;\nwgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 " + d +
                     "1, -1, 1, 0;\nwgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 " + d +
                     "1, 1, 1, 0;\nwgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;\n"
                     "mad.wide.u32 %d7, %r0, 32, %d1; st.global.v4.f32 [%d7], {%f0, %f1, %f2, %f3}; st.global.v4.f32 [%d7+16], "
                     "{%f4, %f5, %f6, %f7};";
  for (Completion completion : {Completion::eager, Completion::lazy, Completion::mixed}) {
    std::vector<float> found =
        run<float>(body, 128, fragments.size() * 4, fragments.data(), shared.data(), shared.size() * 2, 128 * 8, completion);
    for (int thread = 0; thread < 128; ++thread)
      for (int index = 0; index < 8; ++index) {
        Position at = positionInC(thread % 32, index);
        float sum = 0;
        for (int i = 0; i < k; ++i)
          sum += a[size_t((thread / 32 * 16 + at.row) * k + i)] * b[size_t(at.column * k + i)];
        CHECK(found[size_t(thread * 8 + index)] == sum);
      }
  }
}
