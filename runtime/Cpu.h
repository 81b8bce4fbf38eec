// What of this CPU the runtime itself uses.
#pragma once

namespace skip::runtime {

/// AVX2, and an operating system that saves its registers. Asking takes microseconds in a virtual machine.
bool hasAvx2();

} // namespace skip::runtime
