// A weights segment in a device's memory.
//
// There is one copy for each device and weights object, which all contexts share. The weights object and each context that is
// bound to it hold it; whoever lets go last frees it.
#pragma once

#include "runtime/Objects.h"
#include "runtime/cuda/Opened.h"

namespace skip::cuda {

struct DeviceWeights {
  DeviceAddress address = 0;
  Device device = -1;
  Context context = nullptr; // the device's primary one, retained
  uint32_t holders = 0;
  DeviceWeights *next = nullptr; // of the same weights object
};

/// The copy of `weights` on the device, held; uploaded in `stream`, and waited for, if it is not there yet. The device's
/// context is current.
skip_status holdWeights(const skip_weights &weights, const Opened &opened, Stream stream, DeviceWeights *&held);

/// Lets go; null is fine.
void dropWeights(DeviceWeights *held);

/// SkipBackend::releaseWeights.
void releaseWeights(skip_weights &weights);

} // namespace skip::cuda
