// Pinned memory through which a run's block and the host's arrays go to the device and back.
//
// Copies from pinned memory happen later than they are asked for, so a part of it is used again only after the event behind its
// last copy. Blocks have four parts: so many runs may be on their way before the next one waits. Arrays go piece by piece
// through two parts, of which one is filled while the other is copied.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Runtime.h"
#include "runtime/cuda/DriverApi.h"

namespace skip::cuda {

struct Staging {
  static constexpr uint32_t blockCount = 4, pieceCount = 2;
  static constexpr size_t mostPieceBytes = 1 << 20;

  void *pinned = nullptr;
  SkipCudaBlock *blocks = nullptr; // [blockCount]
  char *pieces[pieceCount] = {};
  size_t pieceBytes = 0;
  Event blockCopied[blockCount] = {}, pieceCopied[pieceCount] = {};
  uint32_t nextBlock = 0, nextPiece = 0;

  /// For arrays of at most `arrayBytes`. Destroyed also after a failure.
  skip_status create(size_t arrayBytes);
  void destroy();

  skip_status sendBlock(const SkipCudaBlock &block, DeviceAddress to, Stream stream);
  /// `from` may be written again when this returns.
  skip_status sendArray(const void *from, DeviceAddress to, size_t bytes, Stream stream);
  /// Returns when all of it is at `to`.
  skip_status fetchArray(DeviceAddress from, void *to, size_t bytes, Stream stream);
};

} // namespace skip::cuda
