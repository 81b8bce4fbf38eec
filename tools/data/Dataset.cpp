// Tells what kind of data set a path holds.
#include "tools/data/Dataset.h"

#include "support/Printable.h"
#include "tools/data/Cifar.h"
#include "tools/data/Folder.h"

#include <filesystem>

namespace skip::data {

namespace fs = std::filesystem;

std::unique_ptr<Dataset> openDataset(const std::string &path, std::string &error) {
  std::error_code ignored; // What cannot be looked at is reported by the attempt to read it.
  if (fs::is_regular_file(path, ignored))
    return openCifar({path}, error);
  fs::path folder = path;
  if (fs::exists(folder / "test_batch.bin", ignored))
    return openCifar({(folder / "test_batch.bin").string()}, error);
  if (!fs::exists(folder, ignored)) {
    error = "cannot open the data set " + quotedName(path) + ": no such file or directory";
    return nullptr;
  }
  if (fs::is_directory(folder, ignored) && !fs::exists(folder / "labels.tsv", ignored)) {
    error =
        quotedName(path) + " holds no data set: neither `test_batch.bin` (CIFAR-10's binary version) nor `labels.tsv` is in it";
    std::string unread;
    if (std::optional<std::vector<std::string>> classes = classFolders(path, unread); classes && classes->size() > 1)
      error +=
          "; its folders may be those of classes, which a training takes: list the pictures in a `labels.tsv`, each with a tab "
          "and the index of its class";
    return nullptr;
  }
  return openListedFolder(path, error);
}

} // namespace skip::data
