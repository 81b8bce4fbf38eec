// Fresh parameters. Each normal number is a function of the seed, the tensor's name and the element's place.
#include "runtime/Fnv1a.h"
#include "runtime/training/Philox.h"
#include "runtime/training/Places.h"
#include "runtime/training/Values.h"

#include <string.h>

namespace skip::runtime {

namespace {
/// Normal numbers of one tensor, by Marsaglia's polar method, which makes them in pairs.
class Normals {
public:
  Normals(uint64_t seed, const char *name) : key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)} {
    Fnv1a hash;
    hash.add(name);
    counter = {0, 0, static_cast<uint32_t>(hash.value), static_cast<uint32_t>(hash.value >> 32)};
  }

  double at(int64_t element) {
    if (element / 2 != pairAt)
      draw(element / 2);
    return pair[element % 2];
  }

private:
  void draw(int64_t place) {
    double x, y, square;
    uint32_t attempt = 0;
    do {
      counter[0] = static_cast<uint32_t>(place);
      counter[1] = static_cast<uint32_t>(place >> 32) << 16 | attempt++;
      std::array<uint32_t, 4> bits = philox(counter, key);
      x = 2 * uniformOf(bits[0], bits[1]) - 1;
      y = 2 * uniformOf(bits[2], bits[3]) - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double factor = __builtin_sqrt(-2 * plainLog(square) / square);
    pair[0] = x * factor;
    pair[1] = y * factor;
    pairAt = place;
  }

  std::array<uint32_t, 4> counter;
  std::array<uint32_t, 2> key;
  double pair[2];
  int64_t pairAt = -1;
};

/// The filters of one tensor, by output.
struct Filter {
  const SkipTensor &tensor;
  const SkipLoad *entry; // null: as a checkpoint has it
  float *to;
  uint64_t seed;
  double deviation;
  int64_t inputs;

  static void fill(void *argument, int64_t begin, int64_t end) {
    const Filter &filter = *static_cast<const Filter *>(argument);
    Normals normals(filter.seed, filter.tensor.name);
    auto set = [&](int64_t element, int64_t place) {
      filter.to[place] = static_cast<float>(filter.deviation * normals.at(element));
    };
    if (filter.entry)
      return forEachPlace(*filter.entry, begin, end, set);
    for (int64_t i = begin * filter.inputs; i < end * filter.inputs; ++i)
      set(i, i);
  }
};
} // namespace

static void fillFilter(skip_trainer &trainer, const Threads &threads, uint32_t index, uint64_t seed) {
  const SkipTensor &tensor = trainer.names().tensors[index];
  int64_t outputs = tensor.rank > 0 ? tensor.dims[0] : 1, inputs = elementsOf(tensor) / (outputs > 0 ? outputs : 1);
  Filter filter{tensor, trainer.entryOf(index), valuesOf(trainer, index), seed, __builtin_sqrt(2 / static_cast<double>(inputs)),
                inputs};
  threads.share(outputs, Filter::fill, &filter);
}

static void fillVector(skip_trainer &trainer, uint32_t index, float value) {
  float *to = valuesOf(trainer, index);
  for (int64_t i = 0; i < elementsOf(trainer.names().tensors[index]); ++i)
    to[i] = value;
}

void fillFresh(skip_trainer &trainer, const Threads &threads, uint64_t seed) {
  memset(trainer.state, 0, trainer.image->stateBytes);
  memset(trainer.momentum, 0, trainer.image->parameterBytes);
  for (uint32_t i = 0; i < trainer.names().tensorCount; ++i)
    switch (roleOf(*trainer.inference->target, i)) {
    case Role::Filter:
      fillFilter(trainer, threads, i, seed);
      break;
    case Role::Scale:
    case Role::Variance:
      fillVector(trainer, i, 1);
      break;
    case Role::Other:
      fillVector(trainer, i, 0);
    }
}

} // namespace skip::runtime
