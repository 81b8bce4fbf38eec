// Files are compared as the file system has them, whatever they are called.
#include "tools/skipc/Overwriting.h"

#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace skip;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Whether both are one file that is there.
static bool isSame(llvm::StringRef a, llvm::StringRef b) { return !a.empty() && !b.empty() && fs::equivalent(a, b); }

/// Whether the file, which is there, is one that a data set is read from.
static bool isOfDataset(llvm::StringRef file, llvm::StringRef folder) {
  llvm::SmallString<256> inside, outside;
  if (folder.empty() || !fs::is_directory(folder) || fs::real_path(file, inside) || fs::real_path(folder, outside))
    return false;
  bool isRead =
      path::filename(file) == "labels.tsv" ||
      llvm::StringSwitch<bool>(path::extension(file).lower()).Cases({".png", ".jpg", ".jpeg", ".bin"}, true).Default(false);
  return isRead && path::parent_path(inside).starts_with(outside);
}

llvm::Error tool::refuseOverwriting(const Options &options, llvm::StringRef flag, llvm::StringRef output) {
  if (output.empty())
    return llvm::Error::success();
  std::vector<llvm::StringRef> read{options.spec, options.weights, options.classes, options.data};
  for (const std::vector<std::string> *list : {&options.inputs, &options.pictures})
    llvm::append_range(read, *list);
  bool isRead = llvm::any_of(read, [&](llvm::StringRef input) { return isSame(input, output); });
  if (!isRead && !isOfDataset(output, options.data))
    return llvm::Error::success();
  return badInput(flag + " would replace `" + printable(output) + "`, which is read: name another file");
}
