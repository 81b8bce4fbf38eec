// Words of commands that people are told to run.
#include "tools/text/ShellWord.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;

std::string tool::shellWord(llvm::StringRef word) {
  auto isPlain = [](char c) { return llvm::isAlnum(c) || llvm::StringRef("_-./=,:+@%").contains(c); };
  if (!word.empty() && llvm::all_of(word, isPlain))
    return word.str();
  std::string quoted = "'";
  for (char c : word)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}
