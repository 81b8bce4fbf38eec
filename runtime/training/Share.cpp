// The exchange between processes, whatever carries it.
#include "runtime/training/Share.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"

#include <string.h>

namespace skip::runtime {

int64_t nextGroup(const skip_trainer &trainer) {
  const SharedSteps &share = trainer.share;
  return trainer.groups + share.process * share.block + share.inBlock;
}

static skip_status broadcast(const SharedSteps &share, int32_t root, void *data, size_t bytes) {
  if (bytes == 0 || share.broadcast(share.user, root, data, bytes) == 0)
    return SKIP_OK;
  return fail(SKIP_IO_ERROR, "trainer_gradients: the exchange with the other processes failed");
}

/// What process `root` has of its block: gradients in the state's place, then statistics, then whether all losses were numbers.
static skip_status exchange(skip_trainer &trainer, int32_t root, char *statistics, uint32_t &isFinite) {
  const SharedSteps &share = trainer.share;
  size_t gradientBytes = trainer.parameterFloats() * sizeof(float), statisticBytes = trainer.statisticBytes() * share.block;
  if (root == share.process) {
    memcpy(trainer.gradients(), share.gradients, gradientBytes);
    memcpy(statistics, share.statistics, statisticBytes);
    isFinite = trainer.isFinite;
  }
  if (skip_status status = broadcast(share, root, trainer.gradients(), gradientBytes); status != SKIP_OK)
    return status;
  if (skip_status status = broadcast(share, root, statistics, statisticBytes); status != SKIP_OK)
    return status;
  return broadcast(share, root, &isFinite, sizeof isFinite);
}

/// Everybody's block, in the order of processes.
static skip_status exchangeAll(skip_trainer &trainer, const Threads &threads) {
  SharedSteps &share = trainer.share;
  memcpy(share.gradients, trainer.gradients(), trainer.parameterFloats() * sizeof(float));
  bool areFinite = true;
  for (int32_t root = 0; root < share.processes; ++root) {
    char *statistics = reinterpret_cast<char *>(trainer.groupStatistics) + trainer.statisticBytes() * trainer.groups;
    uint32_t isFinite = 0;
    if (skip_status status = exchange(trainer, root, statistics, isFinite); status != SKIP_OK)
      return status;
    areFinite = areFinite && isFinite;
    addNode(trainer, threads, share.level, share.block);
  }
  trainer.isFinite = areFinite;
  return SKIP_OK;
}

skip_status addSharedGroup(skip_trainer &trainer, const Threads &threads) {
  SharedSteps &share = trainer.share;
  memcpy(share.statistics + static_cast<size_t>(share.inBlock) * trainer.statisticBytes(),
         trainer.state + trainer.image->groupOffset, trainer.statisticBytes());
  int64_t level = mergeUp(trainer, threads, 0, share.level);
  if (++share.inBlock < share.block) {
    keepPartial(trainer, threads, level);
    return SKIP_OK;
  }
  share.inBlock = 0;
  skip_status status = exchangeAll(trainer, threads);
  if (status != SKIP_OK)
    discardStep(trainer);
  return status;
}

static skip_status checkShare(const skip_trainer *trainer, int32_t process, int32_t processes, skip_broadcast broadcast) {
  if (skip_status status = checkOwn(trainer, "trainer_share"); status != SKIP_OK)
    return status;
  if (!broadcast)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_share: `broadcast` is null");
  if (process < 0 || process >= processes)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_share: process %d of %d", process, processes);
  if (trainer->options.groups % processes != 0)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_share: %d processes do not divide the %lld groups of a step", processes,
                static_cast<long long>(trainer->options.groups));
  return SKIP_OK;
}

static skip_status share(skip_trainer &trainer, int32_t process, int32_t processes, skip_broadcast broadcast, void *user) {
  int64_t each = trainer.options.groups / processes;
  SharedSteps made{.process = process, .processes = processes, .broadcast = broadcast, .user = user};
  for (; each % (made.block * 2) == 0; made.block *= 2)
    ++made.level;
  made.gradients = static_cast<float *>(allocateAligned(trainer.image->parameterBytes + 64));
  made.statistics = static_cast<char *>(allocateAligned(trainer.statisticBytes() * made.block + 64));
  if (!made.gradients || !made.statistics) {
    free(made.gradients);
    free(made.statistics);
    return fail(SKIP_OUT_OF_MEMORY, "no memory for what processes exchange");
  }
  free(trainer.share.gradients);
  free(trainer.share.statistics);
  discardStep(trainer);
  trainer.share = made;
  return SKIP_OK;
}

} // namespace skip::runtime

using namespace skip::runtime;

extern "C" {

skip_status skipmodel_trainer_share(skip_trainer *trainer, int32_t process, int32_t processes, skip_broadcast broadcast,
                                    void *user) {
  if (skip_status status = checkShare(trainer, process, processes, broadcast); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_share");
  return share(*trainer, process, processes, broadcast, user);
}

int64_t skipmodel_trainer_next_group(const skip_trainer *trainer) {
  return checkOwn(trainer, "trainer_next_group") == SKIP_OK ? nextGroup(*trainer) : -1;
}

} // extern "C"
