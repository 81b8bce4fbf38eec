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
  if (fs::is_directory(folder, ignored) && !fs::exists(folder / "labels.tsv", ignored)) {
    error =
        quotedName(path) + " holds no data set: neither `test_batch.bin` (CIFAR-10's binary version) nor `labels.tsv` is in it";
    return nullptr;
  }
  return openListedFolder(path, error);
}

} // namespace skip::data
