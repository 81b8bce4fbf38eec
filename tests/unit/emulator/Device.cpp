#include "tests/unit/emulator/Device.h"

namespace skip::emulator::test {

std::string kernelText(const std::string &body, const std::string &target, const std::string &head) {
  std::string version = target == "sm_80" ? "7.0" : "8.0";
  return ".version " + version + "\n.target " + target + "\n.address_size 64\n" + head +
         ".visible .entry kernel(.param .u64 out, .param .u64 in, .param .u64 more, .param .u32 n)\n{\n"
         ".reg .pred %p<16>; .reg .b16 %h<32>; .reg .b32 %r<64>; .reg .b64 %d<64>; .reg .f32 %f<64>; .reg .f64 %g<16>;\n"
         "ld.param.u64 %d1, [out]; ld.param.u64 %d2, [in]; ld.param.u64 %d3, [more]; ld.param.u32 %r1, [n];\n"
         "mov.u32 %r0, %tid.x;\n"
         "mad.wide.u32 %d4, %r0, 4, %d1; mad.wide.u32 %d5, %r0, 4, %d2; mad.wide.u32 %d6, %r0, 4, %d3;\n" +
         body + "\nret;\n}\n";
}

Device::Device(const std::string &name, Settings settings)
    : architecture(*architectureOf(name)), memory(architecture.memoryBytes), settings(settings) {}

const Module &Device::load(const std::string &text) {
  auto loaded = Module::load(text, architecture, memory);
  if (const PtxError *error = std::get_if<PtxError>(&loaded))
    FAIL("line " << error->line << ": " << error->text);
  modules.push_back(std::move(std::get<std::unique_ptr<Module>>(loaded)));
  return *modules.back();
}

Outcome Device::run(Launch launch) {
  Machine machine(architecture, memory, settings);
  return machine.run({&launch, 1});
}

PtxError refusalOfText(const std::string &text, const std::string &name) {
  DeviceMemory memory(uint64_t(1) << 30);
  auto loaded = Module::load(text, *architectureOf(name), memory);
  REQUIRE(std::holds_alternative<PtxError>(loaded));
  return std::get<PtxError>(loaded);
}

std::string describe(const Outcome &outcome) {
  if (!outcome.fault)
    return "no fault";
  const Fault &f = *outcome.fault;
  return std::string(nameOf(f.kind)) + " in " + f.kernel + ", line " + std::to_string(f.line) + " `" + f.instruction +
         "`, block (" + std::to_string(f.block.x) + ", " + std::to_string(f.block.y) + ", " + std::to_string(f.block.z) +
         "), thread (" + std::to_string(f.thread.x) + ", " + std::to_string(f.thread.y) + ", " + std::to_string(f.thread.z) +
         "): " + f.text;
}

} // namespace skip::emulator::test
