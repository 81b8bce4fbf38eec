// A checkpoint's checksum tells each flipped bit.
#include "tools/weights/Checksum.h"

#include <catch2/catch.hpp>

using namespace skip;

static std::string fileWith(const std::string &metadata) {
  std::string header =
      R"({"__metadata__":{)" + metadata + R"("step":"7"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  return std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header + "01234567";
}

static std::string summed() {
  tool::Checksum checksum;
  checksum.add(fileWith(R"("checksum":"00000000",)"));
  return fileWith(R"("checksum":")" + checksum.text() + "\",");
}

TEST_CASE("a whole file has the checksum that it says") {
  auto state = [](const std::string &file) { return llvm::cantFail(tool::verifyChecksum(file, "x")); };
  CHECK(state(summed()) == tool::ChecksumState::Good);
  CHECK(state(fileWith("")) == tool::ChecksumState::Absent);
  CHECK(state(fileWith(R"("note":"\"checksum\":\"12345678",)")) == tool::ChecksumState::Absent);
  CHECK(state("") == tool::ChecksumState::Absent);
}

TEST_CASE("each flipped bit of a file with a checksum is found") {
  std::string file = summed(), key = R"("checksum":")";
  size_t keyBegin = file.find(key);
  for (size_t bit = 64; bit < 8 * file.size(); ++bit) { // those before are the header's length
    if (bit / 8 >= keyBegin && bit / 8 < keyBegin + key.size())
      continue; // the file then has no checksum
    std::string flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    INFO("bit " << bit);
    CHECK_THAT(llvm::toString(tool::verifyChecksum(flipped, "x").takeError()), Catch::StartsWith("`x` is damaged"));
  }
}
