// Vectors whose lanes come from addresses of their own.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// An i64 in every lane.
Value everywhere(Builder &b, Value scalar);

/// first, first + 1, ..., as i64.
Value lanesAsIntegers(Builder &b, Value first);

/// For channels, as i64 lanes, how far into a picture of blocks `block` elements apart they lie.
Value channelOffsets(Builder &b, Value channels, Value block);

/// The addresses pointer + offsets[lane] elements.
Value placesOf(Builder &b, Value pointer, Value offsets);

/// What lies `offset` elements behind each of the addresses.
Value gatherAt(Builder &b, Value places, Value offset);
Value gather(Builder &b, Value places);

} // namespace skip::kernel
