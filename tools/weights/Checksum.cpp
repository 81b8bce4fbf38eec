// A quotation mark within a text of JSON stands behind a backslash, so that the key is found without reading the header.
#include "tools/weights/Checksum.h"

#include "tools/text/Failure.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

#include <zlib.h>

using namespace skip;
using tool::Checksum;

void Checksum::add(llvm::StringRef bytes) {
  value = crc32_z(value, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size());
}

std::string Checksum::text() const { return llvm::utohexstr(value, /*LowerCase=*/true, zeros.size()); }

/// Where the digits begin in a safetensors file; npos if it has no checksum, or no whole header.
static size_t findDigits(llvm::StringRef file) {
  constexpr size_t headerBegin = sizeof(uint64_t);
  if (file.size() < headerBegin)
    return llvm::StringRef::npos;
  uint64_t length = llvm::support::endian::read64le(file.data());
  std::string key = "\"" + Checksum::name.str() + "\":\"";
  size_t found = file.substr(headerBegin, length).find(key);
  if (found == llvm::StringRef::npos)
    return found;
  size_t digits = headerBegin + found + key.size();
  return digits + Checksum::zeros.size() <= file.size() ? digits : llvm::StringRef::npos;
}

llvm::Expected<tool::ChecksumState> tool::verifyChecksum(llvm::StringRef file, llvm::StringRef path) {
  size_t digits = findDigits(file);
  if (digits == llvm::StringRef::npos)
    return ChecksumState::Absent;
  size_t end = digits + Checksum::zeros.size();
  Checksum found;
  found.add(file.take_front(digits));
  found.add(Checksum::zeros);
  found.add(file.drop_front(end));
  if (file.slice(digits, end) == found.text())
    return ChecksumState::Good;
  std::string said = file.slice(digits, end).str();
  said = llvm::all_of(said, llvm::isHexDigit) ? "says " + said : "is no number";
  return badInput("`" + path + "` is damaged: it is cut short, or bytes are not those that were written (its checksum " + said +
                      ", they give " + found.text() + ")",
                  "take a copy that is whole");
}
