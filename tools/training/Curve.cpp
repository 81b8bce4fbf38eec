// The training error of single batches is noise of several percent, so its line has at most 300 points, each the mean of the
// lines of metrics between it and the one before.
//
// The axis of errors ends at 20 %, as the paper's does, where validation came below 15; else at the first round number above
// what the second half of the training shows.
#include "tools/training/Curve.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace skip;
using tool::Metric;

namespace {
struct Point {
  double step, error; ///< in percent
};
using Line = std::vector<Point>;

/// The picture's places.
struct Frame {
  static constexpr double left = 64, top = 40, width = 520, height = 330;
  double length, most;
  double x(double step) const { return left + width * step / length; }
  double y(double error) const { return top + height * (1 - std::min(error, most) / most); }
};
} // namespace

static Line validationLine(llvm::ArrayRef<Metric> metrics) {
  Line line;
  for (const Metric &metric : metrics)
    if (metric.isValidation())
      line.push_back({static_cast<double>(metric.step), 100 * metric.validationError});
  return line;
}

static Line trainingLine(llvm::ArrayRef<Metric> metrics) {
  std::vector<const Metric *> logged;
  for (const Metric &metric : metrics)
    if (!metric.isValidation())
      logged.push_back(&metric);
  constexpr size_t points = 300;
  size_t each = (logged.size() + points - 1) / points;
  Line line;
  for (size_t begin = 0; begin < logged.size(); begin += each) {
    size_t end = std::min(begin + each, logged.size());
    double sum = 0;
    for (size_t i = begin; i < end; ++i)
      sum += 100 * logged[i]->error;
    line.push_back({static_cast<double>(logged[end - 1]->step), sum / static_cast<double>(end - begin)});
  }
  return line;
}

/// The end of the axis of errors.
static double mostError(const Line &training, const Line &validation) {
  double most = 1;
  for (const Line *line : {&training, &validation})
    for (size_t i = line->size() / 2; i < line->size(); ++i)
      most = std::max(most, (*line)[i].error);
  for (double end : {5.0, 10.0, 20.0, 40.0, 60.0})
    if (most <= 0.75 * end)
      return end;
  return 100;
}

/// The distance of marks on an axis of which there are to be five or so.
static double markDistance(double length) {
  for (double power = 1;; power *= 10)
    for (double distance : {power, 2 * power, 5 * power})
      if (distance * 6 >= length)
        return distance;
}

static void writeAxes(const Frame &frame, llvm::raw_ostream &os) {
  os << llvm::format("<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" stroke=\"black\"/>\n", Frame::left,
                     Frame::top, Frame::width, Frame::height);
  for (double error = 0; error <= frame.most; error += frame.most / 4) {
    os << llvm::format("<line x1=\"%g\" x2=\"%g\" y1=\"%g\" y2=\"%g\" stroke=\"#ccc\" stroke-dasharray=\"3 3\"/>\n",
                       Frame::left, Frame::left + Frame::width, frame.y(error), frame.y(error));
    os << llvm::format("<text x=\"%g\" y=\"%g\" text-anchor=\"end\">%g</text>\n", Frame::left - 8, frame.y(error) + 4, error);
  }
  double distance = markDistance(frame.length);
  for (double step = 0; step <= frame.length; step += distance)
    os << llvm::format("<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%g</text>\n", frame.x(step),
                       Frame::top + Frame::height + 20, step);
  os << llvm::format("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">iterations</text>\n", Frame::left + Frame::width / 2,
                     Frame::top + Frame::height + 42);
  os << llvm::format("<text transform=\"translate(18 %g) rotate(-90)\" text-anchor=\"middle\">error (%%)</text>\n",
                     Frame::top + Frame::height / 2);
}

static void writeLine(const Frame &frame, const Line &line, llvm::StringRef style, llvm::raw_ostream &os) {
  os << "<polyline fill=\"none\" stroke=\"#c00\" " << style << " points=\"";
  for (const Point &point : line)
    os << llvm::format("%.1f,%.1f ", frame.x(point.step), frame.y(point.error));
  os << "\"/>\n";
}

static std::string escaped(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::printHTMLEscaped(text, os);
  return result;
}

std::string tool::curveSvg(llvm::ArrayRef<Metric> metrics, int64_t length, const std::string &title) {
  Line training = trainingLine(metrics), validation = validationLine(metrics);
  Frame frame{static_cast<double>(std::max<int64_t>(length, 1)), mostError(training, validation)};
  constexpr const char *dashed = "stroke-width=\"1\" stroke-dasharray=\"4 3\"", *bold = "stroke-width=\"2.5\"";
  std::string svg;
  llvm::raw_string_ostream os(svg);
  os << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 610 430\" font-family=\"sans-serif\" font-size=\"13\">\n"
     << "<rect width=\"610\" height=\"430\" fill=\"white\"/>\n"
     << "<text x=\"324\" y=\"24\" text-anchor=\"middle\" font-size=\"15\">" << escaped(title) << "</text>\n";
  writeAxes(frame, os);
  writeLine(frame, training, dashed, os);
  writeLine(frame, validation, bold, os);
  double key = Frame::left + Frame::width - 130;
  for (auto [style, name, y] :
       {std::tuple(dashed, "training", Frame::top + 20), std::tuple(bold, "validation", Frame::top + 40)})
    os << llvm::format("<line x1=\"%g\" x2=\"%g\" y1=\"%g\" y2=\"%g\" stroke=\"#c00\" %s/><text x=\"%g\" y=\"%g\">%s</text>\n",
                       key, key + 30, y, y, style, key + 38, y + 4, name);
  os << "</svg>\n";
  return svg;
}
