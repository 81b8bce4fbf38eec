// The kernels of the test's model, in PTX by hand: one thread a pixel, a sum, an image.
#pragma once

#include <string>

namespace test {

/// Version and target of a module that has all kernels; `architecture` is 80 of sm_80.
std::string kernelText(int architecture = 80);

} // namespace test
