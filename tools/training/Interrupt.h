// Ctrl-C during a training: the step is finished and saved.
#pragma once

#include <csignal>

namespace skip::tool {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is only remembered; a second one does what it did before.
class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt &) = delete;

  bool came() const;

private:
  struct sigaction before[3];
};

} // namespace skip::tool
