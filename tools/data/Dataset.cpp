// Reads the two kinds of data set: CIFAR-10's binary file, and a folder of pictures with a list of labels.
#include "tools/data/Dataset.h"

#include "tools/data/File.h"

#include <algorithm>
#include <filesystem>

namespace skip::data {

namespace fs = std::filesystem;

namespace {
/// CIFAR-10's binary version: records of a label byte and three planes of 32 x 32 bytes.
class CifarDataset final : public Dataset {
public:
  static constexpr size_t side = 32, plane = side * side, record = 1 + 3 * plane;

  CifarDataset(std::string path, std::vector<uint8_t> bytes) : path(std::move(path)), bytes(std::move(bytes)) {}
  size_t size() const override { return bytes.size() / record; }
  uint32_t label(size_t index) const override { return bytes[index * record]; }
  std::string name(size_t index) const override { return path + "[" + std::to_string(index) + "]"; }

  std::optional<Picture> picture(size_t index, std::string &) const override {
    Picture picture{side, side, std::vector<uint8_t>(3 * plane)};
    const uint8_t *planes = bytes.data() + index * record + 1;
    for (size_t pixel = 0; pixel < plane; ++pixel)
      for (size_t channel = 0; channel < 3; ++channel)
        picture.rgb[3 * pixel + channel] = planes[channel * plane + pixel];
    return picture;
  }

private:
  std::string path;
  std::vector<uint8_t> bytes;
};

/// Picture files with a list of labels.
class FolderDataset final : public Dataset {
public:
  struct Item {
    std::string path;
    uint32_t label;
  };

  explicit FolderDataset(std::vector<Item> items) : items(std::move(items)) {}
  size_t size() const override { return items.size(); }
  uint32_t label(size_t index) const override { return items[index].label; }
  std::string name(size_t index) const override { return items[index].path; }
  std::optional<Picture> picture(size_t index, std::string &error) const override {
    return readPicture(items[index].path, error);
  }

private:
  std::vector<Item> items;
};
} // namespace

static std::unique_ptr<Dataset> openCifar(const std::string &path, std::string &error) {
  constexpr size_t record = CifarDataset::record;
  std::optional<std::vector<uint8_t>> bytes = readFile(path, error);
  if (!bytes)
    return nullptr;
  if (bytes->empty() || bytes->size() % record != 0) {
    error = "`" + path + "` has " + std::to_string(bytes->size()) + " bytes, expected a multiple of " + std::to_string(record) +
            " (a label byte and 3 x 32 x 32 pixel bytes); it is truncated, or not CIFAR-10's binary version";
    return nullptr;
  }
  for (size_t offset = 0; offset < bytes->size(); offset += record) {
    if (int label = (*bytes)[offset]; label > 9) {
      error = "`" + path + "`: record " + std::to_string(offset / record) + " has label " + std::to_string(label) +
              ", expected 0 to 9; it is not CIFAR-10's binary version";
      return nullptr;
    }
  }
  return std::make_unique<CifarDataset>(path, std::move(*bytes));
}

static std::unique_ptr<Dataset> openFolder(const fs::path &folder, std::string &error) {
  std::string list = (folder / "labels.tsv").string();
  std::optional<std::vector<std::string>> lines = readLines(list, error);
  if (!lines)
    return nullptr;
  std::vector<FolderDataset::Item> items;
  for (size_t number = 1; number <= lines->size(); ++number) {
    std::vector<std::string> fields = splitTabs((*lines)[number - 1]);
    std::optional<uint64_t> label = fields.size() < 2 ? std::nullopt : parseCount(fields[1], UINT32_MAX);
    if (label && !fields[0].empty()) {
      items.push_back({(folder / fields[0]).string(), static_cast<uint32_t>(*label)});
      continue;
    }
    bool headings = number == 1 && fields.size() >= 2 && fields[1].find_first_of("0123456789") == std::string::npos;
    if (headings)
      continue;
    error = list + ":" + std::to_string(number) + ": expected a picture's file name, a tab and its class index, found `" +
            (*lines)[number - 1].substr(0, 80) + "`";
    return nullptr;
  }
  if (items.empty()) {
    error = "`" + list + "` lists no pictures, expected lines of a file name, a tab and a class index";
    return nullptr;
  }
  return std::make_unique<FolderDataset>(std::move(items));
}

std::unique_ptr<Dataset> openDataset(const std::string &path, std::string &error) {
  std::error_code ignored; // What cannot be looked at is reported by the attempt to read it.
  if (fs::is_regular_file(path, ignored))
    return openCifar(path, error);
  fs::path folder = path;
  if (fs::exists(folder / "test_batch.bin", ignored))
    return openCifar((folder / "test_batch.bin").string(), error);
  if (fs::is_directory(folder, ignored) && !fs::exists(folder / "labels.tsv", ignored)) {
    error = "`" + path + "` holds no data set: neither `test_batch.bin` (CIFAR-10's binary version) nor `labels.tsv` is in it";
    return nullptr;
  }
  return openFolder(folder, error);
}

} // namespace skip::data
