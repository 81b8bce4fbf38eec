// What measurements cannot tell apart.
#pragma once

#include "tools/tuning/Measurement.h"

namespace skip::tuning {

/// Whether the times differ by less than their difference may be off.
bool areTied(const Measurement &a, const Measurement &b);

/// Of one search for one problem: what is to be preferred comes first. That is the fastest, or of those that are settled ties
/// with it the one that the cost model expects to be.
std::vector<const Measurement *> byPreference(std::vector<const Measurement *> measurements);

/// Those that are tied with the fastest, which is one of them, from the fastest on: more runs may tell them apart.
std::vector<const Measurement *> tiedWithFastest(std::vector<const Measurement *> measurements);

/// Whether the search that gave these came to its end: the fastest, and what is tied with it, have all their runs.
bool isFinished(std::vector<const Measurement *> measurements);

/// Of these the ones that have all their runs, as the fastest must have too: else it alone. What is off by much since it has
/// few runs is not preferred for that.
std::vector<const Measurement *> settledTies(std::vector<const Measurement *> measurements);

} // namespace skip::tuning
