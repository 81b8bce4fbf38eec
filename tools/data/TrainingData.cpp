// Tells what kind of training set a path holds.
#include "tools/data/TrainingData.h"

#include "support/Printable.h"
#include "tools/data/Cifar.h"
#include "tools/data/Folder.h"

#include <algorithm>
#include <filesystem>

namespace skip::data {

namespace fs = std::filesystem;

static std::string batchName(int number) { return "data_batch_" + std::to_string(number) + ".bin"; }

static bool isThere(const fs::path &path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

static bool isFolder(const fs::path &path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

static bool hasCifar(const fs::path &folder) {
  for (int number = 1; number <= 5; ++number)
    if (isThere(folder / batchName(number)))
      return true;
  return false;
}

static std::optional<TrainingData> openCifarFolder(const fs::path &folder, std::string &error) {
  std::vector<std::string> paths;
  for (int number = 1; number <= 5; ++number) {
    paths.push_back((folder / batchName(number)).string());
    if (!isThere(paths.back())) {
      error =
          quotedName(folder.string()) + " lacks `" + batchName(number) + "`, one of the five files of CIFAR-10's training set";
      return std::nullopt;
    }
  }
  TrainingData data;
  data.training = openCifar(paths, error);
  fs::path test = folder / "test_batch.bin";
  if (data.training && isThere(test))
    data.validation = openCifar({test.string()}, error);
  if (!data.training || (isThere(test) && !data.validation))
    return std::nullopt;
  return data;
}

static std::unique_ptr<Dataset> openPictures(const fs::path &folder, std::vector<std::string> &classes, std::string &error) {
  if (isThere(folder / "labels.tsv"))
    return openListedFolder(folder.string(), error);
  std::optional<std::vector<std::string>> found = classFolders(folder.string(), error);
  if (!found)
    return nullptr;
  if (found->size() < 2) {
    error = quotedName(folder.string()) +
            " holds no training set: expected `data_batch_1.bin` to `data_batch_5.bin` (CIFAR-10's " +
            "binary version), `labels.tsv`, or a subfolder for each of two classes or more, found " +
            (found->empty() ? "no subfolder" : "only " + quotedName(found->front()));
    return nullptr;
  }
  classes = *found;
  return openClassFolders(folder.string(), classes, classes, error);
}

/// A validation set has the numbers of the training set's classes, so a subfolder that is none of them has none.
static std::unique_ptr<Dataset> openValidation(const fs::path &folder, const std::vector<std::string> &classes,
                                               std::string &error) {
  if (isThere(folder / "labels.tsv") || classes.empty())
    return openListedFolder(folder.string(), error);
  std::optional<std::vector<std::string>> found = classFolders(folder.string(), error);
  if (!found)
    return nullptr;
  if (found->empty())
    error = quotedName(folder.string()) + " holds no validation set: neither `labels.tsv` nor a subfolder of a class is in it";
  for (const std::string &name : *found)
    if (!std::binary_search(classes.begin(), classes.end(), name)) {
      error =
          quotedName((folder / name).string()) + " is no class of the training set, which has no subfolder " + quotedName(name);
      return nullptr;
    }
  return found->empty() ? nullptr : openClassFolders(folder.string(), *found, classes, error);
}

static std::optional<TrainingData> openPictureFolder(const fs::path &path, std::string &error) {
  bool inside = isFolder(path / "train");
  fs::path folder = inside ? path / "train" : path, named = folder;
  if (!named.has_filename()) // a path that ends in a slash
    named = named.parent_path();
  TrainingData data;
  data.training = openPictures(folder, data.classes, error);
  if (!data.training)
    return std::nullopt;
  fs::path validation = named.parent_path() / "val";
  std::error_code ignored;
  if (named.filename() != "train" || !fs::exists(fs::symlink_status(validation, ignored)))
    return data;
  if (!isFolder(validation)) {
    error = quotedName(validation.string()) +
            " is no folder, nor a link that leads to one: expected pictures to validate on; " +
            "rename it where it is something else";
    return std::nullopt;
  }
  data.validation = openValidation(validation, data.classes, error);
  return data.validation ? std::optional(std::move(data)) : std::nullopt;
}

std::optional<TrainingData> openTrainingData(const std::string &path, std::string &error) {
  fs::path folder = path;
  if (hasCifar(folder))
    return openCifarFolder(folder, error);
  if (isFolder(folder))
    return openPictureFolder(folder, error);
  TrainingData data;
  data.training = openCifar({path}, error);
  return data.training ? std::optional(std::move(data)) : std::nullopt;
}

bool checkLabels(const Dataset &dataset, uint32_t classes, std::string &error) {
  bool several = false;
  for (size_t i = 0; i < dataset.size(); ++i) {
    if (dataset.label(i) >= classes) {
      error = quotedName(dataset.name(i)) + " is of class " + std::to_string(dataset.label(i)) +
              ", and the model has classes 0 to " + std::to_string(classes - 1) + "; -D classes=N may set how many it has";
      return false;
    }
    several |= dataset.label(i) != dataset.label(0);
  }
  if (!several)
    error = "all " + std::to_string(dataset.size()) + " pictures are of class " + std::to_string(dataset.label(0)) +
            ": there is nothing to learn from one class";
  return several;
}

} // namespace skip::data
