// The GPU that measures, by the driver's own calls: memory, a stream, and the time between two places in it.
#pragma once

#include "runtime/cuda/DriverApi.h"
#include "tools/tuning/GpuDevice.h"

#include <vector>

namespace skip::timing {

class Gpu {
public:
  /// Of those that the driver counts. Its primary context is current in this thread as long as the object lives.
  explicit Gpu(int ordinal);
  ~Gpu();
  Gpu(const Gpu &) = delete;
  Gpu &operator=(const Gpu &) = delete;

  const tuning::GpuDevice &fingerprint() const { return device; }
  int ordinal() const { return number; }
  cuda::Stream stream() const { return queue; }

  /// Puts a write into the stream that leaves nothing else in the second-level cache, and takes the GPU longer than the caller
  /// takes to put what is measured behind it.
  void flush();
  void start();
  /// Waits until the stream has come here; nanoseconds since start(), at least 1.
  int64_t stop();

  /// Whether it answers no more.
  bool hasFailed() const;

private:
  void read();

  int number;
  cuda::Device handle = 0;
  tuning::GpuDevice device;
  cuda::Stream queue = nullptr;
  cuda::Event begin = nullptr, end = nullptr;
  cuda::DeviceAddress flushed = 0;
  size_t flushBytes = 0;
};

/// Floats in the memory of the current context's GPU.
class DeviceArray {
public:
  explicit DeviceArray(size_t count);
  explicit DeviceArray(const std::vector<float> &values);
  ~DeviceArray();
  DeviceArray(const DeviceArray &) = delete;
  DeviceArray &operator=(const DeviceArray &) = delete;

  float *pointer() const { return reinterpret_cast<float *>(address); }
  /// Sets all to NaN, which no right result has.
  void spoil();
  std::vector<float> read() const;

private:
  cuda::DeviceAddress address = 0;
  size_t count;
};

} // namespace skip::timing
