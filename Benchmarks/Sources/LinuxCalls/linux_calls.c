#define _GNU_SOURCE
#include "linux_calls.h"

#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>

int linux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL); }

int linux_stay_on_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET((unsigned)core, &cores);
  return sched_setaffinity(0, sizeof cores, &cores);
}

void linux_write_lines_at_once(void) { setvbuf(stdout, NULL, _IOLBF, 0); }
