#include "tools/tuning/GpuDevice.h"

#include <algorithm>
#include <charconv>
#include <cmath>

using namespace skip;
using tuning::GpuDevice;

static constexpr size_t kLongestName = 128;

std::string GpuDevice::text() const {
  std::string text = "gpu " + std::to_string(major) + "." + std::to_string(minor) + " sms " + std::to_string(multiprocessors) +
                     " l2 " + std::to_string(l2) + " memory " + std::to_string(memory);
  return name.empty() ? text : text + " " + name;
}

std::string GpuDevice::called() const {
  return name.empty() ? "a GPU of compute capability " + std::to_string(major) + "." + std::to_string(minor) : name;
}

/// `literal` and the number behind it, taken from the front; -1 where they are not there.
static int64_t numberBehind(std::string_view literal, std::string_view &rest) {
  if (!rest.starts_with(literal))
    return -1;
  int64_t value = -1;
  const char *first = rest.data() + literal.size(), *last = rest.data() + rest.size();
  auto [end, code] = std::from_chars(first, last, value);
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return code == std::errc() ? value : -1;
}

std::optional<GpuDevice> GpuDevice::parse(std::string_view text) {
  std::string_view rest = text;
  GpuDevice device;
  device.major = numberBehind("gpu ", rest);
  device.minor = numberBehind(".", rest);
  device.multiprocessors = numberBehind(" sms ", rest);
  device.l2 = numberBehind(" l2 ", rest);
  device.memory = numberBehind(" memory ", rest);
  if (rest.starts_with(' '))
    device.name = rest.substr(1);
  bool sane = std::min({device.major, device.minor, device.l2, device.memory}) >= 0 && device.multiprocessors >= 1 &&
              cleanName(device.name) == device.name;
  return sane && device.text() == text ? std::optional(device) : std::nullopt; // whatever was skipped shows here
}

GpuDevice tuning::commonGpu() { return {8, 0, 108, 41943040, 40, "NVIDIA A100"}; }

/// Of two sizes in powers of two; an unknown one counts as a factor of four away.
static double apart(int64_t a, int64_t b) {
  if (a == b)
    return 0;
  return a && b ? std::abs(std::log2(double(a) / double(b))) : 2;
}

double tuning::distance(const GpuDevice &a, const GpuDevice &b) {
  double sizes = 2 * apart(a.multiprocessors, b.multiprocessors) + 2 * apart(a.l2, b.l2);
  double alike = std::min(0.5, apart(a.memory, b.memory) / 4) + (a.name == b.name ? 0 : 0.125);
  if (a.multiprocessors != b.multiprocessors || a.l2 != b.l2)
    sizes = std::max(sizes, 1.0);
  return std::min(60.0, sizes) + alike + (a.minor != b.minor ? 1 : 0) + (a.major != b.major ? 100 : 0);
}

std::string tuning::cleanName(std::string_view text) {
  std::string clean;
  for (char c : text)
    if (c > ' ' && c <= '~')
      clean += c;
    else if (!clean.empty() && clean.back() != ' ')
      clean += ' ';
  clean.resize(std::min(clean.size(), kLongestName));
  while (!clean.empty() && clean.back() == ' ')
    clean.pop_back();
  return clean;
}
