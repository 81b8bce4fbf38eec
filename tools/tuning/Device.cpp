// The fingerprint from /proc/cpuinfo and the cache directories of sysfs, and a distance between fingerprints.
#include "tools/tuning/Device.h"

#include "tools/tuning/GpuDevice.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

using namespace skip;
using tuning::Device;

static constexpr size_t kLongestName = 128;

std::string Device::called() const {
  std::string kind = vendor + " " + std::to_string(family) + "/" + std::to_string(model);
  return name.empty() ? kind : name + " (" + kind + ")";
}

std::string Device::text() const {
  std::string text = vendor + " " + std::to_string(family) + "/" + std::to_string(model) + " " +
                     std::string(tool::nameOf(body)) + " l1 " + std::to_string(l1) + " l2 " + std::to_string(l2) + " l3 " +
                     std::to_string(l3);
  return name.empty() ? text : text + " " + name;
}

static std::string_view nextWord(std::string_view &rest, char separator = ' ') {
  size_t end = std::min(rest.find(separator), rest.size());
  std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

static int64_t number(std::string_view word) {
  int64_t value = -1;
  auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
  return code == std::errc() && end == word.data() + word.size() ? value : -1;
}

static bool isPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<Device> Device::parse(std::string_view text) {
  std::string_view rest = text;
  Device device;
  device.vendor = nextWord(rest);
  device.family = number(nextWord(rest, '/'));
  device.model = number(nextWord(rest));
  device.body = tool::bodyNamed(nextWord(rest)).value_or(tool::Body::avx2);
  for (int64_t *size : {&device.l1, &device.l2, &device.l3}) {
    nextWord(rest);
    *size = number(nextWord(rest));
  }
  device.name = rest;
  bool sane = std::min({device.family, device.model, device.l1, device.l2, device.l3}) >= 0 && !device.vendor.empty() &&
              text.size() <= 2 * kLongestName && isPlain(text);
  return sane && device.text() == text ? std::optional(device) : std::nullopt; // whatever was skipped shows here
}

static void readProcessor(const std::string &root, Device &device) {
  std::ifstream file(root + "/proc/cpuinfo");
  for (std::string line; std::getline(file, line) && !line.empty();) { // the first processor's lines
    std::string_view rest = line;
    std::string key = tuning::cleanName(nextWord(rest, ':')), value = tuning::cleanName(rest);
    value.erase(0, value.find_first_not_of(' '));
    if (key == "vendor_id" && !value.empty() && value.find(' ') == value.npos)
      device.vendor = value;
    else if (key == "cpu family")
      device.family = std::max<int64_t>(0, number(value));
    else if (key == "model")
      device.model = std::max<int64_t>(0, number(value));
    else if (key == "model name")
      device.name = value;
  }
}

static std::string firstWordOf(const std::string &path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

static void readCaches(const std::string &root, Device &device) {
  for (int index = 0; index < 8; ++index) {
    std::string folder = root + "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    std::string size = firstWordOf(folder + "/size"), level = firstWordOf(folder + "/level");
    if (firstWordOf(folder + "/type") == "Instruction" || size.empty())
      continue;
    int64_t unit = size.back() == 'K' ? 1024 : size.back() == 'M' ? 1024 * 1024 : 1;
    int64_t bytes = unit * std::max<int64_t>(0, number(std::string_view(size).substr(0, size.size() - (unit > 1))));
    (level == "1" ? device.l1 : level == "2" ? device.l2 : device.l3) = bytes;
  }
}

Device Device::read(tool::Body widest, const std::string &root) {
  Device device;
  device.body = widest;
  readProcessor(root, device);
  readCaches(root, device);
  return device;
}

/// Of two sizes in powers of two; an unknown one counts as a factor of four away.
static double apart(int64_t a, int64_t b) {
  if (a == b)
    return 0;
  return a && b ? std::abs(std::log2(double(a) / double(b))) : 2;
}

double tuning::distance(const Device &a, const Device &b) {
  double far = std::min(60.0, 2 * apart(a.l1, b.l1) + 2 * apart(a.l2, b.l2) + apart(a.l3, b.l3));
  if (a.body != b.body)
    far += 100;
  if (a.vendor != b.vendor)
    far += 0.5;
  else if (a.family != b.family)
    far += 0.25;
  else if (a.model != b.model || a.name != b.name)
    far += 0.125;
  return far;
}
