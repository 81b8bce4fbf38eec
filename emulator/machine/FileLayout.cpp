#include "emulator/machine/Decode.h"
#include "emulator/machine/Sharing.h"

#include <algorithm>

namespace skip::emulator {
namespace {

struct SpecialRow {
  std::string_view name;
  Special special;
};
using S = Special;
constexpr SpecialRow kSpecials[] = {
    {"%tid.x", S::tidX},
    {"%tid.y", S::tidY},
    {"%tid.z", S::tidZ},
    {"%ntid.x", S::ntidX},
    {"%ntid.y", S::ntidY},
    {"%ntid.z", S::ntidZ},
    {"%ctaid.x", S::ctaidX},
    {"%ctaid.y", S::ctaidY},
    {"%ctaid.z", S::ctaidZ},
    {"%nctaid.x", S::nctaidX},
    {"%nctaid.y", S::nctaidY},
    {"%nctaid.z", S::nctaidZ},
    {"%laneid", S::laneid},
    {"%warpid", S::warpid},
    {"%nwarpid", S::nwarpid},
    {"%lanemask_eq", S::lanemaskEq},
    {"%lanemask_le", S::lanemaskLe},
    {"%lanemask_lt", S::lanemaskLt},
    {"%lanemask_ge", S::lanemaskGe},
    {"%lanemask_gt", S::lanemaskGt},
    {"%clusterid.x", S::clusteridX},
    {"%clusterid.y", S::clusteridY},
    {"%clusterid.z", S::clusteridZ},
    {"%nclusterid.x", S::nclusteridX},
    {"%nclusterid.y", S::nclusteridY},
    {"%nclusterid.z", S::nclusteridZ},
    {"%cluster_ctaid.x", S::clusterCtaidX},
    {"%cluster_ctaid.y", S::clusterCtaidY},
    {"%cluster_ctaid.z", S::clusterCtaidZ},
    {"%cluster_nctaid.x", S::clusterNctaidX},
    {"%cluster_nctaid.y", S::clusterNctaidY},
    {"%cluster_nctaid.z", S::clusterNctaidZ},
    {"%cluster_ctarank", S::clusterCtarank},
    {"%cluster_nctarank", S::clusterNctarank},
    {"%smid", S::smid},
    {"%nsmid", S::nsmid},
    {"%gridid", S::gridid},
    {"%total_smem_size", S::totalSmemSize},
    {"%dynamic_smem_size", S::dynamicSmemSize},
    {"%aggr_smem_size", S::aggrSmemSize},
    {"%is_explicit_cluster", S::isExplicitCluster},
    {"%clock", S::clock},
    {"%clock_hi", S::clockHi},
    {"%clock64", S::clock64},
    {"%globaltimer", S::globaltimer},
    {"%globaltimer_lo", S::globaltimerLo},
    {"%globaltimer_hi", S::globaltimerHi},
};

} // namespace

Special specialOf(std::string_view name) {
  for (const SpecialRow &row : kSpecials)
    if (row.name == name)
      return row.special;
  return Special::none;
}

FileLayout::FileLayout(Program &program, const Function &function)
    : program(program), function(function), leaders(sharedRegisters(function)), ofRegister(function.registers.size(), 0) {}

uint32_t FileLayout::scratch(uint32_t bytesALane) {
  uint32_t place = next;
  next += (bytesALane * 32 + 63) / 64 * 64;
  if (next > uint32_t(1) << 28)
    throw PtxError{function.line, "more registers than fit"};
  return place;
}

uint32_t FileLayout::registerPlace(uint32_t index) {
  uint32_t &place = ofRegister[leaders[index]];
  if (place)
    return place;
  Type type = function.registers[index].type;
  if (type != Type::pred)
    return place = scratch(std::max<uint32_t>(2, bytesOf(type)));
  if (nextPredicate == predicatesEnd) {
    nextPredicate = scratch(2);
    predicatesEnd = nextPredicate + 64;
  }
  place = nextPredicate;
  nextPredicate += 4;
  return place;
}

uint32_t FileLayout::constant(uint64_t bits, uint32_t bytes) {
  bytes = std::max<uint32_t>(bytes, 2);
  if (bytes < 8)
    bits &= (uint64_t(1) << (8 * bytes)) - 1;
  auto [found, isNew] = constants.try_emplace({bits, bytes}, 0);
  if (isNew)
    found->second = scratch(bytes);
  return found->second;
}

uint32_t FileLayout::special(Special special, uint32_t bytes) {
  auto [found, isNew] = specials.try_emplace({special, bytes}, 0);
  if (isNew) {
    found->second = scratch(bytes);
    program.specials.push_back({special, found->second, static_cast<uint8_t>(bytes)});
  }
  return found->second;
}

void FileLayout::finish() {
  program.fileBytes = next;
  for (auto [key, place] : constants)
    program.constants.push_back({key.first, place, key.second});
}

/// The registers that an operand of a statement names.
static void collect(const Operand &operand, bool writes, FileLayout &layout, std::vector<uint32_t> &into) {
  bool memory = operand.kind == Operand::Kind::memory;
  if (operand.kind == Operand::Kind::reg)
    into.push_back(layout.registerPlace(operand.index) | writes);
  for (const Operand &part : operand.parts)
    collect(part, writes && !memory, layout, into);
}

/// What each instruction names, and which touch registers of a wgmma. Those of wgmma itself may be in flight.
void findUses(Program &program, FileLayout &layout) {
  std::sort(program.accumulators.begin(), program.accumulators.end());
  auto isAccumulator = [&](uint32_t place) {
    return std::binary_search(program.accumulators.begin(), program.accumulators.end(), place);
  };
  for (Instruction &in : program.code) {
    program.useBegin.push_back(static_cast<uint32_t>(program.uses.size()));
    if (in.statement >= program.source->statements.size())
      continue;
    const Statement &statement = program.source->statements[in.statement];
    if (statement.opcode.starts_with("wgmma"))
      continue;
    for (size_t i = 0; i < statement.operands.size(); ++i)
      collect(statement.operands[i], i == 0, layout, program.uses);
    // Copies are how LLVM gives values their registers; ptxas makes none of them instructions behind the fence.
    bool copies = statement.opcode.starts_with("mov");
    for (size_t i = program.useBegin.back(); i < program.uses.size() && !copies; ++i)
      in.writesAccumulator |= (program.uses[i] & 1) && isAccumulator(program.uses[i] & ~1u);
  }
  program.useBegin.push_back(static_cast<uint32_t>(program.uses.size()));
}

} // namespace skip::emulator
