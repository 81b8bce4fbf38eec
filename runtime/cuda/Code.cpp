#include "runtime/cuda/Code.h"

#include <initializer_list>

namespace skip::cuda {

bool runsOn(const SkipCode &code, Architecture device) {
  if (code.isText)
    return code.architecture <= device;
  return code.architecture / 10 == device / 10 && code.architecture % 10 <= device % 10;
}

bool isBetter(const SkipCode &code, const SkipCode &other) {
  if (code.isText != other.isText)
    return !code.isText;
  return code.architecture > other.architecture;
}

namespace {
constexpr Architecture mostArchitecture = 255;

/// The names of all architectures, made by the compiler: a name outlives whoever asked for it.
struct Names {
  char text[mostArchitecture + 1][8] = {};
  constexpr Names() {
    for (Architecture i = 0; i <= mostArchitecture; ++i) {
      char *to = text[i];
      for (char letter : {'s', 'm', '_'})
        *to++ = letter;
      if (i >= 100)
        *to++ = static_cast<char>('0' + i / 100);
      if (i >= 10)
        *to++ = static_cast<char>('0' + i / 10 % 10);
      *to++ = static_cast<char>('0' + i % 10);
    }
  }
};
constexpr Names names;
} // namespace

const char *architectureName(Architecture architecture) {
  return architecture <= mostArchitecture ? names.text[architecture] : "sm_?";
}

} // namespace skip::cuda
