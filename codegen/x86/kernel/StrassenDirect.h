// What a Strassen kernel computes where sums would cost accuracy.
#pragma once

#include "codegen/x86/kernel/StrassenUnits.h"

namespace skip::kernel {

/// A condition (i1): the filter of some root can't be balanced (runtime/Balance.h).
Value isUnlike(Builder &b, const ConvOperands &operands);

/// The same units by the definition, one register tile of a Strassen product's size after another.
void emitUnitsDirectly(Builder &b, const ConvSpec &spec, const ConvOperands &operands, StrassenUnits &units);

} // namespace skip::kernel
