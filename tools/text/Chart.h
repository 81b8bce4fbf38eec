// Lines on two axes, as an SVG picture.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <utility>
#include <vector>

namespace skip::tool {

struct ChartLine {
  std::string name;  ///< in the key
  std::string style; ///< attributes of the SVG line: stroke, width, dashes
  std::vector<std::pair<double, double>> points;
};

/// Both axes begin at 0. What lies above the end of the second is drawn at its end.
struct Chart {
  std::string title, across, up; ///< the names of the axes
  double length = 1, most = 1;   ///< where the axes end
  double distance = 1;           ///< of marks on the axis that goes up
  std::vector<ChartLine> lines;
};

/// The distance of marks, a round number, on an axis of which there are to be five or so.
double markDistance(double length);

/// The charts below each other.
std::string chartSvg(llvm::ArrayRef<Chart> charts);

} // namespace skip::tool
