#include "runtime/cuda/Staging.h"

#include "runtime/cuda/Driver.h"

#include <string.h>

namespace skip::cuda {

static constexpr size_t alignment = 256;

static size_t aligned(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

skip_status Staging::create(size_t arrayBytes) {
  pieceBytes = aligned(arrayBytes < mostPieceBytes ? arrayBytes : mostPieceBytes);
  size_t blockBytes = aligned(blockCount * sizeof(SkipCudaBlock)), bytes = blockBytes + pieceCount * pieceBytes;
  if (skip_status status = SKIP_DRIVER(cuMemHostAlloc, &pinned, bytes, 0); status != SKIP_OK)
    return inContext(status, "%zu bytes of pinned memory", bytes);
  blocks = static_cast<SkipCudaBlock *>(pinned);
  for (uint32_t i = 0; i < pieceCount; ++i)
    pieces[i] = static_cast<char *>(pinned) + blockBytes + i * pieceBytes;
  for (Event &event : blockCopied)
    if (skip_status status = SKIP_DRIVER(cuEventCreate, &event, kEventDisableTiming); status != SKIP_OK)
      return status;
  for (Event &event : pieceCopied)
    if (skip_status status = SKIP_DRIVER(cuEventCreate, &event, kEventDisableTiming); status != SKIP_OK)
      return status;
  return SKIP_OK;
}

static void destroyEvent(Event event) {
  if (event)
    driver().cuEventDestroy(event);
}

void Staging::destroy() {
  for (Event event : blockCopied)
    destroyEvent(event);
  for (Event event : pieceCopied)
    destroyEvent(event);
  if (pinned)
    driver().cuMemFreeHost(pinned);
}

skip_status Staging::sendBlock(const SkipCudaBlock &block, DeviceAddress to, Stream stream) {
  uint32_t part = nextBlock++ % blockCount;
  if (skip_status status = SKIP_DRIVER(cuEventSynchronize, blockCopied[part]); status != SKIP_OK)
    return status;
  blocks[part] = block;
  if (skip_status status = SKIP_DRIVER(cuMemcpyHtoDAsync, to, blocks + part, sizeof block, stream); status != SKIP_OK)
    return status;
  return SKIP_DRIVER(cuEventRecord, blockCopied[part], stream);
}

skip_status Staging::sendArray(const void *from, DeviceAddress to, size_t bytes, Stream stream) {
  for (size_t done = 0; done < bytes; done += pieceBytes) {
    uint32_t part = nextPiece++ % pieceCount;
    size_t count = bytes - done < pieceBytes ? bytes - done : pieceBytes;
    if (skip_status status = SKIP_DRIVER(cuEventSynchronize, pieceCopied[part]); status != SKIP_OK)
      return status;
    memcpy(pieces[part], static_cast<const char *>(from) + done, count);
    if (skip_status status = SKIP_DRIVER(cuMemcpyHtoDAsync, to + done, pieces[part], count, stream); status != SKIP_OK)
      return status;
    if (skip_status status = SKIP_DRIVER(cuEventRecord, pieceCopied[part], stream); status != SKIP_OK)
      return status;
  }
  return SKIP_OK;
}

namespace {
/// One array on its way to the host: pieces are asked for ahead of the one that is taken.
struct Fetch {
  Staging &staging;
  DeviceAddress from;
  char *to;
  size_t bytes;
  Stream stream;

  size_t pieces() const { return (bytes + staging.pieceBytes - 1) / staging.pieceBytes; }
  size_t begin(size_t piece) const { return piece * staging.pieceBytes; }
  size_t count(size_t piece) const {
    size_t left = bytes - begin(piece);
    return left < staging.pieceBytes ? left : staging.pieceBytes;
  }

  skip_status ask(size_t piece) {
    uint32_t part = piece % Staging::pieceCount;
    skip_status status = SKIP_DRIVER(cuMemcpyDtoHAsync, staging.pieces[part], from + begin(piece), count(piece), stream);
    return status == SKIP_OK ? SKIP_DRIVER(cuEventRecord, staging.pieceCopied[part], stream) : status;
  }
  skip_status take(size_t piece) {
    uint32_t part = piece % Staging::pieceCount;
    if (skip_status status = SKIP_DRIVER(cuEventSynchronize, staging.pieceCopied[part]); status != SKIP_OK)
      return status;
    memcpy(to + begin(piece), staging.pieces[part], count(piece));
    return SKIP_OK;
  }
};
} // namespace

skip_status Staging::fetchArray(DeviceAddress from, void *to, size_t bytes, Stream stream) {
  Fetch fetch{*this, from, static_cast<char *>(to), bytes, stream};
  constexpr size_t ahead = pieceCount - 1;
  size_t pieces = fetch.pieces();
  for (size_t i = 0; i < pieces + ahead; ++i) {
    if (skip_status status = i < pieces ? fetch.ask(i) : SKIP_OK; status != SKIP_OK)
      return status;
    if (skip_status status = i >= ahead ? fetch.take(i - ahead) : SKIP_OK; status != SKIP_OK)
      return status;
  }
  return SKIP_OK;
}

} // namespace skip::cuda
