// The device's context as the calling thread's current one, for a while.
#pragma once

#include "runtime/cuda/Driver.h"

namespace skip::cuda {

/// Pushes the context and pops it again, so that the caller's own current context stays what it was. Meanwhile captures of
/// other threads do not forbid this thread anything, which would make them void: what happens here has nothing to do with them.
class Current {
public:
  explicit Current(Context context) : context(context) {}
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;
  ~Current() { leave(); }

  skip_status enter();
  /// To give something back, which is lost if this fails: tried again, and the rest does not matter.
  bool enterToGiveBack();
  /// What came of the calls in between: `status`, or of popping if that is SKIP_OK.
  skip_status leave(skip_status status = SKIP_OK);

private:
  Context context;
  CaptureMode mode = CaptureMode::relaxed;
  bool entered = false, relaxed = false;
};

} // namespace skip::cuda
