// What the checker asks of a compiled model: tests put faulty ones in its place.
#pragma once

#include "runtime/Runtime.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <functional>

namespace skip::tool {

class RunningBody {
public:
  using Observer = std::function<void(const skip_step_event &)>;

  virtual ~RunningBody() = default;
  RunningBody() = default;
  RunningBody(const RunningBody &) = delete;
  RunningBody &operator=(const RunningBody &) = delete;

  virtual llvm::StringRef isa() const = 0;
  /// Runs `images` images; `inputs` and `outputs` are arrays as in the C API.
  virtual llvm::Error run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) = 0;
  /// From now on hears each step; empty: no longer.
  virtual llvm::Error observe(Observer observer) = 0;
  /// Makes the workspace as if nothing had run: NaN.
  virtual void spoilWorkspace() = 0;
  /// Makes it zeros.
  virtual void clearWorkspace() = 0;
  /// Whether nothing was written before or behind the workspace.
  virtual bool isWorkspaceIntact() const = 0;
};

} // namespace skip::tool
