/* What `skipc train` asks of MPI, which it loads only where mpirun started it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct skip_mpi {
  int32_t process, processes;
  int (*broadcast)(void *user, int32_t root, void *data, size_t bytes); /* a skip_broadcast; `user` is not looked at */
  void (*stop)(int code);                                               /* ends all processes, with this exit code */
  void (*leave)(void);                                                  /* when all are done */
};

#define SKIP_MPI_JOIN "skip_mpi_join"
typedef const struct skip_mpi *(*skip_mpi_join_fn)(void);

/* Null where MPI cannot start. */
__attribute__((visibility("default"))) const struct skip_mpi *skip_mpi_join(void);
