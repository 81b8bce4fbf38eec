// Text of SVG, of elements that every viewer knows.
#include "tools/text/Chart.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using tool::Chart;
using tool::ChartLine;

namespace {
/// A chart's places in the picture.
struct Frame {
  static constexpr double left = 64, width = 520, height = 330, pictureWidth = 610, pictureHeight = 430;
  double top, length, most;
  double x(double across) const { return left + width * across / length; }
  double y(double up) const { return top + height * (1 - std::min(up, most) / most); }
};
} // namespace

double tool::markDistance(double length) {
  for (double power = std::pow(10, std::floor(std::log10(length)) - 1);; power *= 10)
    for (double distance : {power, 2 * power, 5 * power})
      if (distance * 6 >= length)
        return distance;
}

static std::string escaped(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::printHTMLEscaped(text, os);
  return result;
}

static void writeMarks(const Frame &frame, const Chart &chart, llvm::raw_ostream &os) {
  for (int i = 0; i * chart.distance <= chart.most * (1 + 1e-9); ++i) {
    double up = i * chart.distance;
    os << llvm::format("<line x1=\"%g\" x2=\"%g\" y1=\"%g\" y2=\"%g\" stroke=\"#ccc\" stroke-dasharray=\"3 3\"/>\n",
                       Frame::left, Frame::left + Frame::width, frame.y(up), frame.y(up));
    os << llvm::format("<text x=\"%g\" y=\"%g\" text-anchor=\"end\">%g</text>\n", Frame::left - 8, frame.y(up) + 4, up);
  }
  double distance = std::max(1.0, tool::markDistance(chart.length)); // of what is counted
  for (double across = 0; across <= chart.length; across += distance)
    os << llvm::format("<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%g</text>\n", frame.x(across),
                       frame.top + Frame::height + 20, across);
}

static void writeAxes(const Frame &frame, const Chart &chart, llvm::raw_ostream &os) {
  os << llvm::format("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\" font-size=\"15\">", Frame::left + Frame::width / 2,
                     frame.top - 16)
     << escaped(chart.title) << "</text>\n";
  os << llvm::format("<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" stroke=\"black\"/>\n", Frame::left,
                     frame.top, Frame::width, Frame::height);
  writeMarks(frame, chart, os);
  os << llvm::format("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">", Frame::left + Frame::width / 2,
                     frame.top + Frame::height + 42)
     << escaped(chart.across) << "</text>\n"
     << llvm::format("<text transform=\"translate(18 %g) rotate(-90)\" text-anchor=\"middle\">", frame.top + Frame::height / 2)
     << escaped(chart.up) << "</text>\n";
}

static void writeLine(const Frame &frame, const ChartLine &line, llvm::raw_ostream &os) {
  os << "<polyline fill=\"none\" " << line.style << " points=\"";
  for (auto [across, up] : line.points)
    os << llvm::format("%.1f,%.1f ", frame.x(across), frame.y(up));
  os << "\"/>\n";
}

/// In the upper right corner.
static void writeKey(const Frame &frame, llvm::ArrayRef<ChartLine> lines, llvm::raw_ostream &os) {
  size_t longest = 0;
  for (const ChartLine &line : lines)
    longest = std::max(longest, line.name.size());
  double left = Frame::left + Frame::width - std::clamp(50 + 8.0 * static_cast<double>(longest), 130.0, Frame::width);
  for (auto [index, line] : llvm::enumerate(lines)) {
    double y = frame.top + 20 * static_cast<double>(index + 1);
    os << llvm::format("<line x1=\"%g\" x2=\"%g\" y1=\"%g\" y2=\"%g\" ", left, left + 30, y, y) << line.style
       << llvm::format("/><text x=\"%g\" y=\"%g\">", left + 38, y + 4) << escaped(line.name) << "</text>\n";
  }
}

std::string tool::chartSvg(llvm::ArrayRef<Chart> charts) {
  double height = Frame::pictureHeight * static_cast<double>(charts.size());
  std::string svg;
  llvm::raw_string_ostream os(svg);
  os << llvm::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" "
                     "font-size=\"13\">\n<rect width=\"%g\" height=\"%g\" fill=\"white\"/>\n",
                     Frame::pictureWidth, height, Frame::pictureWidth, height);
  for (auto [index, chart] : llvm::enumerate(charts)) {
    Frame frame{40 + Frame::pictureHeight * static_cast<double>(index), chart.length, chart.most};
    writeAxes(frame, chart, os);
    for (const ChartLine &line : chart.lines)
      writeLine(frame, line, os);
    writeKey(frame, chart.lines, os);
  }
  os << "</svg>\n";
  return svg;
}
