// CIFAR-10 from one file or several.
#include "tools/data/Cifar.h"

#include "support/Printable.h"
#include "tools/data/File.h"

#include <algorithm>

namespace skip::data {

namespace {
class CifarDataset final : public Dataset {
public:
  explicit CifarDataset(std::vector<CifarFile> files) : files(std::move(files)) {
    for (const CifarFile &file : this->files)
      ends.push_back((ends.empty() ? 0 : ends.back()) + file.bytes.size() / cifarRecordBytes);
  }
  size_t size() const override { return ends.back(); }
  std::optional<int64_t> classes() const override { return 10; }
  std::optional<int> side() const override { return 32; }
  uint32_t label(size_t index) const override { return *recordOf(index); }
  std::string name(size_t index) const override {
    size_t file = fileOf(index);
    return files[file].path + "[" + std::to_string(index - begin(file)) + "]";
  }

  std::optional<Picture> picture(size_t index, std::string &) const override {
    constexpr size_t side = 32, plane = side * side;
    Picture picture{side, side, std::vector<uint8_t>(3 * plane)};
    const uint8_t *planes = recordOf(index) + 1;
    for (size_t pixel = 0; pixel < plane; ++pixel)
      for (size_t channel = 0; channel < 3; ++channel)
        picture.rgb[3 * pixel + channel] = planes[channel * plane + pixel];
    return picture;
  }

private:
  size_t fileOf(size_t index) const {
    return static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), index) - ends.begin());
  }
  size_t begin(size_t file) const { return file == 0 ? 0 : ends[file - 1]; }
  const uint8_t *recordOf(size_t index) const {
    size_t file = fileOf(index);
    return files[file].bytes.data() + (index - begin(file)) * cifarRecordBytes;
  }

  std::vector<CifarFile> files;
  std::vector<size_t> ends; ///< of each file, the number of records up to its end
};
} // namespace

static bool check(const CifarFile &file, std::string &error) {
  size_t size = file.bytes.size();
  if (size == 0 || size % cifarRecordBytes != 0) {
    error = quotedName(file.path) + " has " + std::to_string(size) + " bytes, expected a multiple of " +
            std::to_string(cifarRecordBytes) +
            " (a label byte and 3 x 32 x 32 pixel bytes); it is truncated, or not CIFAR-10's binary version";
    return false;
  }
  for (size_t offset = 0; offset < size; offset += cifarRecordBytes) {
    if (int label = file.bytes[offset]; label > 9) {
      error = quotedName(file.path) + ": record " + std::to_string(offset / cifarRecordBytes) + " has label " +
              std::to_string(label) + ", expected 0 to 9; it is not CIFAR-10's binary version";
      return false;
    }
  }
  return true;
}

std::unique_ptr<Dataset> decodeCifar(std::vector<CifarFile> files, std::string &error) {
  if (files.empty()) {
    error = "no file of CIFAR-10 was given";
    return nullptr;
  }
  for (const CifarFile &file : files)
    if (!check(file, error))
      return nullptr;
  return std::make_unique<CifarDataset>(std::move(files));
}

std::unique_ptr<Dataset> openCifar(const std::vector<std::string> &paths, std::string &error) {
  std::vector<CifarFile> files;
  for (const std::string &path : paths) {
    std::optional<std::vector<uint8_t>> bytes = readFile(path, error);
    if (!bytes)
      return nullptr;
    files.push_back({path, std::move(*bytes)});
  }
  return decodeCifar(std::move(files), error);
}

} // namespace skip::data
