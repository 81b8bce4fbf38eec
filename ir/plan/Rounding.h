// Numbers as layouts store them, and as tensor cores see them.
#pragma once

#include "ir/plan/Plan.h"

namespace skip::plan {

/// The number that lies at `at`, at any alignment.
double readElement(Element element, const void *at);

/// Stores `value` as kernels do: it is an f32, rounded to nearest, of two the even one, or of tf32 the one away from zero.
void writeElement(Element element, void *at, double value);

/// What is read back of it.
double rounded(double value, Element element);

/// What a contraction of that precision multiplies where `value` is stored: of tf32 rounded to nearest, of two away from zero.
double multiplied(double value, Precision precision);

/// The largest relative error of rounding to what a precision stores, and to what it multiplies; 0 for f32.
double storedUnit(Precision precision);
double multipliedUnit(Precision precision);

} // namespace skip::plan
