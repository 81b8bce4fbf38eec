// Lays out filters.
#pragma once

#include "runtime/Fold.h"

namespace skip::runtime {

/// Bytes of an element as it is stored.
int64_t elementBytes(uint32_t element);

/// Input channels that the layout rounds up to: whole blocks, or whole 16 bytes.
int64_t inputMultiple(const SkipLoad &load);

/// Writes the entry's filter at `to`, which is zero where the entry does not accumulate.
void packFilter(const Sources &from, void *to);

} // namespace skip::runtime
