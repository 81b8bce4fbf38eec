// What `tune` found and what its database holds, as tables and as JSON.
#pragma once

#include "tools/text/Json.h"
#include "tools/tuning/Device.h"
#include "tools/tuning/Tuner.h"

namespace skip::tool {

struct TuneReport {
  std::vector<Tuner::Outcome> outcomes;
  int64_t measured = 0, runs = 0,
          left = 0; ///< candidates, their runs; problems that the budget did not reach or whose search it ended
  double seconds = 0;
};

/// `again` is the command that goes on.
void printTuneReport(const TuneReport &report, const std::string &again, size_t width);
void printTuneReportJson(const TuneReport &report, JsonReply &reply);

/// The fastest choice for each problem on `device`, of all that was measured.
void printMeasurements(const std::vector<tuning::Measurement> &all, const tuning::Device &device, size_t width);
void printMeasurementsJson(const std::vector<tuning::Measurement> &all, const tuning::Device &device, JsonReply &reply);

} // namespace skip::tool
