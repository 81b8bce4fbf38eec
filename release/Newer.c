/* What code that was compiled with a C library of today calls and glibc 2.31 has not, each with what 2.31 has in its place. They are
 * seen by no other library: their names stay inside of skipc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Constructors, which __libc_start_main of 2.31 leaves to the program. */
typedef void Initializer(int, char **, char **);
extern Initializer *__init_array_start[] __attribute__((visibility("hidden")));
extern Initializer *__init_array_end[] __attribute__((visibility("hidden")));

void skipReleaseInit(int argc, char **argv, char **environment) {
  size_t count = (size_t)(__init_array_end - __init_array_start), i;
  for (i = 0; i < count; ++i)
    __init_array_start[i](argc, argv, environment);
}

/* Destructors are run by the dynamic linker. */
void skipReleaseFini(void) {}

/* Functions from 2.33 on; before, each was an inline call of another. The kernel's structure is the same. */
int stat(const char *path, struct stat *result) { return (int)syscall(SYS_stat, path, result); }
int lstat(const char *path, struct stat *result) { return (int)syscall(SYS_lstat, path, result); }
int fstat(int descriptor, struct stat *result) { return (int)syscall(SYS_fstat, descriptor, result); }
int fstatat(int folder, const char *path, struct stat *result, int flags) {
  return (int)syscall(SYS_newfstatat, folder, path, result, flags);
}
int stat64(const char *path, struct stat64 *result) { return (int)syscall(SYS_stat, path, result); }
int lstat64(const char *path, struct stat64 *result) { return (int)syscall(SYS_lstat, path, result); }
int fstat64(int descriptor, struct stat64 *result) { return (int)syscall(SYS_fstat, descriptor, result); }

/* From 2.32 on, true while there is one thread, by which libstdc++ leaves atomic operations out. Never here. */
char __libc_single_threaded = 0;

/* From 2.33 on: the same with numbers that do not wrap at 2 GB, which LLVM shows in statistics of its passes alone. */
struct mallinfo2 mallinfo2(void) {
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  struct mallinfo narrow = mallinfo();
  struct mallinfo2 wide = {(unsigned)narrow.arena,    (unsigned)narrow.ordblks,  (unsigned)narrow.smblks,   (unsigned)narrow.hblks,
                           (unsigned)narrow.hblkhd,   (unsigned)narrow.usmblks,  (unsigned)narrow.fsmblks,  (unsigned)narrow.uordblks,
                           (unsigned)narrow.fordblks, (unsigned)narrow.keepcost};
  return wide;
}

/* From 2.36 on: the kernel's random numbers, of any process that starts after them. */
uint32_t arc4random(void) {
  uint32_t number;
  while (getrandom(&number, sizeof number, 0) != sizeof number)
    if (errno != EINTR)
      abort();
  return number;
}

/* From 2.35 on, what libgcc finds an exception's unwind tables by: the object that the address lies in. It reads dlfo_eh_frame
 * alone. Before, libgcc walked the list of objects as here. */
struct Search {
  uintptr_t address;
  struct dl_find_object *found;
};

static int look(struct dl_phdr_info *info, size_t size, void *data) {
  struct Search *search = data;
  const ElfW(Phdr) *frames = NULL;
  uintptr_t begin = UINTPTR_MAX, end = 0;
  int holds = 0, i;
  for (i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t from = info->dlpi_addr + segment->p_vaddr, to = from + segment->p_memsz;
    if (segment->p_type == PT_GNU_EH_FRAME)
      frames = segment;
    if (segment->p_type != PT_LOAD)
      continue;
    holds |= search->address >= from && search->address < to;
    begin = from < begin ? from : begin;
    end = to > end ? to : end;
  }
  if (!holds || !frames)
    return 0;
  search->found->dlfo_flags = 0;
  search->found->dlfo_map_start = (void *)begin;
  search->found->dlfo_map_end = (void *)end;
  search->found->dlfo_link_map = NULL;
  search->found->dlfo_eh_frame = (void *)(info->dlpi_addr + frames->p_vaddr);
  return 1;
}

int _dl_find_object(void *address, struct dl_find_object *result) {
  struct Search search = {(uintptr_t)address, result};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
