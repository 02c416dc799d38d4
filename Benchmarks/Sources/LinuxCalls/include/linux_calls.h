/* What Swift cannot call: prctl is variadic, CPU_SET is a macro, stdout a mutable global. */
#ifndef LINUX_CALLS_H
#define LINUX_CALLS_H

/* Makes processes that lose their parent ours, so that a server that detaches is still found and ended. */
int linux_adopt_orphans(void);

/* Keeps the calling process on one core. Answers 0, or -1 with errno. */
int linux_stay_on_core(int core);

/* Lets standard output through line by line, also when it is a pipe. */
void linux_write_lines_at_once(void);

#endif
