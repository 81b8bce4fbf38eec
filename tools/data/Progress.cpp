// Draws the bar: one line that each drawing overwrites, at most ten times a second.
#include "tools/data/Progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

namespace skip::data {

static bool isSet(const char *variable) {
  const char *value = std::getenv(variable);
  return value && *value;
}

Progress::Progress(uint64_t total, std::string label, int fd, uint64_t already)
    : total(total), already(already), label(std::move(label)), fd(fd), done(already) {
  const char *terminal = std::getenv("TERM");
  shown = ::isatty(fd) && terminal && std::strcmp(terminal, "dumb") != 0;
  coloured = !isSet("NO_COLOR");
}

/// Progress is a courtesy: if the terminal is gone, the work goes on.
static void writeQuietly(int fd, const std::string &text) {
  [[maybe_unused]] ssize_t written = ::write(fd, text.data(), text.size());
}

Progress::~Progress() {
  if (shown && drawn != Clock::time_point{})
    writeQuietly(fd, "\r\x1b[K");
}

void Progress::advance(uint64_t steps) {
  uint64_t now = done.fetch_add(steps, std::memory_order_relaxed) + steps;
  if (!shown && !between)
    return;
  // A thread that finds another drawing leaves it at that.
  std::unique_lock lock(drawing, std::try_to_lock);
  Clock::time_point time = Clock::now();
  if (lock && shown && time - drawn >= std::chrono::milliseconds(100))
    draw(now, time);
  if (!lock || shown || time - std::max(drawn, start) < *between)
    return;
  drawn = time;
  constexpr int widthOfLines = 90;
  writeQuietly(fd, textOf(now, time, widthOfLines) + "\n");
}

static int columnsOf(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string Progress::textOf(uint64_t steps, Clock::time_point now, int columns) const {
  double seconds = std::chrono::duration<double>(now - start).count();
  return formatProgress(label, steps, total, seconds, columns, already, told);
}

void Progress::draw(uint64_t steps, Clock::time_point now) {
  drawn = now;
  std::string text = textOf(steps, now, columnsOf(fd) - 1);
  if (coloured)
    text = "\x1b[36m" + text + "\x1b[0m";
  writeQuietly(fd, "\r" + text + "\x1b[K");
}

static std::string formatTime(double seconds) {
  auto whole = static_cast<unsigned long long>(std::min(seconds, 359999.0) + 0.5);
  char text[32];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%llu:%02llu", whole / 60, whole % 60);
  return text;
}

std::string formatProgress(const std::string &label, uint64_t done, uint64_t total, double seconds, int columns,
                           uint64_t already, const std::string &told) {
  done = std::min(done, total);
  double fraction = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
  double rate = seconds > 0 && done > already ? static_cast<double>(done - already) / seconds : 0.0;
  char percent[16], speed[64];
  std::snprintf(percent, sizeof percent, "%3d%%", static_cast<int>(100 * fraction));
  std::snprintf(speed, sizeof speed, rate < 10 ? "  %.2f/s" : "  %.0f/s", rate);
  std::string before = label + " " + percent;
  std::string after(1, ' ');
  after.append(std::to_string(done)).append("/").append(std::to_string(total)).append(told.empty() ? speed : "  " + told);
  if (rate > 0)
    after += "  " + formatTime(static_cast<double>(total - done) / rate) + " left";
  int room = std::min(columns - static_cast<int>(before.size() + after.size()) - 3, 40);
  std::string bar;
  if (room >= 5) {
    auto filled = static_cast<size_t>(fraction * room);
    bar.append(" [").append(filled, '#').append(static_cast<size_t>(room) - filled, '.').append("]");
  }
  return (before + bar + after).substr(0, static_cast<size_t>(std::max(columns, 0)));
}

} // namespace skip::data
