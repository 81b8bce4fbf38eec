// The catalogue is a folder of specs and of what they import: beside the sources of a build tree, or below share/ of an
// installation.
#include "tools/compile/Catalogue.h"

#include "frontend/Frontend.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>
#include <sys/auxv.h>
#include <vector>

using namespace skip;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Where there is no /proc that tells, as it was called.
static std::string executable() {
  std::string file = fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&executable));
  if (!file.empty())
    return file;
  llvm::SmallString<256> called(reinterpret_cast<const char *>(getauxval(AT_EXECFN)));
  return fs::make_absolute(called) ? "" : called.str().str();
}

static std::string folderBesideExecutable(llvm::ArrayRef<llvm::StringRef> steps) {
  llvm::SmallString<256> folder(executable());
  path::remove_filename(folder);
  for (llvm::StringRef step : steps)
    path::append(folder, step);
  path::remove_dots(folder, /*remove_dot_dot=*/true);
  return folder.str().str();
}

/// `variable` names the folder; else it is beside the sources of a build tree, or below share/ of an installation.
static std::string dataFolder(const char *variable, llvm::StringRef name) {
  if (const char *folder = std::getenv(variable); folder && *folder)
    return folder;
  std::string installed = folderBesideExecutable({"..", "share", "skip", name});
  return fs::is_directory(installed) ? installed : folderBesideExecutable({"..", "..", "..", name});
}

static std::string catalogue() { return dataFolder("SKIP_MODELS", "models"); }

std::vector<std::string> tool::importFolders(std::vector<std::string> asked) {
  asked.push_back(catalogue());
  return asked;
}

std::string tool::tuningFolder() { return dataFolder("SKIP_TUNING", "tuning"); }

/// Files of blocks are there to be imported.
static bool holdsModel(llvm::StringRef spec) {
  frontend::Sources sources;
  frontend::Diagnostics diagnostics(sources);
  return !frontend::listModels(sources, spec, diagnostics).empty();
}

static std::vector<std::string> entries(llvm::StringRef folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end && !ignored; it.increment(ignored))
    if (path::extension(it->path()) == ".skip" && holdsModel(it->path()))
      names.push_back(path::stem(it->path()).str());
  llvm::sort(names);
  return names;
}

std::vector<std::string> tool::catalogueModels() { return entries(catalogue()); }

static llvm::Error unknownSpec(llvm::StringRef spec, const std::string &folder) {
  std::vector<std::string> names = entries(folder);
  std::vector<llvm::StringRef> candidates(names.begin(), names.end());
  if (llvm::StringRef near = frontend::nearest(spec, candidates); !near.empty())
    return tool::badInput("no file and no model of the catalogue is called `" + spec + "`", "did you mean `" + near + "`?");
  std::string list = names.empty() ? "is empty or missing" : "has " + llvm::join(names, ", ");
  return tool::badInput("no file and no model of the catalogue is called `" + spec + "`",
                        "the catalogue `" + folder + "` " + list);
}

llvm::Expected<std::string> tool::findSpec(llvm::StringRef spec) {
  bool isPath = spec.contains('/') || spec.ends_with(".skip");
  if (fs::is_directory(spec) && isPath)
    return badInput("`" + spec + "` is a folder; SPEC is a .skip file or a name of the catalogue");
  if (isPath)
    return spec.str();
  std::string folder = catalogue();
  llvm::SmallString<256> file(folder);
  path::append(file, spec + ".skip");
  if (fs::exists(file))
    return file.str().str();
  if (fs::exists(spec) && !fs::is_directory(spec)) // a library of a model's name must not stand in for the model
    return spec.str();
  return unknownSpec(spec, folder);
}
