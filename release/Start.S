// Where the release's skipc begins. The build machine's own crt1.o is made for its own C library: from glibc 2.34 on it leaves the
// constructors to __libc_start_main, whose older versions expect to be told of a function that runs them.
  .text
  .globl _start
  .type _start, @function
_start:
  .cfi_startproc
  .cfi_undefined rip
  xorl %ebp, %ebp
  movq %rdx, %r9                // rtld_fini
  popq %rsi                     // argc
  movq %rsp, %rdx               // argv
  andq $-16, %rsp
  pushq %rax
  pushq %rsp                    // stack_end
  leaq skipReleaseFini(%rip), %r8
  leaq skipReleaseInit(%rip), %rcx
  leaq main(%rip), %rdi
  callq *__libc_start_main@GOTPCREL(%rip)
  hlt
  .cfi_endproc
  .size _start, .-_start
  .section .note.GNU-stack,"",@progbits
