// Numbers that the code of every target computes its elementwise functions by, so that targets agree to the last digits.
#pragma once

#include <cstdint>

namespace skip::kernel {

// exp(x) = 2^n * exp(r), n = x / ln 2 rounded to nearest (codegen/x86/kernel/Exp.cpp).
inline constexpr float kLowest = -104.0f; // exp(-104) rounds to zero
inline constexpr float kLog2e = 1.44269504f;
inline constexpr float kLn2High = 0.693359375f; // 355 / 512
inline constexpr float kLn2Low = -2.12194440e-4f;
inline constexpr float kRounder = 12582912.0f; // 1.5 * 2^23: adding it leaves the rounded integer in the last bits
inline constexpr int32_t kRounderBits = 0x4b400000;
inline constexpr int32_t kExponentBias = 127, kMantissaBits = 23; // of a float

// Activations (codegen/x86/kernel/Activations.cpp).
inline constexpr float kMostExponent = 104.0f; // from 89 on the exponential is infinite, and its reciprocal zero
inline constexpr float kErfc[] = {-1.26551223f, 1.00002368f,  0.37409196f, 0.09678418f,  -0.18628806f,
                                  0.27886807f,  -1.13520398f, 1.48851587f, -0.82215223f, 0.17087277f};
inline constexpr float kRootHalf = 0.70710678f; // 1 / sqrt 2

} // namespace skip::kernel
