#include "runtime/cuda/Launch.h"

#include "runtime/cuda/Driver.h"
#include "runtime/cuda/Maps.h"

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

/// The arguments of SkipCudaForm: block, first, images, operands, maps. A 32-bit one is the lower half of its element.
static skip_status fillArguments(const Launcher &launcher, const SkipStep &step, const SkipCudaForm &form, Turn turn) {
  constexpr uint32_t others = 3;
  const Body &body = launcher.body;
  uint64_t *arguments = body.arguments;
  arguments[0] = body.block;
  arguments[1] = static_cast<uint64_t>(turn.first);
  arguments[2] = static_cast<uint64_t>(turn.images);
  for (uint32_t i = 0; i < step.operandCount; ++i)
    arguments[others + i] = launcher.addressOf(launcher.variant().operands[step.firstOperand + i], turn.first);
  for (uint32_t i = 0; i < others + step.operandCount; ++i)
    body.pointers[i] = arguments + i;
  for (uint32_t i = 0; i < form.mapCount; ++i) {
    const SkipCudaMap &map = form.maps[i];
    Result result = encodeMap(driver(), map, arguments[others + map.operand], turn.images, body.maps[i]);
    if (result != Result::success)
      return check(result, map.isWalk ? "cuTensorMapEncodeIm2col" : "cuTensorMapEncodeTiled");
    body.pointers[others + step.operandCount + i] = body.maps + i;
  }
  return SKIP_OK;
}

/// Blocks of a turn along each axis; 0 where there is nothing to do.
static unsigned blocksOf(int64_t extent, int64_t split, int64_t cluster) {
  int64_t blocks = (extent + split - 1) / split;
  if (blocks <= 0)
    return 0;
  blocks = (blocks + cluster - 1) / cluster * cluster;
  return blocks > UINT32_MAX ? UINT32_MAX : static_cast<unsigned>(blocks); // which the driver refuses
}

skip_status Launcher::step(uint32_t index, Turn turn) const {
  const SkipStep &step = variant().steps[index];
  const SkipCudaForm &form = formOf(variant(), step.kernel, body.opened->column);
  unsigned grid[3];
  for (uint32_t axis = 0; axis < 3; ++axis) {
    grid[axis] = blocksOf(valueOf(variant().params[step.firstParam + axis], turn.images), form.split[axis],
                          axis == 0 ? form.cluster : 1);
    if (grid[axis] == 0)
      return SKIP_OK;
  }
  skip_status status = fillArguments(*this, step, form, turn);
  LaunchAttribute early{};
  early.id = LaunchAttributeId::programmaticStreamSerialization;
  early.value.programmaticStreamSerializationAllowed = 1;
  LaunchConfig config{grid[0], grid[1], grid[2], form.threads, 1, 1, form.sharedBytes, body.stream, &early, 0};
  config.attributeCount = form.startsEarly && body.opened->launchesEarly;
  Function function = body.opened->functionsOf(*context.model->target, variantIndex)[step.kernel];
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuLaunchKernelEx, &config, function, body.pointers, nullptr);
  return status == SKIP_OK ? SKIP_OK : inContext(status, "step `%.200s`", step.name);
}

} // namespace skip::cuda
