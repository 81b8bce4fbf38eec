#include "runtime/cuda/Launch.h"

#include "runtime/cuda/Driver.h"

namespace skip::cuda {

DeviceAddress Launcher::addressOf(const SkipOperand &operand, int64_t first) const {
  const SkipModelImage &image = *context.model->image;
  DeviceAddress base = 0;
  switch (static_cast<SkipSegment>(operand.segment)) {
  case SKIP_SEGMENT_INPUT:
    return body.block + offsetof(SkipCudaBlock, ports) + operand.index * sizeof(uint64_t);
  case SKIP_SEGMENT_OUTPUT:
    return body.block + offsetof(SkipCudaBlock, ports) + (image.inputCount + operand.index) * sizeof(uint64_t);
  case SKIP_SEGMENT_WEIGHTS:
    base = weights;
    break;
  case SKIP_SEGMENT_STATE:
    base = body.state;
    break;
  case SKIP_SEGMENT_WORKSPACE:
    base = body.workspace;
    break;
  }
  return base + operand.offset + operand.origin + static_cast<uint64_t>(first) * operand.imageBytes;
}

int64_t Launcher::valueOf(const SkipParam &param, int64_t images) const {
  if (param.extent < 0)
    return param.value;
  return param.value * (param.extent == 0 ? images : variant().extents[param.extent].initial);
}

/// The arguments of SkipCudaKernel: block, first, images, operands. A 32-bit one is the lower half of its element.
static void fillArguments(const Launcher &launcher, const SkipStep &step, Turn turn) {
  uint64_t *arguments = launcher.body.arguments;
  arguments[0] = launcher.body.block;
  arguments[1] = static_cast<uint64_t>(turn.first);
  arguments[2] = static_cast<uint64_t>(turn.images);
  for (uint32_t i = 0; i < step.operandCount; ++i)
    arguments[3 + i] = launcher.addressOf(launcher.variant().operands[step.firstOperand + i], turn.first);
  for (uint32_t i = 0; i < 3 + step.operandCount; ++i)
    launcher.body.pointers[i] = arguments + i;
}

skip_status Launcher::step(uint32_t index, Turn turn) const {
  const SkipStep &step = variant().steps[index];
  const SkipCudaKernel &kernel = kernelsOf(variant())[step.kernel];
  unsigned grid[3];
  for (uint32_t axis = 0; axis < 3; ++axis) {
    int64_t extent = valueOf(variant().params[step.firstParam + axis], turn.images);
    int64_t blocks = (extent + kernel.split[axis] - 1) / kernel.split[axis];
    if (blocks <= 0)
      return SKIP_OK;
    grid[axis] = blocks > UINT32_MAX ? UINT32_MAX : static_cast<unsigned>(blocks); // which the driver refuses
  }
  fillArguments(*this, step, turn);
  LaunchConfig config{grid[0], grid[1], grid[2], kernel.threads, 1, 1, kernel.sharedBytes, body.stream, nullptr, 0};
  Function function = body.opened->functionsOf(*context.model->target, variantIndex)[step.kernel];
  skip_status status = SKIP_DRIVER(cuLaunchKernelEx, &config, function, body.pointers, nullptr);
  return status == SKIP_OK ? SKIP_OK : inContext(status, "step `%.200s`", step.name);
}

} // namespace skip::cuda
