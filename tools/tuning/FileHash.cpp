// The same hash as of packed weights, byte by byte: a folder of candidates takes it less than a tenth of a second.
#include "tools/tuning/FileHash.h"

#include "runtime/Fnv1a.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

using namespace skip;

static constexpr size_t kDigits = 16;

std::optional<std::string> tuning::hashOfFile(const std::string &path) {
  std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rb"), [](FILE *opened) { return std::fclose(opened); });
  if (!file)
    return std::nullopt;
  runtime::Fnv1a hash;
  std::array<uint8_t, 4096> part;
  while (size_t count = std::fread(part.data(), 1, part.size(), file.get()))
    std::for_each_n(part.begin(), count, [&](uint8_t byte) { hash.add(byte); });
  if (std::ferror(file.get()))
    return std::nullopt;
  char text[kDigits + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash.value));
  return text;
}

bool tuning::isHashText(std::string_view text) {
  auto isDigit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigits && std::ranges::all_of(text, isDigit);
}
