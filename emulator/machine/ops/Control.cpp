// Branches, calls, ends, and what does nothing here.
#include "emulator/machine/Faults.h"
#include "emulator/machine/Paths.h"
#include "emulator/machine/Sync.h"
#include "emulator/machine/ops/Lanes.h"
#include "emulator/ptx/Printed.h"

#include <map>

namespace skip::emulator {
namespace {

void bra(Warp &w, const Instruction &in, uint32_t mask) {
  if (mask == w.mask) {
    w.pc = in.target;
    return;
  }
  if (in.kind)
    fail(w, FaultKind::divergence, "bra.uni, but only some of the warp's threads take it", mask);
  Group groups[] = {{mask, in.target}, {w.mask & ~mask, w.pc}};
  diverge(w, groups, in.reconverge);
}

/// brx.idx: each lane chooses from a table.
void brx(Warp &w, const Instruction &in, uint32_t mask) {
  const std::vector<uint32_t> &table = w.program->source->branchTargets[in.list];
  std::map<uint32_t, uint32_t> lanes; // by where they go
  if (mask != w.mask)
    lanes[w.pc] = w.mask & ~mask;
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint32_t index = w.at<uint32_t>(in.a)[i];
    if (index >= table.size())
      fail(w, FaultKind::illegalInstruction,
           "branches to entry " + std::to_string(index) + " of a table of " + std::to_string(table.size()), 1u << i);
    lanes[w.program->source->labels[table[index]]] |= 1u << i;
  }
  if (lanes.size() == 1) {
    w.pc = lanes.begin()->first;
    return;
  }
  if (in.kind)
    fail(w, FaultKind::divergence, "brx.idx.uni, but the warp's threads go different ways", mask);
  std::vector<Group> groups;
  for (auto [pc, group] : lanes)
    groups.push_back({group, pc});
  diverge(w, groups, in.reconverge);
}

void ret(Warp &w, const Instruction &, uint32_t mask) { returnLanes(w, mask); }
void exitThreads(Warp &w, const Instruction &, uint32_t mask) { exitLanes(w, mask); }
void trap(Warp &w, const Instruction &, uint32_t mask) { fail(w, FaultKind::trap, "the kernel stops itself", mask); }
void nothing(Warp &, const Instruction &, uint32_t) {}
void assertFail(Warp &w, const Instruction &, uint32_t mask) {
  fail(w, FaultKind::trap, "an assertion of the kernel failed", mask);
}

void call(Warp &w, const Instruction &in, uint32_t mask) { callFunction(w, w.program->calls[in.list], in.list, mask); }

const Operand &labelOf(Decoding &d, size_t index, bool table) {
  const Operand &label = d.operand(index);
  if (label.kind != Operand::Kind::label || (label.value == 1) != table)
    d.fail(table ? "a table of branch targets is expected" : "a label is expected");
  return label;
}

void decodeBra(Decoding &d) {
  d.in.kind = d.take("uni");
  d.wantOperands(1, 1);
  d.in.target = d.program.source->labels[labelOf(d, 0, false).index];
  d.in.execute = bra;
}

void decodeBrx(Decoding &d) {
  if (!d.take("idx"))
    d.fail("`.idx` is missing");
  d.in.kind = d.take("uni");
  d.wantOperands(2, 2);
  d.in.a = d.source(0, Type::u32);
  d.in.list = labelOf(d, 1, true).index;
  d.in.execute = brx;
}

void decodeRet(Decoding &d) {
  d.take("uni");
  d.wantOperands(0, 0);
  d.in.execute = ret;
}
void decodeExit(Decoding &d) {
  d.wantOperands(0, 0);
  d.in.execute = exitThreads;
}
void decodeTrap(Decoding &d) {
  d.wantOperands(0, 0);
  d.in.execute = trap;
}
void decodeBrkpt(Decoding &d) {
  d.wantOperands(0, 0);
  d.in.execute = nothing;
}
void decodeNanosleep(Decoding &d) {
  d.wantType({Type::u32});
  d.wantOperands(1, 1);
  d.source(0, Type::u32);
  d.in.execute = nothing;
}

std::vector<ParamPlace> placesOf(Decoding &d, const Operand &list) {
  std::vector<ParamPlace> places;
  if (list.kind != Operand::Kind::list)
    d.fail("a list in parentheses is expected");
  for (const Operand &part : list.parts) {
    auto found = part.kind == Operand::Kind::variable ? d.addresses.params.find(part.variable) : d.addresses.params.end();
    if (found == d.addresses.params.end())
      d.fail("calls pass .param variables of the function that calls");
    places.push_back(found->second);
  }
  return places;
}

/// call (results), function, (arguments);
void decodeCall(Decoding &d) {
  d.take("uni");
  size_t at = 0;
  Program::Call made;
  if (d.operandCount() > 0 && d.operand(0).kind == Operand::Kind::list)
    made.results = placesOf(d, d.operand(at++));
  const Operand &callee = d.operand(at++);
  if (callee.kind != Operand::Kind::function)
    d.fail("calls through a register are not supported");
  if (at < d.operandCount())
    made.arguments = placesOf(d, d.operand(at++));
  d.wantOperands(at, at);
  if (callee.name == "__assertfail") {
    d.in.execute = assertFail;
    return;
  }
  if (callee.name == "vprintf") { // what a kernel prints is not shown
    d.in.execute = nothing;
    return;
  }
  for (const Program &program : d.module.programs)
    if (program.source && !program.source->isEntry && program.name == callee.name)
      made.callee = &program;
  if (!made.callee)
    d.fail("`" + printed(callee.name) + "` is not defined in this module");
  if (made.arguments.size() != made.callee->formals.size() || made.results.size() != made.callee->results.size())
    d.fail("`" + printed(callee.name) + "` takes other parameters");
  d.in.list = static_cast<uint32_t>(d.program.calls.size());
  d.program.calls.push_back(std::move(made));
  d.in.execute = call;
}

void gridWait(Warp &w, const Instruction &, uint32_t) { w.knows.behindGrid = true; }

void decodeGriddepcontrol(Decoding &d) {
  int action = d.takeOneOf({"launch_dependents", "wait"});
  if (action < 0)
    d.fail("`.launch_dependents` or `.wait` is missing");
  d.wantArchitecture(90);
  d.wantOperands(0, 0);
  d.in.execute = action == 0 ? nothing : gridWait;
}

constexpr Operation kOperations[] = {
    {"bra", decodeBra},
    {"brx", decodeBrx},
    {"ret", decodeRet},
    {"exit", decodeExit},
    {"trap", decodeTrap},
    {"brkpt", decodeBrkpt},
    {"nanosleep", decodeNanosleep},
    {"call", decodeCall},
    {"griddepcontrol", decodeGriddepcontrol},
};

} // namespace

std::span<const Operation> controlOperations() { return kOperations; }

Instruction endOfCode() {
  Instruction in;
  in.execute = ret;
  return in;
}

} // namespace skip::emulator
