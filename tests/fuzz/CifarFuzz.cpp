// The reader of CIFAR-10's files on any bytes, cut into two files: a data set whose pictures are what the bytes say, or a
// message.
//
// Labels above 9 are refused, and few random files have none; so the bytes are read once as they are, and once with the rest of
// a record cut off and labels put right.
#include "tests/fuzz/Require.h"
#include "tools/data/Cifar.h"

#include <cstring>

using namespace skip::data;
using skip::fuzz::require;

static bool isGood(const std::vector<uint8_t> &bytes) {
  bool good = !bytes.empty() && bytes.size() % cifarRecordBytes == 0;
  for (size_t at = 0; good && at < bytes.size(); at += cifarRecordBytes)
    good = bytes[at] <= 9;
  return good;
}

static void checkRecord(const Dataset &dataset, size_t index, const uint8_t *record) {
  std::string error;
  std::optional<Picture> picture = dataset.picture(index, error);
  require(picture && picture->width == 32 && picture->height == 32, "a record is a picture", error);
  require(dataset.label(index) == record[0], "a record has its label", error);
  require(!dataset.name(index).empty(), "a record has a name", error);
  for (size_t i = 0; i < 3 * 1024; ++i)
    require(picture->rgb[i] == record[1 + i % 3 * 1024 + i / 3], "planes become pixels", error);
}

static void check(std::vector<uint8_t> first, std::vector<uint8_t> second) {
  std::string error;
  bool good = isGood(first) && isGood(second);
  size_t records = first.size() / cifarRecordBytes;
  std::unique_ptr<Dataset> dataset = decodeCifar({{"first", first}, {"second", second}}, error);
  require((dataset != nullptr) == good, "good files are read, others not", error);
  require(good == error.empty(), "either a data set or an error", error);
  if (!dataset)
    return;
  require(dataset->size() == records + second.size() / cifarRecordBytes, "all records are there", error);
  for (size_t i = 0; i < dataset->size(); ++i)
    checkRecord(*dataset, i, i < records ? &first[i * cifarRecordBytes] : &second[(i - records) * cifarRecordBytes]);
}

static std::vector<uint8_t> mended(std::vector<uint8_t> bytes) {
  bytes.resize(bytes.size() / cifarRecordBytes * cifarRecordBytes);
  for (size_t at = 0; at < bytes.size(); at += cifarRecordBytes)
    bytes[at] %= 10;
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t cut = size > 0 ? std::min(size, data[0] % 4 * cifarRecordBytes + data[0] % 2) : 0;
  std::vector<uint8_t> first(data, data + cut), second(data + cut, data + size);
  check(first, second);
  check(mended(first), mended(second));
  check(mended({data, data + size}), mended({data, data + size}));
  return 0;
}
