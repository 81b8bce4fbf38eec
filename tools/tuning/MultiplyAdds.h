// Independent chains of fused multiply-adds in registers, as fast as a core can.
//
// A core issues two multiply-adds a cycle with a latency of four or five, so ten chains keep it busy; twelve are used. Vectors
// are the compiler's own vector type, in a file for each ISA that is built for it.
#pragma once

namespace skip::tool {

inline constexpr int multiplyAddChains = 12, multiplyAddRounds = 1 << 16;

/// Rounds of a vector multiply-add in each chain: of 8 floats, or of 16. The value is of no interest.
float multiplyAddAvx2();
float multiplyAddAvx512();

// Twelve variables rather than an array, which the compiler would keep in memory.
template <typename Vector> float multiplyAdd() {
  Vector factor = Vector{} + 0.999f, addend = Vector{} + 0.001f;
  Vector a{}, b{}, c{}, d{}, e{}, f{}, g{}, h{}, i{}, j{}, k{}, l{};
  for (int round = 0; round < multiplyAddRounds; ++round) {
    a = a * factor + addend, b = b * factor + addend, c = c * factor + addend, d = d * factor + addend;
    e = e * factor + addend, f = f * factor + addend, g = g * factor + addend, h = h * factor + addend;
    i = i * factor + addend, j = j * factor + addend, k = k * factor + addend, l = l * factor + addend;
    asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f)); // no two rounds become one
    asm volatile("" : "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k), "+v"(l));
  }
  Vector sum = a + b + c + d + e + f + g + h + i + j + k + l;
  return sum[0];
}

} // namespace skip::tool
