// Commands to run, for notes and errors.
#include "tools/skipc/Advice.h"

#include "tools/compile/Targets.h"
#include "tools/text/ShellWord.h"
#include "tools/tuning/Export.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace skip;
using tool::Options;

static std::string flag(llvm::StringRef name, llvm::StringRef value) {
  return (" " + name + " " + tool::shellWord(value)).str();
}

std::string tool::commandOnSpec(const Options &options, llvm::StringRef command) {
  std::string text = ("skipc " + command + " " + shellWord(options.spec)).str();
  for (const frontend::Define &define : options.defines)
    text += flag("-D", define.name + "=" + define.value);
  if (!options.model.empty())
    text += flag("--model", options.model);
  for (const std::string &folder : options.importPaths)
    text += flag("-I", folder);
  return text;
}

/// As few as the build has bodies: the widest alone is what `tune` measures without the flag.
static std::string isaFlag(const Options &options) {
  if (options.targetCpu == "x86-64-v3")
    return " --isa avx2";
  llvm::Expected<tool::Body> widest = tool::widestBody();
  bool isWide = widest && *widest == tool::Body::avx512;
  llvm::consumeError(widest.takeError());
  return isWide && options.targetCpu.empty() ? " --isa both" : "";
}

/// An export, which is only read.
static bool isText(const std::string &path) {
  auto start = llvm::MemoryBuffer::getFileSlice(path, 64, 0);
  return start && tuning::isExport((*start)->getBuffer());
}

std::string tool::tuneCommand(const Options &options) {
  std::string text = commandOnSpec(options, "tune");
  if (!options.batches.empty())
    text +=
        " --batch " + llvm::join(llvm::map_range(options.batches, [](int64_t batch) { return std::to_string(batch); }), ",");
  if (!options.database.empty() && !isText(options.database))
    text += flag("--db", options.database);
  return text + isaFlag(options);
}

std::string tool::sameCommand(const Options &options, llvm::StringRef more, llvm::ArrayRef<llvm::StringRef> left) {
  std::string text = "skipc";
  for (size_t i = 0; i < options.words.size(); ++i) {
    llvm::StringRef word = options.words[i];
    if (llvm::is_contained(left, word))
      ++i; // its value
    else if (!llvm::is_contained(left, word.split('=').first))
      text += " " + shellWord(word);
  }
  return text + (more.empty() ? "" : " ") + more.str();
}
