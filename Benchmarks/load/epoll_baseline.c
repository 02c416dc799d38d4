/* The loopback limit: the least a server on epoll can do for an HTTP request.
 *
 *     epoll_baseline PORT
 *
 * It counts the blank lines in what it reads and answers each with a constant 200, all answers of
 * one read in one write. It does not look at the request, so nothing that serves HTTP can cost less
 * by more than noise. One thread, no buffers kept between reads. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER \
  "HTTP/1.1 200 OK\r\n" \
  "Content-Type: text/plain; charset=utf-8\r\n" \
  "Content-Length: 13\r\n" \
  "\r\n" \
  "Hello, World!"
#define ANSWER_SIZE (sizeof(ANSWER) - 1)
#define COPIES 512

static char answers[COPIES * ANSWER_SIZE];
static char input[64 * 1024];
/* Per descriptor: how many bytes of a blank line its last read ended with. */
static uint8_t *matched;

/* Counts the blank lines that end in `data`, given what the read before it ended with. */
static size_t count_requests(const char *data, size_t size, uint8_t *state) {
  static const char end[4] = {'\r', '\n', '\r', '\n'};
  size_t count = 0;
  if (*state > 0) {
    size_t rest = 4u - *state, seen = size < rest ? size : rest;
    if (memcmp(data, end + *state, seen) == 0) {
      if (seen < rest) {
        *state = (uint8_t)(*state + seen);
        return 0;
      }
      count = 1;
      data += seen;
      size -= seen;
    }
    *state = 0;
  }
  const char *hit;
  while ((hit = memmem(data, size, end, 4)) != NULL) {
    count += 1;
    size -= (size_t)(hit + 4 - data);
    data = hit + 4;
  }
  for (size_t tail = size < 3 ? size : 3; tail > 0; tail--) {
    if (memcmp(data + size - tail, end, tail) == 0) {
      *state = (uint8_t)tail;
      break;
    }
  }
  return count;
}

/* Writes everything; waits where the socket is full, which a client that does not read causes. */
static int write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      if (poll(&writable, 1, 5000) <= 0) return -1;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    data += n;
    size -= (size_t)n;
  }
  return 0;
}

static int serve(int fd) {
  ssize_t n = recv(fd, input, sizeof input, 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (n == 0) return -1;
  size_t count = count_requests(input, (size_t)n, &matched[fd]);
  while (count > 0) {
    size_t now = count < COPIES ? count : COPIES;
    if (write_all(fd, answers, now * ANSWER_SIZE) < 0) return -1;
    count -= now;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2 || atoi(argv[1]) <= 0 || atoi(argv[1]) > 65535) {
    fprintf(stderr, "usage: epoll_baseline PORT\n");
    return 2;
  }
  for (size_t i = 0; i < COPIES; i++) memcpy(answers + i * ANSWER_SIZE, ANSWER, ANSWER_SIZE);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  matched = calloc(limit.rlim_cur, 1); /* untouched pages cost nothing */

  int one = 1;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(argv[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (matched == NULL || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen(listener, 4096) < 0) {
    fprintf(stderr, "epoll_baseline: cannot listen on port %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  int poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);

  struct epoll_event ready[256];
  for (;;) {
    int n = epoll_wait(poller, ready, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      if (fd != listener) {
        if (serve(fd) < 0) close(fd);
        continue;
      }
      int peer;
      while ((peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        matched[peer] = 0;
        struct epoll_event readable = {.events = EPOLLIN, .data.fd = peer};
        epoll_ctl(poller, EPOLL_CTL_ADD, peer, &readable);
      }
    }
  }
}
