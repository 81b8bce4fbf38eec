/* The only file that knows MPI. */
#include "tools/training/mpi/Mpi.h"

#include <mpi.h>

/* In pieces, since MPI counts in ints. */
static int broadcast(void *user, int32_t root, void *data, size_t bytes) {
  const size_t most = (size_t)1 << 30;
  char *at = data;
  (void)user;
  while (bytes > 0) {
    size_t piece = bytes < most ? bytes : most;
    if (MPI_Bcast(at, (int)piece, MPI_BYTE, root, MPI_COMM_WORLD) != MPI_SUCCESS)
      return 1;
    at += piece;
    bytes -= piece;
  }
  return 0;
}

static void stop(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

static void leave(void) { MPI_Finalize(); }

const struct skip_mpi *skip_mpi_join(void) {
  static struct skip_mpi joined;
  int provided, process, processes;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS || provided < MPI_THREAD_FUNNELED)
    return NULL;
  MPI_Comm_rank(MPI_COMM_WORLD, &process);
  MPI_Comm_size(MPI_COMM_WORLD, &processes);
  joined.process = process;
  joined.processes = processes;
  joined.broadcast = broadcast;
  joined.stop = stop;
  joined.leave = leave;
  return &joined;
}
