#include "tests/unit/emulator/Samples.h"

#include "emulator/tensor/Float.h"

#include <cmath>
#include <random>

namespace skip::emulator::test {
namespace {

struct Shape {
  int n, height, channels, filters, size, stride, padding, out;
};

Shape shapeOf(int n, int height, int channels, int filters, int size, int stride) {
  Shape s{n, height, channels, filters, size, stride, size / 2, 0};
  s.out = (height + 2 * s.padding - size) / stride + 1;
  return s;
}

struct Tensors {
  std::vector<uint16_t> x, w;
  std::vector<float> bias, expected;
};

std::vector<uint16_t> halves(size_t count, uint64_t seed, bool bf16) {
  std::mt19937_64 random(seed);
  std::vector<uint16_t> values(count);
  for (uint16_t &value : values) {
    float number = static_cast<float>(static_cast<int>(random() % 16)) / 8 - 0.9375f;
    value = bf16 ? toBf16(number) : toF16(number);
  }
  return values;
}

/// Rectified, in NHWC; filters in KRSC.
Tensors tensorsOf(const Shape &s) {
  Tensors t;
  size_t image = size_t(s.height) * size_t(s.height) * size_t(s.channels);
  t.x = halves(size_t(s.n) * image, 1, true);
  t.w = halves(size_t(s.filters * s.size * s.size) * size_t(s.channels), 2, true);
  t.bias = randomFloats(size_t(s.filters), 3);
  for (int n = 0; n < s.n; ++n)
    for (int p = 0; p < s.out; ++p)
      for (int q = 0; q < s.out; ++q)
        for (int k = 0; k < s.filters; ++k) {
          double sum = t.bias[size_t(k)];
          for (int r = 0; r < s.size; ++r)
            for (int c = 0; c < s.size; ++c) {
              int h = p * s.stride - s.padding + r, w = q * s.stride - s.padding + c;
              if (h < 0 || w < 0 || h >= s.height || w >= s.height)
                continue;
              const uint16_t *x = &t.x[size_t((n * s.height + h) * s.height + w) * size_t(s.channels)];
              const uint16_t *f = &t.w[size_t((k * s.size + r) * s.size + c) * size_t(s.channels)];
              for (int i = 0; i < s.channels; ++i)
                sum += double(fromBf16(x[i])) * fromBf16(f[i]);
            }
          t.expected.push_back(sum > 0 ? static_cast<float>(sum) : 0.0f);
        }
  return t;
}

double errorOf(const std::vector<float> &expected, const std::vector<float> &found) {
  double error = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double one = std::fabs(double(expected[i]) - found[i]) / (1 + std::fabs(expected[i]));
    error = one > error || std::isnan(one) ? one : error;
  }
  return error;
}

std::vector<float> widened(const std::vector<uint16_t> &halves) {
  std::vector<float> values;
  for (uint16_t half : halves)
    values.push_back(fromBf16(half));
  return values;
}

TensorMap tiled(uint64_t address, std::vector<uint32_t> dims, std::vector<uint16_t> box, TensorMap::Element element) {
  TensorMap map;
  std::memset(static_cast<void *>(&map), 0, sizeof map);
  map.magic = TensorMap::kMagic;
  map.element = element;
  map.rank = static_cast<uint8_t>(dims.size());
  map.swizzle = TensorMap::Swizzle::b128;
  map.address = address;
  uint64_t stride = elementBytes(element);
  for (size_t i = 0; i < dims.size(); ++i) {
    map.dims[i] = dims[i];
    map.box[i] = box[i];
    map.elementStrides[i] = 1;
    stride *= dims[i];
    if (i + 1 < dims.size())
      map.strides[i] = stride;
  }
  return map;
}

TensorMap im2col(uint64_t address, const Shape &s, uint16_t pixels) {
  uint32_t side = static_cast<uint32_t>(s.height);
  TensorMap map =
      tiled(address, {uint32_t(s.channels), side, side, uint32_t(s.n)}, {64, pixels, 0, 0}, TensorMap::Element::bf16);
  map.im2col = 1;
  map.lower[0] = map.lower[1] = static_cast<int8_t>(-s.padding);
  map.upper[0] = map.upper[1] = static_cast<int8_t>(s.padding - (s.size - 1));
  map.elementStrides = {1, uint8_t(s.stride), uint8_t(s.stride), 1, 1};
  return map;
}

Result finished(Device &device, Launch launch, uint64_t y, const std::vector<float> &expected) {
  Result result{device.run(launch), 0};
  if (!result.outcome.fault)
    result.error = errorOf(expected, widened(device.get<uint16_t>(y, expected.size())));
  return result;
}

} // namespace

Result convolveAmpere(const std::string &text, const Settings &settings) {
  Device device("sm_80", settings);
  const Module &module = device.load(text);
  Shape s = shapeOf(1, 10, 64, 128, 3, 1);
  Tensors t = tensorsOf(s);
  int pixels = s.n * s.out * s.out, depth = s.size * s.size * s.channels;
  uint64_t y = device.raw(t.expected.size() * 2);
  Launch launch =
      launchOf(module, "conv_fprop_sm80", {unsigned(pixels + 127) / 128, unsigned(s.filters) / 128, 1}, {128, 1, 1});
  launch.dynamicSharedBytes = 65536;
  launch.params = Device::pack(device.put(t.x), device.put(t.w), y, device.put(t.bias), pixels, s.filters, s.height, s.height,
                               s.channels, s.size, depth, s.out, s.out * s.out, s.stride, s.padding, depth / 32);
  return finished(device, launch, y, t.expected);
}

