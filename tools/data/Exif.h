// Which way up a picture is.
#pragma once

#include "tools/data/Picture.h"

namespace skip::data {

/// EXIF's orientation of a JPEG (its first APP1 segment with EXIF) or a PNG (chunk eXIf), 1 to 8. 1, upright, where a file says
/// nothing, or what it says is not well-formed.
int exifOrientation(std::span<const uint8_t> file);

/// The picture turned and mirrored as `picture.orientation` says, so that it is upright.
Picture upright(const Picture &picture);

} // namespace skip::data
