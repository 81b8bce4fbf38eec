// What a model has of its device: the primary context, the code that is loaded there, its kernels.
#pragma once

#include "runtime/Objects.h"
#include "runtime/cuda/DriverApi.h"

namespace skip::cuda {

struct Opened {
  Device device = -1;
  Context context = nullptr; // the primary one, retained
  Library library = nullptr;
  SkipCudaColumn column = SKIP_CUDA_SM_80; // of the kernel table, whose code is loaded
  bool launchesEarly = false;              // whether the driver knows in graphs what SkipCudaForm::startsEarly is about
  Function *functions = nullptr;           // of the kernels of all variants, one behind another

  /// The functions of variant `index`, in the order of its kernels.
  const Function *functionsOf(const SkipTargetImage &target, uint32_t index) const {
    const Function *first = functions;
    for (uint32_t i = 0; i < index; ++i)
      first += target.variants[i].kernelCount;
    return first;
  }
};

inline const SkipCudaForm &formOf(const SkipVariant &variant, uint32_t kernel, SkipCudaColumn column) {
  return static_cast<const SkipCudaKernel *>(variant.kernels)[kernel].forms[column];
}
inline const Opened &openedOf(const skip_model &model) { return *static_cast<const Opened *>(model.opened); }

/// SkipBackend::open and close. Loading the code is part of it, and text is compiled then: where that fails, the model's next
/// target is tried.
skip_status open(skip_model &model, int32_t device);
void close(skip_model &model);

} // namespace skip::cuda
