// From a target's codes to functions on a device.
#pragma once

#include "runtime/cuda/Code.h"
#include "runtime/cuda/Opened.h"

namespace skip::cuda {

/// Loads the best code that the driver takes for a device of this architecture, and says in model.body which; finds the
/// functions of all kernels. SKIP_NO_DEVICE: there is none for the device; else the text is that of the last code that was
/// refused. The device's context is current.
skip_status loadBest(skip_model &model, Architecture architecture, Opened &opened);

} // namespace skip::cuda
