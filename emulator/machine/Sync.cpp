#include "emulator/machine/Sync.h"

namespace skip::emulator {
namespace {

/// Of a block alone, or of the whole device.
enum { kBlock = 0, kDevice = 1 };
int indexOf(Scope scope) { return scope == Scope::block ? kBlock : kDevice; }

uint64_t serialOf(const Block &block) { return block.copyAgent; }

} // namespace

void fence(Warp &w, Scope scope) {
  if (!w.run->settings.checks)
    return;
  w.knows.join(w.acquired[kBlock]);
  if (scope != Scope::block)
    w.knows.join(w.acquired[kDevice]);
  w.released[kBlock] = w.knows;
  if (scope != Scope::block)
    w.released[kDevice] = w.knows;
  w.tick();
}

void fenceProxy(Warp &w) {
  if (!w.run->settings.checks)
    return;
  w.knows.fenced.join(w.knows.generic);
  w.tick();
}

void publish(Warp &w, uint64_t host, bool now, Scope scope) {
  SyncVariable &variable = w.run->syncVariables[host];
  for (int index : {kBlock, kDevice}) {
    bool all = now && (index == kBlock || indexOf(scope) == kDevice);
    variable.released[index].join(all ? w.knows : w.released[index]);
  }
  // What several blocks released to their own threads is no longer told apart.
  if (variable.blockSerial && variable.blockSerial != serialOf(*w.block))
    variable.released[kBlock] = variable.released[kDevice];
  variable.blockSerial = serialOf(*w.block);
  if (now)
    w.tick();
}

void observe(Warp &w, uint64_t host, bool now, Scope scope) {
  auto found = w.run->syncVariables.find(host);
  if (found == w.run->syncVariables.end())
    return;
  const SyncVariable &variable = found->second;
  bool own = variable.blockSerial == serialOf(*w.block);
  const Knowledge &released = variable.released[own ? kBlock : kDevice];
  int index = own ? kBlock : kDevice;
  if (now && (own || scope != Scope::block))
    w.knows.join(released);
  else
    w.acquired[index].join(released);
}

} // namespace skip::emulator
