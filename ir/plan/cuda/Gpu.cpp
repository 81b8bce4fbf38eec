// Data sheets, and where these say nothing what others have measured: on Hopper mma.sync reaches some five eighths of what
// wgmma does. Of its memory's bandwidth a kernel gets about nine tenths. None of it was measured by Skip.
#include "ir/plan/cuda/Gpu.h"

#include <algorithm>
#include <array>

using namespace skip::plan;

static constexpr double kMemoryShare = 0.9;

static constexpr std::array<Gpu, 3> kGpus = {{
    {"a100", 108, 1.41e9, 1024, 0, 64, 48, 164 * 1024, 312e12, 2.04e12},
    {"h100", 132, 1.755e9, 1280, 2048, 128, 38, 228 * 1024, 989e12, 3.35e12},
    {"h200", 132, 1.755e9, 1280, 2048, 128, 38, 228 * 1024, 989e12, 4.8e12},
}};

std::span<const Gpu> skip::plan::gpus() { return kGpus; }

const Gpu &skip::plan::a100() { return kGpus[0]; }

const Gpu &skip::plan::h100() { return kGpus[1]; }

std::optional<Gpu> skip::plan::gpuNamed(std::string_view name) {
  const auto *found = std::find_if(kGpus.begin(), kGpus.end(), [&](const Gpu &gpu) { return gpu.name == name; });
  return found == kGpus.end() ? std::nullopt : std::optional(*found);
}

double skip::plan::rooflineSeconds(const Work &work, int64_t elementBytes, bool usesTensorCores, const Gpu &gpu) {
  double floats = 2 * gpu.floatProducts * static_cast<double>(gpu.multiprocessors) * gpu.hertz;
  double peak = !usesTensorCores ? floats : elementBytes == 2 ? gpu.pairPeak : gpu.pairPeak / 2;
  return std::max(work.operations / peak, work.bytes / gpu.bytesPerSecond);
}

double skip::plan::predictedSeconds(double cycles, const Work &work, const Gpu &gpu) {
  return launchSeconds + std::max(cycles / gpu.hertz, work.bytes / (kMemoryShare * gpu.bytesPerSecond));
}
