// A progress bar on a terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace skip::data {

/// Shows on stderr how far some work is, with rate and time left, as long as the object lives; the line is cleared at the
/// end. Writes nothing unless stderr is a terminal that can clear a line, or lines were asked for. NO_COLOR leaves out the
/// colour.
class Progress {
public:
  /// `total` steps, of which `already` are done; `label` says what is being done ("evaluating"). `fd` is for tests.
  Progress(uint64_t total, std::string label, int fd = 2, uint64_t already = 0);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Counts `steps` more as done. Any thread may call this; it is cheap, and draws at most ten times a second.
  void advance(uint64_t steps = 1);
  /// Where there is no such terminal, a line each time that so long has passed, and no more.
  void tellLines(std::chrono::milliseconds each) { between = each; }
  /// From now on `text` stands in place of the rate. By one thread, that which advances.
  void tell(std::string text) { told = std::move(text); }

private:
  using Clock = std::chrono::steady_clock;
  void draw(uint64_t done, Clock::time_point now);
  std::string textOf(uint64_t steps, Clock::time_point now, int columns) const;

  const uint64_t total, already;
  const std::string label;
  const int fd;
  std::string told;
  const Clock::time_point start = Clock::now();
  bool shown = false;
  bool coloured = false;
  std::atomic<uint64_t> done{0};
  std::mutex drawing; // Guards `drawn` and the terminal.
  Clock::time_point drawn{};
  std::optional<std::chrono::milliseconds> between; // of lines
};

/// The bar's text, at most `columns` wide: "evaluating  43% [####......] 4300/10000  512/s  0:11 left". The `seconds` are those
/// since `already` steps were done; `told`, if not empty, stands in place of the rate.
std::string formatProgress(const std::string &label, uint64_t done, uint64_t total, double seconds, int columns,
                           uint64_t already = 0, const std::string &told = "");

} // namespace skip::data
