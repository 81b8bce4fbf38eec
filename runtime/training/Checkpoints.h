// A trainer's state as a safetensors stream.
#pragma once

#include "runtime/training/Trainer.h"

namespace skip::runtime {

/// Bytes that grow.
class Bytes {
public:
  /// False where there is no memory; the bytes then are those of before.
  bool append(const void *from, size_t count);
  bool append(const char *text);
  const char *data() const { return memory.get(); }
  char *data() { return memory.get(); }
  size_t size() const { return used; }

private:
  Owned<char> memory;
  size_t used = 0, capacity = 0;
};

/// Writes what trainer_save does, without looking at the values.
skip_status writeCheckpoint(const skip_trainer &trainer, bool withMomentum, const skip_metadata *metadata,
                            int32_t metadataCount, skip_write write, void *user);
/// The same without momentum and metadata, in memory.
skip_status writeCheckpoint(const skip_trainer &trainer, Bytes &bytes);

/// SKIP_NOT_FINITE with a list of the tensors whose values or momentum are NaN or infinite.
skip_status checkFinite(const skip_trainer &trainer);

} // namespace skip::runtime
