#include "tests/unit/runtime-cuda/Kernels.h"

#include "tests/unit/runtime-cuda/Model.h"

namespace test {

/// An entry whose parameters are those of SkipCudaForm, with `operands` operands. %r4 is the thread's number, %r5 = %r4 /
/// each its image of the turn, %r6 the rest, %r9 its image of the batch; threads without an image have left. `body` goes on
/// from %r10, %rd20, %f1, with operand i in %rd<10 + i>.
static std::string entry(const std::string &name, int operands, int each, const std::string &body) {
  std::string text =
      ".visible .entry " + name + "(.param .u64 " + name + "_0, .param .u32 " + name + "_1, .param .u32 " + name + "_2";
  for (int i = 0; i < operands; ++i)
    text += ", .param .u64 " + name + "_" + std::to_string(3 + i);
  text += R"()
{
  .reg .pred %p<4>;
  .reg .f32 %f<64>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<48>;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.u32 %r4, %r1, %r2, %r3;
)";
  text += "  div.u32 %r5, %r4, " + std::to_string(each) + ";\n  rem.u32 %r6, %r4, " + std::to_string(each) + ";\n";
  text += "  ld.param.u32 %r7, [" + name + "_1];\n  ld.param.u32 %r8, [" + name + "_2];\n";
  text += R"(  setp.ge.u32 %p1, %r5, %r8;
  @%p1 bra $done;
  add.u32 %r9, %r5, %r7;
)";
  text += "  ld.param.u64 %rd1, [" + name + "_0];\n";
  text += R"(  cvta.to.global.u64 %rd2, %rd1;
  ld.global.u64 %rd3, [%rd2];
  cvt.u64.u32 %rd4, %r9;
  setp.ge.s64 %p2, %rd4, %rd3;
  @%p2 bra $done;
)";
  for (int i = 0; i < operands; ++i) {
    std::string number = std::to_string(10 + i);
    text += "  ld.param.u64 %rd" + number + ", [" + name + "_" + std::to_string(3 + i) + "];\n";
    text += "  cvta.to.global.u64 %rd" + number + ", %rd" + number + ";\n";
  }
  return text + body + "$done:\n  ret;\n}\n";
}

static std::string at(const std::string &base, int64_t offset) { return "[" + base + "+" + std::to_string(offset) + "]"; }
static std::string f(int64_t number) { return "%f" + std::to_string(number); }

/// The array of a port, whose element of the block `operand` is, at the thread's image.
static std::string port(const std::string &operand, int64_t imageBytes) {
  return "  ld.global.u64 " + operand + ", [" + operand + "];\n  cvta.to.global.u64 " + operand + ", " + operand +
         ";\n  mul.wide.u32 %rd20, %r9, " + std::to_string(imageBytes) + ";\n  add.u64 " + operand + ", " + operand +
         ", %rd20;\n";
}
/// The element of `operand` at the thread's place in what holds `each` bytes for each `index`.
static std::string place(const std::string &operand, const std::string &index, int64_t each) {
  return "  mul.wide.u32 %rd20, " + index + ", " + std::to_string(each) + ";\n  add.u64 " + operand + ", " + operand +
         ", %rd20;\n";
}

/// x, w, bias -> h: a pixel's channels, those of padding zero.
static std::string conv() {
  std::string body = port("%rd10", pixels * 4) + place("%rd10", "%r6", 4) + place("%rd13", "%r4", paddedChannels * 4);
  for (int64_t i = 0; i < 3; ++i)
    body += "  ld.global.f32 " + f(1 + i) + ", " + at("%rd10", i * side * side * 4) + ";\n";
  for (int64_t o = 0; o < channels; ++o) {
    body += "  ld.global.f32 %f10, " + at("%rd12", o * 4) + ";\n";
    for (int64_t i = 0; i < 3; ++i)
      body += "  ld.global.f32 %f11, " + at("%rd11", (o * 4 + i) * 4) + ";\n  fma.rn.f32 %f10, " + f(1 + i) + ", %f11, %f10;\n";
    body += "  max.f32 %f10, %f10, 0f00000000;\n  st.global.f32 " + at("%rd13", o * 4) + ", %f10;\n";
  }
  body += "  mov.f32 %f12, 0f00000000;\n";
  for (int64_t o = channels; o < paddedChannels; ++o)
    body += "  st.global.f32 " + at("%rd13", o * 4) + ", %f12;\n";
  return entry("conv", 4, side * side, body);
}

/// h -> s: a channel's sum over the pixels.
static std::string sum() {
  std::string body =
      place("%rd10", "%r5", side * side * paddedChannels * 4) + place("%rd10", "%r6", 4) + place("%rd11", "%r4", 4);
  body += "  mov.f32 %f1, 0f00000000;\n";
  for (int64_t p = 0; p < side * side; ++p)
    body += "  ld.global.f32 %f2, " + at("%rd10", p * paddedChannels * 4) + ";\n  add.f32 %f1, %f1, %f2;\n";
  return entry("sum", 2, paddedChannels, body + "  st.global.f32 [%rd11], %f1;\n");
}

/// s, v -> scores, energy: an image.
static std::string score() {
  std::string body = place("%rd10", "%r5", paddedChannels * 4) + port("%rd11", channels * 4) + port("%rd12", channels * 4) +
                     port("%rd13", 4) + "  mov.f32 %f1, 0f00000000;\n";
  for (int64_t c = 0; c < channels; ++c)
    body += "  ld.global.f32 %f2, " + at("%rd10", c * 4) + ";\n  ld.global.f32 %f3, " + at("%rd11", c * 4) +
            ";\n  add.f32 %f2, %f2, %f3;\n  st.global.f32 " + at("%rd12", c * 4) + ", %f2;\n  fma.rn.f32 %f1, %f2, %f2, %f1;\n";
  return entry("score", 4, 1, body + "  st.global.f32 [%rd13], %f1;\n");
}

/// The counter in the state grows by one.
static std::string count() {
  return entry("count", 1, 1, R"(  setp.ne.u32 %p3, %r4, 0;
  @%p3 bra $done;
  ld.global.f32 %f1, [%rd10];
  add.f32 %f1, %f1, 0f3F800000;
  st.global.f32 [%rd10], %f1;
)");
}

std::string kernelText(int architecture) {
  return ".version 7.0\n.target sm_" + std::to_string(architecture) + "\n.address_size 64\n\n" + conv() + sum() + score() +
         count();
}

} // namespace test
