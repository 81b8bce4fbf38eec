// Folders of pictures, labelled by a list or by subfolders.
#include "tools/data/Folder.h"

#include "support/Printable.h"
#include "tools/data/File.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace skip::data {

namespace fs = std::filesystem;

namespace {
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
    return read(items[index].path, PictureParts::all, error);
  }
  std::optional<Picture> header(size_t index, std::string &error) const override {
    return read(items[index].path, PictureParts::header, error);
  }

private:
  /// A pipe that happens to lie in the folder would be waited for.
  static std::optional<Picture> read(const std::string &path, PictureParts parts, std::string &error) {
    std::error_code ignored;
    fs::file_status status = fs::status(path, ignored);
    if (!fs::is_other(status) && !fs::is_fifo(status) && !fs::is_socket(status))
      return readPicture(path, error, parts);
    error = "cannot read the picture " + quotedName(path) + ": it is no regular file";
    return std::nullopt;
  }

  std::vector<Item> items;
};
} // namespace

std::unique_ptr<Dataset> openListedFolder(const std::string &path, std::string &error) {
  fs::path folder = path;
  std::string list = (folder / "labels.tsv").string();
  std::optional<std::vector<std::string>> lines = readLines(list, error);
  if (!lines)
    return nullptr;
  std::vector<FolderDataset::Item> items;
  bool isFirst = true;
  for (size_t number = 1; number <= lines->size(); ++number) {
    if ((*lines)[number - 1].find_first_not_of(" \t") == std::string::npos)
      continue;
    std::vector<std::string> fields = splitTabs((*lines)[number - 1]);
    bool mayBeHeadings = std::exchange(isFirst, false);
    std::optional<uint64_t> label = fields.size() < 2 ? std::nullopt : parseCount(fields[1], UINT32_MAX);
    if (label && !fields[0].empty()) {
      items.push_back({(folder / fields[0]).string(), static_cast<uint32_t>(*label)});
      continue;
    }
    bool headings = mayBeHeadings && fields.size() >= 2 && fields[1].find_first_of("0123456789") == std::string::npos;
    std::error_code ignored; // what is there is a picture, whose class is told by its name
    if (headings && !fs::exists(folder / fields[0], ignored))
      continue;
    error = printable(list) + ":" + std::to_string(number) +
            ": expected a picture's file name, a tab and its class index, found `" + (*lines)[number - 1].substr(0, 80) + "`";
    return nullptr;
  }
  if (items.empty()) {
    error = quotedName(list) + " lists no pictures, expected lines of a file name, a tab and a class index";
    return nullptr;
  }
  return std::make_unique<FolderDataset>(std::move(items));
}

/// The names in a folder that `wanted` takes, in the order of their bytes; hidden ones are left out.
template <typename Wanted>
static std::optional<std::vector<std::string>> namesIn(const fs::path &folder, Wanted wanted, std::string &error) {
  std::vector<std::string> names;
  std::error_code code;
  fs::directory_iterator entries(folder, code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    std::string name = entries->path().filename().string();
    if (!name.starts_with('.') && wanted(*entries))
      names.push_back(std::move(name));
  }
  if (code) {
    error = "cannot read the folder " + quotedName(folder.string()) + ": " + code.message();
    return std::nullopt;
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Names of classes stand in lines: of a checkpoint's metadata, of files with class names.
static bool hasControl(const std::string &name) {
  return std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::optional<std::vector<std::string>> classFolders(const std::string &folder, std::string &error) {
  auto isFolder = [](const fs::directory_entry &entry) {
    std::error_code ignored;
    return entry.is_directory(ignored);
  };
  std::optional<std::vector<std::string>> names = namesIn(folder, isFolder, error);
  if (!names)
    return std::nullopt;
  auto bad = std::find_if(names->begin(), names->end(), hasControl);
  if (bad == names->end())
    return names;
  error = "the name of the class folder " + quotedName((fs::path(folder) / *bad).string()) +
          " has a control character, which the name of a class may not have; rename the folder";
  return std::nullopt;
}

static bool isPicture(const fs::directory_entry &entry) {
  std::string extension = entry.path().extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

std::unique_ptr<Dataset> openClassFolders(const std::string &folder, const std::vector<std::string> &subfolders,
                                          const std::vector<std::string> &classes, std::string &error) {
  std::vector<FolderDataset::Item> items;
  for (const std::string &className : subfolders) {
    fs::path subfolder = fs::path(folder) / className;
    auto label = static_cast<uint32_t>(std::find(classes.begin(), classes.end(), className) - classes.begin());
    std::optional<std::vector<std::string>> names = namesIn(subfolder, isPicture, error);
    if (!names)
      return nullptr;
    if (names->empty()) {
      error =
          "the folder " + quotedName(subfolder.string()) + " of a class has no pictures, expected .jpg, .jpeg or .png files";
      return nullptr;
    }
    for (const std::string &name : *names)
      items.push_back({(subfolder / name).string(), label});
  }
  return std::make_unique<FolderDataset>(std::move(items));
}

} // namespace skip::data
