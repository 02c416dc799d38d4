/* The Linux headers that Swift's Glibc module leaves out, and functions it cannot call. */
#ifndef EGG_LINUX_HEADERS_H
#define EGG_LINUX_HEADERS_H

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

/* glibc shows these only under _GNU_SOURCE, which the importer does not define. */
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle,
                    size_t needle_length);
extern int memfd_create(const char *name, unsigned int flags);
#define EGG_MEMFD_CLOEXEC 1u

/* Variadic in C, so out of Swift's reach. */
static inline int egg_signal_at_parent_death(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

#endif
