// A .npy file is "\x93NUMPY", a version (2 bytes), the header's length (2 bytes, from version 2 on 4), the header, and
// the values. The header is a Python dictionary with exactly three entries, for example
//   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
// padded with spaces and a line feed. Everything is little-endian.

#include "tools/data/Npy.h"

#include "support/Printable.h"
#include "support/AtomicFile.h"
#include "support/SystemError.h"
#include "tools/data/File.h"

#include <bit>
#include <cstring>

namespace skip::data {

static_assert(std::endian::native == std::endian::little, "values are copied as they are");

namespace {
struct Header {
  std::string descr;
  std::optional<bool> fortranOrder;
  std::optional<std::vector<int64_t>> shape;
};

/// Reads the header's text; each function leaves `text` behind what it took and returns false if it found something else.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  bool parse(Header &header) {
    if (!take('{'))
      return false;
    while (!take('}')) {
      std::string key;
      if (!parseString(key) || !take(':') || !parseEntry(key, header))
        return false;
      if (!take(',') && !peek('}'))
        return false;
    }
    skipSpace();
    return text.empty() && header.fortranOrder && header.shape && !header.descr.empty();
  }

private:
  bool parseEntry(const std::string &key, Header &header) {
    if (key == "descr")
      return parseString(header.descr);
    if (key == "fortran_order")
      return parseBool(header.fortranOrder);
    return key == "shape" && parseShape(header.shape.emplace());
  }

  bool parseString(std::string &value) {
    skipSpace();
    if (text.empty() || (text[0] != '\'' && text[0] != '"'))
      return false;
    size_t end = text.find(text[0], 1);
    if (end == text.npos)
      return false;
    value = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return true;
  }

  bool parseBool(std::optional<bool> &value) {
    skipSpace();
    for (std::string_view word : {"True", "False"}) {
      if (text.starts_with(word)) {
        text.remove_prefix(word.size());
        value = word == "True";
        return true;
      }
    }
    return false;
  }

  bool parseShape(std::vector<int64_t> &shape) {
    if (!take('('))
      return false;
    while (!take(')')) {
      skipSpace();
      size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
      std::optional<uint64_t> extent = parseCount(text.substr(0, digits), INT64_MAX);
      if (!extent || shape.size() == 32)
        return false;
      shape.push_back(static_cast<int64_t>(*extent));
      text.remove_prefix(digits);
      if (!take(',') && !peek(')'))
        return false;
    }
    return true;
  }

  void skipSpace() { text.remove_prefix(std::min(text.find_first_not_of(" \n\t"), text.size())); }
  bool peek(char c) {
    skipSpace();
    return text.starts_with(c);
  }
  bool take(char c) {
    bool found = peek(c);
    text.remove_prefix(found ? 1 : 0);
    return found;
  }

  std::string_view text;
};
} // namespace

/// Splits the file into the header's text and the values' bytes.
static bool splitFile(std::span<const uint8_t> bytes, std::string_view &header, std::span<const uint8_t> &data,
                      std::string &reason) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) {
    reason = "it does not start as a .npy file does; write it with numpy.save";
    return false;
  }
  int version = bytes[6];
  if (version < 1 || version > 3) {
    reason = "its version is " + std::to_string(version) + ", expected 1 to 3";
    return false;
  }
  size_t lengthBytes = version == 1 ? 2 : 4, length = 0;
  if (bytes.size() >= 8 + lengthBytes)
    for (size_t i = 0; i < lengthBytes; ++i)
      length |= size_t{bytes[8 + i]} << (8 * i);
  if (bytes.size() < 8 + lengthBytes || length > bytes.size() - 8 - lengthBytes) {
    reason = "its header is said to be " + std::to_string(length) + " bytes long, but the file ends before; it is truncated";
    return false;
  }
  header = {reinterpret_cast<const char *>(bytes.data()) + 8 + lengthBytes, length};
  data = bytes.subspan(8 + lengthBytes + length);
  return true;
}

