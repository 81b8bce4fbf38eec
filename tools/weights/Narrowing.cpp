// Rounds to nearest. What is too large for a float becomes infinite, which loading then refuses, so the note says which number
// that was.
#include "tools/weights/Narrowing.h"

#include "support/Printable.h"
#include "tools/text/Wrap.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using skip::tool::Narrowing;

llvm::StringRef Narrowing::narrow(llvm::StringRef name, llvm::StringRef doubles) {
  std::string &bytes = owned.emplace_back(doubles.size() / 2, '\0');
  for (size_t i = 0; i < doubles.size() / 8; ++i) {
    auto wide = llvm::bit_cast<double>(llvm::support::endian::read64le(doubles.data() + 8 * i));
    auto value = static_cast<float>(wide);
    llvm::support::endian::write32le(bytes.data() + 4 * i, llvm::bit_cast<uint32_t>(value));
    if (std::isinf(value) && std::isfinite(wide) && ++beyond == 1)
      llvm::raw_string_ostream(firstBeyond) << llvm::format("%g", wide) << " of `" << printable(name) << "`";
  }
  return bytes;
}

std::string Narrowing::note() const {
  if (owned.empty())
    return "";
  std::string text = "narrowed " + counted(owned.size(), "tensor") + " from F64 to F32";
  if (beyond > 0)
    text += ", where " + std::to_string(beyond) + (beyond == 1 ? " number does" : " numbers do") +
            " not fit, being larger than 3.4e38, and became infinite: the first is " + firstBeyond;
  return text;
}
