#include "ir/plan/Schedule.h"

using namespace skip;
using namespace skip::plan;

bool plan::covers(const ConvSchedule &schedule, int64_t width) {
  int64_t rest = width % schedule.columns;
  for (int64_t tail : schedule.tails)
    if (tail <= rest)
      rest -= tail;
  return rest == 0;
}
std::vector<ConvSchedule> plan::convSchedules(const ConvShape &shape, SkipIsa isa) { return {{2, 1, 14, {}}}; }
