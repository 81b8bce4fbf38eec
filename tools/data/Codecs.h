// The two picture formats, for Picture.cpp only.
#pragma once

#include "tools/data/Picture.h"

namespace skip::data {

/// Decode a file's bytes. On failure return nothing and give in `reason` what was found, without the file's name.
std::optional<Picture> decodeJpeg(std::span<const uint8_t> bytes, PictureParts parts, std::string &reason);
std::optional<Picture> decodePng(std::span<const uint8_t> bytes, PictureParts parts, std::string &reason);

} // namespace skip::data
