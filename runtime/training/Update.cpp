// What is done to whole ranges of the state: sums of gradients, and a step of SGD with momentum as PyTorch has it.
//
// All of it is element by element, shared out in pieces of 64 KB, so that no number depends on the threads.
#include "runtime/CheckValues.h"
#include "runtime/training/Trainer.h"

#include <new>
#include <string.h>

namespace skip::runtime {

static constexpr size_t pieceFloats = 16 * 1024;

Threads::Threads(const skip_trainer &trainer) : options(trainer.options) {
  if (options.pool && !options.parallel_for)
    claim = new (memory) PoolRun(*options.pool);
}

Threads::~Threads() {
  if (claim)
    claim->~PoolRun();
}

void Threads::share(int64_t units, skip_task task, void *argument) const {
  if (options.parallel_for)
    options.parallel_for(options.parallel_user, units, task, argument);
  else if (claim && claim->taken())
    options.pool->forEach(units, task, argument);
  else if (units > 0)
    task(argument, 0, units);
}

namespace {
/// `body(begin, end)` for the pieces of [0, floats).
template <typename Body> void forEachPiece(const Threads &threads, size_t floats, const Body &body) {
  struct Call {
    const Body &body;
    size_t floats;
    static void run(void *argument, int64_t begin, int64_t end) {
      const Call &call = *static_cast<const Call *>(argument);
      FlushDenormals flush; // momentum of what no longer changes would become denormal
      size_t first = static_cast<size_t>(begin) * pieceFloats, last = static_cast<size_t>(end) * pieceFloats;
      call.body(first, last < call.floats ? last : call.floats);
    }
  } call{body, floats};
  threads.share(static_cast<int64_t>((floats + pieceFloats - 1) / pieceFloats), Call::run, &call);
}
} // namespace

static void addTo(const skip_trainer &trainer, const Threads &threads, float *sum, const float *other) {
  forEachPiece(threads, trainer.parameterFloats(), [=](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      sum[i] += other[i];
  });
}

static void copy(const skip_trainer &trainer, const Threads &threads, const float *from, float *to) {
  forEachPiece(threads, trainer.parameterFloats(),
               [=](size_t begin, size_t end) { memcpy(to + begin, from + begin, (end - begin) * sizeof(float)); });
}

void discardStep(skip_trainer &trainer) {
  trainer.groups = trainer.groupImages = 0;
  trainer.waiting = 0;
  trainer.share.inBlock = 0;
  trainer.holdsSum = trainer.isClosed = false;
  trainer.isFinite = true;
  trainer.scale = 1;
}

int64_t mergeUp(skip_trainer &trainer, const Threads &threads, int64_t level, int64_t end) {
  for (; level < end && (trainer.waiting >> level & 1); ++level) {
    addTo(trainer, threads, trainer.gradients(), trainer.partial(level));
    trainer.waiting &= ~(uint64_t{1} << level);
  }
  return level;
}

void keepPartial(skip_trainer &trainer, const Threads &threads, int64_t level) {
  copy(trainer, threads, trainer.gradients(), trainer.partial(level));
  trainer.waiting |= uint64_t{1} << level;
}

void addNode(skip_trainer &trainer, const Threads &threads, int64_t level, int64_t groups) {
  int64_t top = mergeUp(trainer, threads, level, 64);
  trainer.groups += groups;
  if (trainer.groups == trainer.options.groups) // no kernel writes there before the step ends
    trainer.holdsSum = true;
  else
    keepPartial(trainer, threads, top);
}

void addGroup(skip_trainer &trainer, const Threads &threads) {
  memcpy(trainer.groupStatistics + static_cast<size_t>(trainer.groups) * (trainer.statisticBytes() / sizeof(float)),
         trainer.state + trainer.image->groupOffset, trainer.statisticBytes());
  addNode(trainer, threads, 0, 1);
}

void closeSum(skip_trainer &trainer, const Threads &threads) {
  if (trainer.isClosed)
    return;
  for (int64_t level = 0; trainer.waiting >> level; ++level) {
    if (!(trainer.waiting >> level & 1))
      continue;
    if (trainer.holdsSum)
      addTo(trainer, threads, trainer.gradients(), trainer.partial(level));
    else
      copy(trainer, threads, trainer.partial(level), trainer.gradients());
    trainer.holdsSum = true;
  }
  trainer.waiting = 0;
  trainer.scale = 1 / static_cast<float>(trainer.groups);
  trainer.isClosed = true;
}

void scaleToMean(skip_trainer &trainer, const Threads &threads) {
  if (trainer.scale == 1)
    return;
  forEachPiece(threads, trainer.parameterFloats(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      trainer.gradients()[i] *= trainer.scale;
  });
  trainer.scale = 1;
}

bool areGradientsFinite(const skip_trainer &trainer, const Threads &threads) {
  std::atomic<bool> finite{true};
  const float *values = trainer.gradients();
  forEachPiece(threads, trainer.parameterFloats(), [&](size_t begin, size_t end) {
    uint32_t worst = 0;
    for (size_t i = begin; i < end; ++i) {
      uint32_t exponent = __builtin_bit_cast(uint32_t, values[i]) & 0x7F800000;
      worst = exponent > worst ? exponent : worst;
    }
    if (worst == 0x7F800000)
      finite.store(false, std::memory_order_relaxed);
  });
  return finite.load(std::memory_order_relaxed);
}

namespace {
/// The numbers of a step.
struct Sgd {
  float rate, momentum, scale;
  bool nesterov;

