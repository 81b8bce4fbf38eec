// The progress bar: on a terminal only.
#include "tools/data/Progress.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

using namespace skip::data;

TEST_CASE("progress: label, percent, bar, counts, rate and time left") {
  CHECK(formatProgress("evaluating", 4300, 10000, 8.4, 72) ==
        "evaluating  43% [##########...............] 4300/10000  512/s  0:11 left");
  CHECK(formatProgress("x", 1, 2, 4, 60) == "x  50% [##############..............] 1/2  0.25/s  0:04 left");
  CHECK(formatProgress("x", 2, 2, 1, 200) == "x 100% [########################################] 2/2  2.00/s  0:00 left");
}

TEST_CASE("progress: the beginning, the end, and nothing to do") {
  CHECK(formatProgress("x", 0, 10, 0, 40) == "x   0% [..................] 0/10  0.00/s");
  CHECK(formatProgress("x", 0, 0, 1, 40) == "x 100% [###################] 0/0  0.00/s");
  CHECK(formatProgress("x", 11, 10, 1, 200).find(" 10/10 ") != std::string::npos); // more steps than were announced
}

TEST_CASE("progress: long times have hours") {
  CHECK(formatProgress("x", 1, 7201, 1, 200).find("  2:00:00 left") != std::string::npos);
  CHECK(formatProgress("x", 1, UINT64_MAX, 1, 200).find("  99:59:59 left") != std::string::npos);
}

TEST_CASE("progress: a narrow terminal loses the bar, then the end") {
  CHECK(formatProgress("evaluating", 1, 2, 1, 30) == "evaluating  50% 1/2  1.00/s  0");
  for (int columns = -1; columns < 100; ++columns)
    CHECK(formatProgress("evaluating", 1, 2, 1, columns).size() <= static_cast<size_t>(std::max(columns, 0)));
}

namespace {
/// A terminal whose other end we read.
struct Terminal {
  Terminal() {
    ours = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    REQUIRE(ours >= 0);
    REQUIRE(grantpt(ours) == 0);
    REQUIRE(unlockpt(ours) == 0);
    theirs = open(ptsname(ours), O_RDWR | O_NOCTTY);
    REQUIRE(theirs >= 0);
  }
  ~Terminal() {
    close(theirs);
    close(ours);
  }
  /// All that was written, which may take a moment to come through.
  std::string text() const {
    std::string all;
    char part[4096];
    for (pollfd ready{ours, POLLIN, 0}; poll(&ready, 1, 200) == 1;) {
      ssize_t got = read(ours, part, sizeof part);
      if (got <= 0)
        break;
      all.append(part, static_cast<size_t>(got));
    }
    return all;
  }
  int ours, theirs;
};

/// What two steps of ten write to `fd`.
void work(int fd) {
  Progress progress(10, "working", fd);
  progress.advance(2);
  progress.advance(2); // within a tenth of a second: not drawn
}
} // namespace

TEST_CASE("progress: a terminal shows it, and is clean again at the end") {
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  Terminal terminal;
  work(terminal.theirs);
  std::string text = terminal.text();
  CHECK(text.starts_with("\rworking  20% ["));
  CHECK(text.ends_with("\x1b[K\r\x1b[K"));
  CHECK(text.find("40%") == std::string::npos);
  unsetenv("NO_COLOR");
  work(terminal.theirs);
  CHECK(terminal.text().starts_with("\r\x1b[36mworking"));
}

TEST_CASE("progress: neither a dumb terminal nor a pipe is written to") {
  setenv("TERM", "dumb", 1);
  Terminal terminal;
  work(terminal.theirs);
  CHECK(terminal.text().empty());
  setenv("TERM", "xterm", 1);
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  work(ends[1]);
  char byte;
  CHECK(read(ends[0], &byte, 1) == -1);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("progress: a pipe gets lines where they are asked for, now and then") {
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  {
    Progress progress(10, "working", ends[1]);
    progress.tellLines(std::chrono::milliseconds(0));
    progress.advance(2);
    progress.tellLines(std::chrono::hours(1));
    progress.advance(2);
  }
  char text[4096];
  ssize_t got = read(ends[0], text, sizeof text);
  REQUIRE(got > 0);
  std::string line(text, static_cast<size_t>(got));
  CHECK(line.starts_with("working  20% ["));
  CHECK(line.find(" 2/10 ") != std::string::npos);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("progress: threads may advance it together") {
  setenv("TERM", "xterm", 1);
  Terminal terminal;
  std::vector<std::thread> threads;
  {
    Progress progress(4000, "x", terminal.theirs);
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int step = 0; step < 1000; ++step)
          progress.advance();
      });
    for (std::thread &thread : threads)
      thread.join();
  }
  CHECK(terminal.text().ends_with("\x1b[K"));
}
