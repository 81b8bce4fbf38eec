// A diagnostic bears as metadata whether it tells of a lack.
#include "codegen/TargetLowering.h"

using namespace mlir;
using namespace skip;

static constexpr llvm::StringLiteral known = "lack";

LogicalResult codegen::refuse(const TargetLowering &target, plan::KernelOp kernel) {
  Refusal refusal = target.refusalOf(kernel);
  InFlightDiagnostic diagnostic = kernel.emitError(refusal.text);
  if (refusal.isKnown)
    diagnostic.getUnderlyingDiagnostic()->getMetadata().emplace_back(llvm::StringRef(known));
  return diagnostic;
}

bool codegen::isKnownLack(Diagnostic &diagnostic) {
  return llvm::any_of(diagnostic.getMetadata(), [](DiagnosticArgument &argument) {
    return argument.getKind() == DiagnosticArgument::DiagnosticArgumentKind::String && argument.getAsString() == known;
  });
}