  template <bool isNesterov>
  void step(float *__restrict w, const float *__restrict g, float *__restrict v, size_t count, float decay) const {
    for (size_t i = 0; i < count; ++i) {
      float d = g[i] * scale + decay * w[i];
      v[i] = momentum * v[i] + d;
      w[i] -= rate * (isNesterov ? d + momentum * v[i] : v[i]);
    }
  }
};
} // namespace

void updateParameters(const skip_trainer &trainer, const Threads &threads, float rate) {
  Sgd sgd{rate, static_cast<float>(trainer.numbers[SKIP_TRAINER_MOMENTUM]), trainer.scale,
          trainer.numbers[SKIP_TRAINER_NESTEROV] != 0};
  float decay = static_cast<float>(trainer.numbers[SKIP_TRAINER_DECAY]);
  size_t decayed = trainer.image->decayedBytes / sizeof(float);
  float *w = trainer.parameters(), *v = trainer.momentum;
  const float *g = trainer.gradients();
  auto some = [&](size_t begin, size_t end, float decay) {
    if (begin < end)
      (sgd.*(sgd.nesterov ? &Sgd::step<true> : &Sgd::step<false>))(w + begin, g + begin, v + begin, end - begin, decay);
  };
  forEachPiece(threads, trainer.parameterFloats(), [&](size_t begin, size_t end) {
    size_t middle = decayed < begin ? begin : decayed > end ? end : decayed;
    some(begin, middle, decay);
    some(middle, end, 0);
  });
}

bool areStatisticsFinite(const skip_trainer &trainer) {
  uint64_t each = trainer.statisticBytes() / sizeof(float);
  return countNotFinite(SKIP_ELEMENT_F32, trainer.groupStatistics, static_cast<uint64_t>(trainer.groups) * each) == 0;
}

void updateStatistics(const skip_trainer &trainer) {
  const SkipTrainingImage &image = *trainer.image;
  double momentum = trainer.numbers[SKIP_TRAINER_STATISTICS];
  for (int64_t group = 0; group < trainer.groups; ++group) {
    const char *from = reinterpret_cast<const char *>(trainer.groupStatistics) +
                       static_cast<size_t>(group) * trainer.statisticBytes() - image.groupOffset;
    for (uint32_t i = 0; i < image.statisticCount; ++i) {
      const SkipStatistic &statistic = image.statistics[i];
      float *running = reinterpret_cast<float *>(trainer.state + statistic.running);
      const float *seen = reinterpret_cast<const float *>(from + statistic.group);
      for (size_t k = 0; k < statistic.bytes / sizeof(float); ++k)
        running[k] = static_cast<float>(running[k] + momentum * (double{seen[k]} - running[k]));
    }
  }
}

} // namespace skip::runtime
