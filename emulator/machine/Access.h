// Where addresses lead, and what must hold before bytes there are read or written: bounds, alignment, initialisation, no race,
// nothing in flight.
#pragma once

#include "emulator/machine/State.h"

namespace skip::emulator {

struct Access {
  uint32_t bytes = 4; // a lane
  bool write = false;
  bool strong = false;   // may meet other strong accesses: atomics, volatile, relaxed, acquire, release
  bool readOnly = false; // ld.global.nc
  bool isAtomic = false; // reads what it writes
};

/// Turns the lanes' addresses in the instruction's space into the host's, after all checks; throws Fault.
void resolve(Warp &w, const Instruction &in, uint32_t mask, uint64_t *at, Access access);
/// The addresses that the lanes name: register in.a and the displacement.
void gatherAddresses(Warp &w, const Instruction &in, uint64_t *at);

struct SharedPlace {
  Block *block = nullptr;
  uint32_t address = 0; // kSharedBase and up
  uint32_t offset() const { return address - kSharedBase; }
  std::byte *bytes() const { return block->shared.data() + offset(); }
};
/// Of an address of shared::cluster or shared::cta, or a generic one with the window's bits.
SharedPlace sharedPlace(Warp &w, uint64_t address, uint32_t mask = ~0u);

Party partyOf(const Warp &w, const Block *of, bool strong = false);
/// Bounds of shared memory and of global memory, for what is copied as a whole.
void checkShared(Warp &w, const SharedPlace &place, uint64_t bytes, uint32_t alignment, uint32_t mask = ~0u);
Allocation &checkGlobal(Warp &w, uint64_t address, uint64_t bytes, uint32_t alignment, uint32_t mask = ~0u);
/// Of a programmatic launch: whether checkGridWait has nothing to say.
bool mayTouchGlobal(const Warp &w);
void checkGridWait(Warp &w, uint32_t mask);
[[noreturn]] void failRace(Warp &w, const Conflict &conflict, bool write, std::string_view where, uint64_t address,
                           uint32_t mask);

} // namespace skip::emulator
