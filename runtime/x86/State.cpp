// The state that a trainer's kernels work on is the trainer's, not the context's.
#include "runtime/training/Trainer.h"
#include "runtime/x86/Body.h"

#include <stdlib.h>

namespace skip::runtime {

void lendState(skip_context &context, void *state) {
  x86::Body &body = x86::bodyOf(context);
  free(body.state);
  body.state = state;
}

void returnState(skip_context &context) {
  if (context.body) // or it has none, of a creation that failed
    x86::bodyOf(context).state = nullptr;
}

} // namespace skip::runtime
