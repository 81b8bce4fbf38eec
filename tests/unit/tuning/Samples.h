// A device and measurements to test with.
#pragma once

#include "tools/tuning/Measurement.h"

#include "llvm/Support/Error.h"

#include <catch2/catch.hpp>

namespace skip::test {

inline tuning::Device sampleDevice() {
  return {"AuthenticAMD", 26, 2, tool::Body::avx512, 49152, 1048576, 33554432, "AMD EPYC"};
}

inline tuning::Measurement sampleMeasurement(int64_t nanoseconds = 1000, int64_t columns = 14) {
  graph::ContractionSizes sizes{
      .kernelHeight = 3, .kernelWidth = 3, .padding = 1, .inChannels = 64, .outChannels = 64, .outHeight = 56, .outWidth = 56};
  plan::ConvProblem problem{sizes, /*images=*/1, /*planarInput=*/false, SKIP_ISA_AVX512};
  return {sampleDevice(), tuning::compilerVersion(), problem, plan::ConvChoice{{}, {1, 1, columns, {}}}, 2, nanoseconds, 8};
}

/// The parts of a measurement of x86.
inline tuning::Device &deviceOf(tuning::Measurement &m) { return std::get<tuning::Device>(m.device); }
inline plan::ConvProblem &problemOf(tuning::Measurement &m) { return std::get<plan::ConvProblem>(m.problem); }
inline plan::ConvChoice &choiceOf(tuning::Measurement &m) { return std::get<plan::ConvChoice>(m.choice); }
inline plan::ConvProblem sampleProblem() { return std::get<plan::ConvProblem>(sampleMeasurement().problem); }

inline tuning::GpuDevice sampleGpu() { return {9, 0, 132, 52428800, 79, "NVIDIA H100 80GB HBM3"}; }

inline tuning::Measurement sampleOfGpu(int64_t nanoseconds = 10000, const char *choice = "mma 64x64x64/2x2*3") {
  plan::CudaProblem problem = *plan::parseCudaProblem("conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16");
  return {sampleGpu(), tuning::compilerVersion(), problem, *plan::parseCudaChoice(choice), 1, nanoseconds, 13};
}

/// The value, or a failed test with the error's text.
template <typename T> T require(llvm::Expected<T> value) {
  if (!value)
    FAIL(llvm::toString(value.takeError()));
  return std::move(*value);
}
inline void require(llvm::Error error) {
  if (error)
    FAIL(llvm::toString(std::move(error)));
}

/// The text of the error that must have come.
template <typename T> std::string errorOf(llvm::Expected<T> value) {
  return value ? std::string("no error") : llvm::toString(value.takeError());
}

} // namespace skip::test
