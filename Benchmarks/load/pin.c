/* Starts a command on one core and ties its life to whoever started it.
 *
 *     pin CORE COMMAND [ARGUMENT …]
 *
 * As `taskset -c CORE COMMAND`, and the command gets SIGTERM when its parent dies, so that a bench
 * that was killed leaves no server behind. One small exec: it adds a millisecond to a start. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: pin CORE COMMAND [ARGUMENT ...]\n");
    return 2;
  }
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET((size_t)atoi(argv[1]), &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) < 0) {
    fprintf(stderr, "pin: cannot use core %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() == 1) return 1; /* the parent was gone before the line above */
  execvp(argv[2], argv + 2);
  fprintf(stderr, "pin: cannot start \"%s\": %s\n", argv[2], strerror(errno));
  return 127;
}