Result convolveHopper(const std::string &text, const Settings &settings) {
  Device device("sm_90a", settings);
  const Module &module = device.load(text);
  Shape s = shapeOf(1, 13, 64, 256, 3, 1); // 169 pixels: the second block's tile reaches beyond them
  Tensors t = tensorsOf(s);
  int depth = s.size * s.size * s.channels;
  uint32_t pixels = static_cast<uint32_t>(s.n * s.out * s.out);
  uint64_t y = device.raw(t.expected.size() * 2);
  using E = TensorMap::Element;
  Launch launch = launchOf(module, "conv_fprop", {2, 1, 1}, {384, 1, 1});
  launch.dynamicSharedBytes = 226 * 1024;
  launch.params = Device::pack(im2col(device.put(t.x), s, 128),
                               tiled(device.put(t.w), {uint32_t(depth), uint32_t(s.filters)}, {64, 128}, E::bf16),
                               tiled(y, {uint32_t(s.filters), pixels}, {64, 128}, E::bf16), device.put(t.bias), depth / 64,
                               s.channels / 64, s.size, s.out, s.out * s.out, s.stride, s.padding);
  return finished(device, launch, y, t.expected);
}

Result multiplyHopper(const std::string &text, const Settings &settings) {
  const int depth = 4096, side = 128, stride = 4096; // as the kernel has them
  Device device("sm_90a", settings);
  const Module &module = device.load(text);
  std::vector<uint16_t> a = halves(size_t(side * depth), 1, false), b = halves(size_t(depth * side), 2, false);
  uint64_t d = device.raw(size_t(side) * stride * 4);
  using E = TensorMap::Element;
  TensorMap mapA = tiled(device.put(a), {depth, side}, {64, 128}, E::f16),
            mapB = tiled(device.put(b), {side, depth}, {64, 64}, E::f16);
  Launch launch = launchOf(module, module.kernels()[0].name, {1, 1, 1}, {128, 1, 1});
  launch.dynamicSharedBytes = 128 * 1024;
  launch.params = Device::pack(device.put(std::vector<TensorMap>{mapA}), device.put(std::vector<TensorMap>{mapB}), d);
  Result result{device.run(launch), 0};
  if (result.outcome.fault)
    return result;
  std::vector<float> found = device.get<float>(d, size_t(side) * stride);
  for (int i = 0; i < side; i += 5)
    for (int j = 0; j < side; ++j) {
      double sum = 0;
      for (int k = 0; k < depth; ++k)
        sum += double(fromF16(a[size_t(i * depth + k)])) * fromF16(b[size_t(k * side + j)]);
      result.error = std::max(result.error, std::fabs(sum - found[size_t(i * stride + j)]) / (1 + std::fabs(sum)));
    }
  return result;
}

std::string reverseText() {
  return kernelText(R"(
.shared .align 16 .b8 s[512];
mov.u32 %r10, s;
shl.b32 %r11, %r0, 2;
add.u32 %r12, %r10, %r11;
ld.global.f32 %f1, [%d5];
setp.lt.u32 %p1, %r0, 9999;
@%p1 st.shared.f32 [%r12], %f1;
bar.sync 0;
sub.u32 %r13, 508, %r11;
add.u32 %r13, %r13, %r10;
ld.shared.f32 %f2, [%r13];
shfl.sync.bfly.b32 %r20, %r0, 1, 31, -1;
st.global.f32 [%d4], %f2;)");
}

Result reverse(const std::string &text, const Settings &settings) {
  Device device("sm_80", settings);
  const Module &module = device.load(text);
  std::vector<float> in = randomFloats(128, 7), expected(in.rbegin(), in.rend());
  uint64_t out = device.raw(512), freed = device.raw(512);
  device.memory.release(freed);
  Launch launch = launchOf(module, "kernel", {1, 1, 1}, {128, 1, 1});
  launch.params = Device::pack(out, device.put(in), freed, 128);
  Result result{device.run(launch), 0};
  if (!result.outcome.fault)
    result.error = errorOf(expected, device.get<float>(out, 128));
  return result;
}

Result reduceWithTicket(const std::string &text, const Settings &settings) {
  Device device("sm_80", settings);
  const Module &module = device.load(text);
  std::vector<float> x(3000, 1.0f);
  uint64_t out = device.raw(4);
  Launch launch = launchOf(module, "reduce", {5, 1, 1}, {256, 1, 1});
  launch.params = Device::pack(device.put(x), device.raw(20), out, 3000);
  Result result{device.run(launch), 0};
  if (!result.outcome.fault)
    result.error = std::fabs(device.get<float>(out, 1)[0] - 3000);
  return result;
}

std::string dependentText() {
  return kernelText(R"(
griddepcontrol.wait;
ld.global.u32 %r10, [%d5];
griddepcontrol.launch_dependents;
add.u32 %r10, %r10, 1;
st.global.u32 [%d4], %r10;)",
                    "sm_90a");
}

Result dependentPair(const std::string &text, const Settings &settings) {
  Device device("sm_90a", settings);
  const Module &module = device.load(text);
  uint64_t a = device.put(std::vector<uint32_t>(64, 5)), b = device.raw(256);
  std::vector<Launch> launches(3, launchOf(module, "kernel", {2, 1, 1}, {32, 1, 1}));
  for (size_t i = 0; i < launches.size(); ++i) {
    launches[i].programmatic = i > 0;
    launches[i].params = i % 2 ? Device::pack(a, b, a, 0) : Device::pack(b, a, a, 0);
    launches[i].grid.x = 1;
  }
  Result result{Machine(device.architecture, device.memory, settings).run(launches), 0};
  if (!result.outcome.fault)
    result.error = std::fabs(double(device.get<uint32_t>(b, 1)[0]) - 8);
  return result;
}

} // namespace skip::emulator::test