static size_t elementBytes(const std::string &descr) {
  if (descr == "<f4")
    return 4;
  if (descr == "<f8")
    return 8;
  return descr == "|u1" || descr == "u1" || descr == "<u1" ? 1 : 0;
}

/// The product of the extents; nothing if it exceeds `limit`. An extent of zero makes it zero, whatever the others are.
static std::optional<uint64_t> countElements(std::span<const int64_t> shape, uint64_t limit) {
  uint64_t count = 1;
  for (int64_t extent : shape)
    if (extent == 0)
      return 0;
  for (int64_t extent : shape) {
    if (extent < 0 || static_cast<uint64_t>(extent) > limit / count)
      return std::nullopt;
    count *= static_cast<uint64_t>(extent);
  }
  return count;
}

static std::vector<float> convertValues(std::span<const uint8_t> data, size_t size) {
  std::vector<float> values(data.size() / size);
  if (size == 4 && !values.empty())
    std::memcpy(values.data(), data.data(), data.size());
  for (size_t i = 0; size == 1 && i < values.size(); ++i)
    values[i] = data[i];
  for (size_t i = 0; size == 8 && i < values.size(); ++i) {
    double value;
    std::memcpy(&value, data.data() + 8 * i, sizeof value);
    values[i] = static_cast<float>(value);
  }
  return values;
}

static std::optional<NpyArray> decode(std::span<const uint8_t> bytes, std::string &reason) {
  std::string_view text;
  std::span<const uint8_t> data;
  if (!splitFile(bytes, text, data, reason))
    return std::nullopt;
  Header header;
  if (!HeaderParser(text).parse(header)) {
    reason = "its header is not a dictionary of `descr`, `fortran_order` and `shape`; write it with numpy.save";
    return std::nullopt;
  }
  size_t size = elementBytes(header.descr);
  if (size == 0) {
    reason = "its element type is `" + header.descr + "`, expected `<f4`, `<f8` or `|u1`; convert it with astype('<f4')";
    return std::nullopt;
  }
  if (*header.fortranOrder) {
    reason = "it is in Fortran order, expected C order; convert it with numpy.ascontiguousarray";
    return std::nullopt;
  }
  std::optional<uint64_t> count = countElements(*header.shape, SIZE_MAX / 8);
  if (!count || *count * size != data.size()) {
    reason = "its shape is " + formatShape(*header.shape) + " of " + std::to_string(size) + " bytes each, but " +
             std::to_string(data.size()) + " bytes of values follow the header; it is truncated or corrupt";
    return std::nullopt;
  }
  return NpyArray{std::move(*header.shape), convertValues(data, size)};
}

std::optional<NpyArray> decodeNpy(std::span<const uint8_t> bytes, const std::string &name, std::string &error) {
  std::string reason;
  std::optional<NpyArray> array = decode(bytes, reason);
  if (!array)
    error = "cannot read the array " + quotedName(name) + ": " + reason;
  return array;
}

std::optional<NpyArray> readNpy(const std::string &path, std::string &error) {
  std::optional<std::vector<uint8_t>> bytes = readFile(path, error);
  if (!bytes)
    return std::nullopt;
  return decodeNpy(*bytes, path, error);
}

std::string formatShape(std::span<const int64_t> shape) {
  std::string text = "[";
  for (int64_t extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

bool writeNpy(const std::string &path, std::span<const int64_t> shape, std::span<const float> values, std::string &error) {
  if (countElements(shape, SIZE_MAX / 8) != values.size()) {
    error = "cannot write the array " + quotedName(path) + ": its shape " + formatShape(shape) + " does not fit " +
            std::to_string(values.size()) + " values";
    return false;
  }
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (int64_t extent : shape)
    header += std::to_string(extent) + ",";
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n'); // Values start at a multiple of 64.
  std::string start = {
      '\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  start += header;
  AtomicFile file;
  return file.open(path, error) && file.write(start.data(), start.size(), error) &&
         file.write(values.data(), values.size_bytes(), error) && file.commit(error);
}

} // namespace skip::data
