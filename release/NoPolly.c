/* The polyhedral optimizer, which Debian's builds of LLVM ask for in link-time optimization. lld links that in, for bitcode, which
 * Skip never gives it; Polly itself is left out. No header of LLVM's declares this function of C++. */
#include <stdio.h>
#include <stdlib.h>

void skipNoPolly(void) __asm__("_Z18getPollyPluginInfov");
void skipNoPolly(void) {
  fputs("skipc: internal error: a link of bitcode\n", stderr);
  abort();
}
