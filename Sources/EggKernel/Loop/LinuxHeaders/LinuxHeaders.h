/* The Linux headers that Swift's Glibc module leaves out. Declarations only, no code. */
#ifndef EGG_LINUX_HEADERS_H
#define EGG_LINUX_HEADERS_H

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

/* glibc shows these only under _GNU_SOURCE, which the importer does not define. */
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern void *memmem(const void *haystack, size_t haystack_length, const void *needle,
                    size_t needle_length);

#endif
