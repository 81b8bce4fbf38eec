// errno in words, with what was attempted.
#include "support/SystemError.h"

#include "support/Printable.h"

#include <cctype>
#include <cerrno>
#include <cstring>

namespace skip {

static std::string_view hintFor(int code) {
  switch (code) {
  case ENOENT:
    return "check the path";
  case EACCES:
  case EPERM:
    return "check the permissions of the file and of its folder";
  case EROFS:
    return "choose a folder that can be written to";
  case ENOSPC:
  case EDQUOT:
    return "free some space or choose another folder";
  case ENOMEM:
    return "free some memory or raise its limit (`ulimit -v`)";
  case EAGAIN:
    return "take fewer threads (-j, --threads) or raise the limits (`ulimit -u`, `ulimit -v`)";
  case ENOTDIR:
    return "a part of the path before the last is not a folder";
  default:
    return {};
  }
}

std::string describeSystemError(std::string_view action, const std::string &path, int code) {
  std::string reason = std::strerror(code);
  // Strerror's text starts with a capital letter unless that word is an abbreviation such as `RPC`.
  if (reason.size() > 1 && std::islower(static_cast<unsigned char>(reason[1])))
    reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  std::string text = "cannot " + std::string(action) + " " + quotedName(path) + ": " + reason;
  if (std::string_view hint = hintFor(code); !hint.empty())
    text.append("; ").append(hint);
  return text;
}

} // namespace skip
