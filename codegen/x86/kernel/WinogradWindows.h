// The transform of single windows of a Winograd convolution's input: V = B^T d B.
#pragma once

#include "codegen/x86/kernel/Builder.h"
#include "codegen/x86/kernel/Winograd.h"

#include <memory>

namespace skip::kernel {

/// Where windows lie: the input's interior origin, its strides and sizes, and the convolution's padding.
struct WindowSource {
  Value pointer;
  Value image, block, row; // strides in elements; block: of 16 channels, planar: of a channel
  Value rows, columns;     // of the picture
  Value padding;
};

/// A family of windows: how a tile's is read and transformed. To be made at the function's top level: it takes scratch memory.
class WinogradWindows {
public:
  virtual ~WinogradWindows() = default;

  /// Writes V of one tile and channel block; position 0 goes to `to`, the next `positionVectors` vectors on.
  virtual void emit(Value image, Value block, Value tileRow, Value tileColumn, Value to) = 0;
};

/// Windows of a blocked input, of stride 2 the four phases' one after another; or, with `channels`, of the planar input of a
/// convolution of stride 2.
std::unique_ptr<WinogradWindows> winogradWindows(Builder &b, const WinogradInputSpec &spec, const WindowSource &source);

/// For planar inputs alone.
std::unique_ptr<WinogradWindows> winogradPhaseWindows(Builder &b, const WinogradInputSpec &spec, const WindowSource &source);

} // namespace skip::kernel
