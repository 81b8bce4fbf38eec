// CIFAR-10's binary version: records of a label byte and three planes of 32 x 32 bytes.
#pragma once

#include "tools/data/Dataset.h"

namespace skip::data {

/// A file's bytes under the name that messages give it.
struct CifarFile {
  std::string path;
  std::vector<uint8_t> bytes;
};

inline constexpr size_t cifarRecordBytes = 1 + 3 * 32 * 32;

/// The records of all files, in order. Null, with a message, if a file is no whole number of records, or none, or has a label
/// above 9.
std::unique_ptr<Dataset> decodeCifar(std::vector<CifarFile> files, std::string &error);

/// Reads the files and decodes them.
std::unique_ptr<Dataset> openCifar(const std::vector<std::string> &paths, std::string &error);

} // namespace skip::data
