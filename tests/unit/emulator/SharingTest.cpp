// Registers that share a place: on any way through a function, what is read is what was last written to that register.
#include "emulator/machine/Sharing.h"
#include "tests/unit/emulator/Compiled.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

using namespace skip::emulator;
using namespace skip::emulator::test;

namespace {

template <class Visit> void eachRegister(const Operand &operand, Visit visit) {
  if (operand.kind == Operand::Kind::reg)
    visit(operand.index);
  for (const Operand &part : operand.parts)
    eachRegister(part, visit);
}

/// One thread's way, with guards that hold or not as is drawn; the number of reads that were held against the last write.
int walk(const Function &function, const std::vector<uint32_t> &leaders, uint64_t seed) {
  constexpr uint32_t kNobody = ~0u;
  std::mt19937_64 random(seed);
  std::vector<uint32_t> holds(function.registers.size(), kNobody); // by place: the register whose value is there
  std::vector<bool> written(function.registers.size());
  int reads = 0;
  size_t at = 0;
  for (int step = 0; step < 20'000 && at < function.statements.size(); ++step) {
    const Statement &statement = function.statements[at++];
    if (statement.guarded && random() % 8 < 3)
      continue;
    if (statement.opcode.starts_with("bra"))
      at = function.labels[statement.operands[0].index];
    if (statement.opcode.starts_with("ret") || statement.opcode.starts_with("exit"))
      break;
    bool writes = !statement.operands.empty() && statement.operands[0].kind != Operand::Kind::memory;
    for (size_t i = writes; i < statement.operands.size(); ++i)
      eachRegister(statement.operands[i], [&](uint32_t index) {
        INFO(function.name << ", line " << statement.line << ", " << function.registers[index].name);
        if (written[index])
          REQUIRE(holds[leaders[index]] == index);
        ++reads;
      });
    if (writes)
      eachRegister(statement.operands[0], [&](uint32_t index) {
        holds[leaders[index]] = index;
        written[index] = true;
      });
  }
  return reads;
}

} // namespace

TEST_CASE("registers that share a place never live at once") {
  for (const char *name : {"nvcc80.ptx", "nvcc90.ptx", "conv_fprop_sm80.ptx", "gemm_nvgpu.ptx", "mma_min.ptx"}) {
    std::string text = stored(name);
    ParsedModule module = parse(text);
    for (const Function &function : module.functions) {
      std::vector<uint32_t> leaders = sharedRegisters(function);
      for (uint32_t index = 0; index < leaders.size(); ++index) {
        Type own = function.registers[index].type, other = function.registers[leaders[index]].type;
        REQUIRE(std::max(2u, bytesOf(own)) == std::max(2u, bytesOf(other)));
        REQUIRE((own == Type::pred) == (other == Type::pred));
      }
      int reads = 0;
      for (uint64_t seed = 0; seed < 50; ++seed)
        reads += walk(function, leaders, seed);
      CHECK((function.statements.size() < 10 || reads > 100));
    }
  }
}

TEST_CASE("a long row of values needs few places, and what a loop carries keeps its own") {
  std::string body = "mov.u32 %r0, 1;\nmov.u32 %r100, 10;\n";
  for (int i = 1; i < 100; ++i)
    body += "add.u32 %r" + std::to_string(i) + ", %r" + std::to_string(i - 1) + ", 1;\n";
  body += "L: add.u32 %r101, %r99, %r100;\nsub.u32 %r100, %r100, 1;\nsetp.ne.u32 %p0, %r100, 0;\n@%p0 bra L;\n";
  std::string text = ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry kernel() {\n.reg .pred %p<1>; .reg .b32 "
                     "%r<102>;\n" +
                     body + "ret;\n}\n";
  ParsedModule module = parse(text);
  const Function &function = module.functions.front();
  std::vector<uint32_t> leaders = sharedRegisters(function);
  std::set<uint32_t> places(leaders.begin(), leaders.end());
  CHECK(places.size() < 8);
  auto leaderOf = [&](const std::string &name) {
    for (uint32_t index = 0; index < leaders.size(); ++index)
      if (function.registers[index].name == name)
        return leaders[index];
    return ~0u;
  };
  CHECK(std::set<uint32_t>{leaderOf("%r99"), leaderOf("%r100"), leaderOf("%r101")}.size() == 3);
}
