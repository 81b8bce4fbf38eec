#include "runtime/cuda/Code.h"

#include <initializer_list>

namespace skip::cuda {

static bool isForOneAlone(const SkipCode &code) { return code.column == SKIP_CUDA_SM_90A; }

bool runsOn(const SkipCode &code, Architecture device) {
  if (isForOneAlone(code))
    return code.architecture == device;
  if (code.isText)
    return code.architecture <= device;
  return code.architecture / 10 == device / 10 && code.architecture % 10 <= device % 10;
}

bool isBetter(const SkipCode &code, const SkipCode &other) {
  if (isForOneAlone(code) != isForOneAlone(other))
    return isForOneAlone(code);
  if (code.isText != other.isText)
    return !code.isText;
  return code.architecture > other.architecture;
}

namespace {
constexpr Architecture mostArchitecture = 255;

/// The names of all architectures, made by the compiler: a name outlives whoever asked for it.
struct Names {
  char text[mostArchitecture + 1][8] = {};
  constexpr explicit Names(const char *suffix) {
    for (Architecture i = 0; i <= mostArchitecture; ++i) {
      char *to = text[i];
      for (char letter : {'s', 'm', '_'})
        *to++ = letter;
      if (i >= 100)
        *to++ = static_cast<char>('0' + i / 100);
      if (i >= 10)
        *to++ = static_cast<char>('0' + i / 10 % 10);
      *to++ = static_cast<char>('0' + i % 10);
      for (const char *letter = suffix; *letter; ++letter)
        *to++ = *letter;
    }
  }
};
constexpr Names names(""), namesAlone("a");
constexpr uint32_t aloneBit = 0x100;
} // namespace

const char *architectureName(Architecture architecture) {
  return architecture <= mostArchitecture ? names.text[architecture] : "sm_?";
}

uint32_t bodyOf(const SkipCode &code) { return code.architecture | (isForOneAlone(code) ? aloneBit : 0); }

const char *nameOfBody(uint32_t body) {
  uint32_t architecture = body & ~aloneBit;
  return body & aloneBit && architecture <= mostArchitecture ? namesAlone.text[architecture] : architectureName(architecture);
}

} // namespace skip::cuda
