#include "tools/tuning/Placements.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace skip;
using tuning::Placements;

void Placements::add(int64_t nanoseconds) {
  times.insert(std::upper_bound(times.begin(), times.end(), nanoseconds), nanoseconds);
}

/// What these times were is forgotten: as many stand on both sides of their mean, so that mean and noise come out the same.
void Placements::remember(int64_t nanoseconds, int64_t places, int64_t noise) {
  int64_t counting = places - places / 4;
  auto count = static_cast<double>(counting);
  double deviation = static_cast<double>(noise) * std::sqrt(count) / 2;
  if (counting % 2 == 0)
    deviation *= std::sqrt((count - 1) / count);
  int64_t apart = std::min<int64_t>(std::llround(deviation), nanoseconds - 1);
  for (int64_t i = 0; i < counting / 2; ++i) {
    add(nanoseconds - apart);
    add(nanoseconds + apart);
  }
  if (counting % 2)
    add(nanoseconds);
  for (int64_t i = counting; i < places; ++i)
    add(nanoseconds + apart);
}

double Placements::mean() const {
  auto end = times.begin() + static_cast<ptrdiff_t>(counting());
  return std::accumulate(times.begin(), end, 0.0) / static_cast<double>(counting());
}

int64_t Placements::time() const { return std::llround(mean()); }

int64_t Placements::noise() const {
  auto count = static_cast<double>(counting());
  if (count < 2)
    return 0;
  double squares = 0;
  for (size_t i = 0; i < counting(); ++i)
    squares += std::pow(static_cast<double>(times[i]) - mean(), 2);
  return std::llround(2 * std::sqrt(squares / (count - 1) / count));
}
