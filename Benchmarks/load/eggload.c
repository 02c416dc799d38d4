/* The load generator: keep-alive HTTP/1.1 from one thread, every answer parsed.
 *
 *     eggload --port 7001 --path /plaintext --connections 64 --seconds 5
 *     eggload --port 7001 --path /plaintext --pipeline 16 --seconds 5
 *     eggload --port 7001 --path /plaintext --rate 5000 --seconds 10
 *     eggload --port 7001 --path /plaintext --idle 10000
 *
 * Three ways to ask:
 *   as fast as the answers come (the default): each connection sends again when it has its answers;
 *   --rate: request k is due at start + k / rate whether or not earlier ones were answered, and its
 *     latency counts from when it was due, so a stalled server is charged for everyone who waited
 *     ("no coordinated omission");
 *   --idle: every connection makes one request and is then held until standard input closes.
 *
 * The last line on standard output is one JSON object. Past 500 lines because everything that one
 * request passes through, from the socket to the histogram, is read best in one file. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INPUT_SIZE (256 * 1024)
#define HEAD_LIMIT (64 * 1024)
#define PIPELINE_LIMIT 1024
#define DRAIN_NS 2000000000LL /* how long answers may be late after the last request was sent */
#define FAILURES_IN_A_ROW 10000

/* ---- what was asked for ---- */

static struct {
  const char *host, *path, *method, *body;
  char headers[16 * 1024];
  int port, connections, pipeline, idle;
  double seconds, rate;
  long long requests;
} option = {.host = "127.0.0.1",
            .path = "/",
            .method = NULL,
            .body = NULL,
            .port = 0,
            .connections = 64,
            .pipeline = 1};

static char *batch; /* `pipeline` copies of the request */
static size_t request_size;
static bool answers_have_no_body; /* the method is HEAD */

/* ---- what came back ---- */

static struct {
  long long sent, answered, errors, non2xx, reconnects, bytes, unsent, closed;
} total;
static const char *first_error = NULL;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void count_error(const char *what, long long requests) {
  total.errors += requests;
  if (first_error == NULL) first_error = what;
}

/* Latency in nanoseconds, 64 steps per power of two: a step is at most 1.6 % wide. */
#define STEPS 64
static uint64_t histogram[58 * STEPS];
static int64_t latency_max, latency_sum;

static void record(int64_t ns) {
  if (ns < 0) ns = 0;
  if (ns > latency_max) latency_max = ns;
  latency_sum += ns;
  uint64_t v = (uint64_t)ns;
  size_t index = v;
  if (v >= STEPS) {
    int shift = 63 - __builtin_clzll(v) - 6;
    index = (size_t)(shift + 1) * STEPS + ((v >> shift) - STEPS);
  }
  histogram[index] += 1;
}

/* The middle of the step that holds the given share of all answers, in microseconds. */
static double percentile(double share) {
  long long wanted = (long long)(share * (double)total.answered + 0.5), seen = 0;
  if (wanted < 1) wanted = 1;
  for (size_t i = 0; i < sizeof histogram / sizeof *histogram; i++) {
    seen += (long long)histogram[i];
    if (seen < wanted) continue;
    if (i < STEPS) return (double)i / 1e3;
    size_t shift = i / STEPS - 1;
    double low = (double)((uint64_t)(STEPS + i % STEPS) << shift);
    double middle = low + (double)((uint64_t)1 << shift) / 2;
    return (middle < (double)latency_max ? middle : (double)latency_max) / 1e3;
  }
  return 0;
}

/* ---- one connection ---- */

enum part { HEAD, BODY, UNTIL_CLOSE, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER };

struct connection {
  int fd;
  enum part part;
  bool last_answer;    /* the server said "Connection: close" */
  bool connecting, wants_write, in_free_list;
  int in_flight;       /* requests sent, or being sent, and not yet answered */
  int64_t started;     /* when they were sent; with --rate when they were due */
  size_t unsent_from, unsent_to; /* the part of `batch` the socket did not take yet */
  uint64_t left;       /* bytes of the body or chunk still to come */
  char *carry;         /* the start of a head or line whose rest has not come yet */
  size_t carry_size;
};

static struct connection *connections;
static int poller;
static char input[INPUT_SIZE + HEAD_LIMIT];
static int failures_in_a_row;

static bool open_connection(struct connection *c);
static void connection_is_free(struct connection *c);

static void watch(struct connection *c, bool write) {
  if (c->wants_write == write) return;
  c->wants_write = write;
  struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

static void close_connection(struct connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  free(c->carry);
  c->carry = NULL;
  c->carry_size = 0;
  c->part = HEAD;
  c->last_answer = false;
  c->in_flight = 0;
  c->unsent_from = c->unsent_to = 0;
}

static void fail(struct connection *c, const char *what) {
  count_error(what, c->in_flight > 0 ? c->in_flight : 1);
  failures_in_a_row += 1;
  close_connection(c);
}

static void flush(struct connection *c) {
  while (c->unsent_from < c->unsent_to) {
    ssize_t n = send(c->fd, batch + c->unsent_from, c->unsent_to - c->unsent_from, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      watch(c, true);
      return;
    }
    if (n < 0) {
      fail(c, "send");
      return;
    }
    c->unsent_from += (size_t)n;
  }
  watch(c, false);
}

static void send_requests(struct connection *c, int count, int64_t started) {
  c->in_flight = count;
  c->started = started;
  c->unsent_from = 0;
  c->unsent_to = (size_t)count * request_size;
  total.sent += count;
  if (!c->connecting) flush(c);
}

static bool open_connection(struct connection *c) {
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) {
    fail(c, "socket");
    return false;
  }
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)option.port)};
  inet_pton(AF_INET, option.host, &address.sin_addr);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    fail(c, "connect");
    return false;
  }
  c->connecting = c->wants_write = true;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
  return true;
}

/* ---- answers ---- */

struct head {
  int status;
  bool chunked, has_length, close;
  uint64_t length;
};

static bool is_name(const char *name, size_t size, const char *wanted) {
  return strlen(wanted) == size && strncasecmp(name, wanted, size) == 0;
}

/* Reads a head that ends with a blank line. Answers false for what is not an HTTP/1 answer. */
static bool parse_head(const char *text, size_t size, struct head *head) {
  memset(head, 0, sizeof *head);
  if (size < 14 || memcmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ') return false;
  for (int i = 9; i < 12; i++) {
    if (!isdigit((unsigned char)text[i])) return false;
    head->status = head->status * 10 + (text[i] - '0');
  }
  bool old = text[7] == '0', keep_alive = false;
  const char *line = memchr(text, '\n', size), *end = text + size - 2;
  if (line == NULL) return false;
  for (line += 1; line < end;) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    const char *stop = next == NULL ? end : next;
    const char *colon = memchr(line, ':', (size_t)(stop - line));
    if (colon == NULL) return false;
    const char *value = colon + 1;
    while (value < stop && (*value == ' ' || *value == '\t')) value++;
    while (stop > value && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t')) stop--;
    size_t name_size = (size_t)(colon - line), value_size = (size_t)(stop - value);
    if (is_name(line, name_size, "content-length")) {
      if (value_size == 0 || value_size > 18) return false;
      uint64_t length = 0;
      for (size_t i = 0; i < value_size; i++) {
        if (!isdigit((unsigned char)value[i])) return false;
        length = length * 10 + (uint64_t)(value[i] - '0');
      }
      if (head->has_length && head->length != length) return false;
      head->has_length = true;
      head->length = length;
    } else if (is_name(line, name_size, "transfer-encoding")) {
      head->chunked = value_size >= 7 && strncasecmp(stop - 7, "chunked", 7) == 0;
    } else if (is_name(line, name_size, "connection")) {
      if (is_name(value, value_size, "close")) head->close = true;
      if (is_name(value, value_size, "keep-alive")) keep_alive = true;
    }
    if (next == NULL) break;
    line = next + 1;
  }
  if (old && !keep_alive) head->close = true;
  return true;
}

/* The head seen last: servers repeat theirs byte for byte until the date changes, and the same
 * bytes mean the same, so that the generator is not what limits a pipelined run. */
static char known[1024];
static size_t known_size;
static struct head known_head;

static void answer_is_complete(struct connection *c, int64_t now) {
  total.answered += 1;
  failures_in_a_row = 0;
  c->in_flight -= 1;
  c->part = HEAD;
  record(now - c->started);
}

static bool keep(struct connection *c, const char *data, size_t size) {
  if (size >= HEAD_LIMIT) {
    fail(c, "head too long");
    return false;
  }
  if (size > 0) {
    char *carry = realloc(c->carry, size);
    if (carry == NULL) {
      fail(c, "memory");
      return false;
    }
    memcpy(carry, data, size);
    c->carry = carry;
  }
  c->carry_size = size;
  return true;
}

/* Takes what was read; answers false when the connection is closed. */
static bool parse(struct connection *c, const char *data, size_t size, int64_t now) {
  while (size > 0) {
    if (c->part == BODY || c->part == CHUNK_DATA) {
      size_t taken = c->left < size ? (size_t)c->left : size;
      c->left -= taken;
      data += taken;
      size -= taken;
      if (c->left > 0) break;
      if (c->part == BODY) answer_is_complete(c, now);
      else c->part = CHUNK_END;
      goto next;
    }
    if (c->part == UNTIL_CLOSE) {
      size = 0;
      break;
    }
    if (c->part == HEAD) {
      struct head head;
      if (c->in_flight == 0) {
        fail(c, "an answer to no request");
        return false;
      }
      size_t used;
      if (known_size > 0 && size >= known_size && memcmp(data, known, known_size) == 0) {
        head = known_head;
        used = known_size;
      } else {
        const char *end = memmem(data, size, "\r\n\r\n", 4);
        if (end == NULL) break;
        used = (size_t)(end + 4 - data);
        if (!parse_head(data, used, &head)) {
          fail(c, "malformed answer");
          return false;
        }
        if (used <= sizeof known) {
          memcpy(known, data, used);
          known_size = used;
          known_head = head;
        }
      }
      data += used;
      size -= used;
      if (head.status < 200) continue; /* 100 Continue and its like announce; the answer follows */
      if (head.status > 299) total.non2xx += 1;
      c->last_answer = head.close;
      if (answers_have_no_body || head.status == 204 || head.status == 304) {
        answer_is_complete(c, now);
      } else if (head.chunked) {
        c->part = CHUNK_SIZE;
      } else if (head.has_length) {
        c->left = head.length;
        c->part = BODY;
        if (c->left == 0) answer_is_complete(c, now);
      } else {
        c->part = UNTIL_CLOSE;
      }
      goto next;
    }
    /* The rest is made of lines: a chunk's size, the end of its data, the trailer. */
    const char *newline = memchr(data, '\n', size);
    if (newline == NULL) break;
    size_t used = (size_t)(newline + 1 - data);
    bool empty = used == 1 || (used == 2 && data[0] == '\r');
    if (c->part == CHUNK_SIZE) {
      int digits = 0;
      c->left = 0;
      while (isxdigit((unsigned char)data[digits]) && digits < 15) {
        int digit = data[digits];
        c->left = c->left * 16 + (uint64_t)(isdigit(digit) ? digit - '0' : (digit | 32) - 'a' + 10);
        digits += 1;
      }
      char after = data[digits];
      if (digits == 0 || (after != '\r' && after != '\n' && after != ';' && after != ' ')) {
        fail(c, "malformed chunk size");
        return false;
      }
      c->part = c->left == 0 ? TRAILER : CHUNK_DATA;
    } else if (c->part == CHUNK_END) {
      if (!empty) {
        fail(c, "malformed chunk");
        return false;
      }
      c->part = CHUNK_SIZE;
    } else if (empty) {
      answer_is_complete(c, now);
    }
    data += used;
    size -= used;
  next:
    if (c->part == HEAD && c->last_answer) {
      if (c->in_flight > 0) count_error("closed before all answers", c->in_flight);
      close_connection(c);
      total.reconnects += 1;
      return false;
    }
  }
  return keep(c, data, size);
}

/* Reads what is there; answers false when the connection is closed. */
static bool receive(struct connection *c) {
  for (;;) {
    size_t carried = c->carry_size;
    if (carried > 0) memcpy(input, c->carry, carried);
    ssize_t n = recv(c->fd, input + carried, INPUT_SIZE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n < 0) {
      fail(c, "receive");
      return false;
    }
    if (n == 0) {
      if (c->part == UNTIL_CLOSE) {
        answer_is_complete(c, now_ns());
        if (c->in_flight > 0) count_error("closed before all answers", c->in_flight);
      } else if (c->in_flight > 0) {
        fail(c, "closed before all answers");
        return false;
      }
      close_connection(c);
      total.reconnects += 1;
      return false;
    }
    total.bytes += n;
    c->carry_size = 0;
    if (!parse(c, input, carried + (size_t)n, now_ns())) return false;
    if (n < INPUT_SIZE) return true;
  }
}

/* ---- the three ways to ask ---- */

static int64_t started_at, ends_at; /* ends_at is 0 with --requests */
static struct connection **free_list;
static int free_count;
static long long planned; /* with --rate: how many requests the run has */
static int idle_ready, idle_opening, idle_failed;

static bool may_send(int64_t now) {
  if (ends_at > 0) return now < ends_at;
  return total.sent < option.requests;
}

static int64_t due(long long request) {
  return started_at + (int64_t)((double)request * 1e9 / option.rate);
}

/* Gives a connection without requests in flight its next ones, if any are due. */
static void connection_is_free(struct connection *c) {
  int64_t now = now_ns();
  if (option.idle > 0) {
    return;
  } else if (option.rate > 0) {
    if (total.sent < planned && due(total.sent) <= now) {
      send_requests(c, 1, due(total.sent));
    } else if (!c->in_free_list) {
      c->in_free_list = true;
      free_list[free_count++] = c;
    }
  } else if (may_send(now)) {
    long long count = option.pipeline;
    if (ends_at == 0 && option.requests - total.sent < count) count = option.requests - total.sent;
    send_requests(c, (int)count, now);
  }
}

/* Opens a closed connection again as long as there is something to ask. */
static void revive(struct connection *c) {
  if (option.idle > 0) return;
  if (failures_in_a_row >= FAILURES_IN_A_ROW) return;
  bool more = option.rate > 0 ? total.sent < planned : may_send(now_ns());
  if (more) open_connection(c);
}

static void handle(struct connection *c, uint32_t events) {
  if (c->fd < 0) return;
  if (c->connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      fail(c, "connect");
      if (option.idle > 0) idle_opening -= 1, idle_failed += 1;
      return;
    }
    if (!(events & EPOLLOUT)) return;
    c->connecting = false;
    if (option.idle > 0) send_requests(c, 1, now_ns());
    else if (c->in_flight > 0) flush(c);
    else connection_is_free(c);
    if (c->fd >= 0 && c->unsent_from == c->unsent_to) watch(c, false);
    if (!(events & EPOLLIN)) return;
  }
  if (c->fd >= 0 && (events & EPOLLOUT) && c->unsent_from < c->unsent_to) flush(c);
  if (c->fd < 0) return;
  int before = c->in_flight;
  bool open = receive(c);
  if (option.idle > 0) {
    if (before > 0) {
      idle_opening -= 1;
      if (open && c->in_flight > 0) idle_opening += 1;
      else if (open) idle_ready += 1;
      else idle_failed += 1;
    } else if (!open) {
      total.closed += 1;
    }
    return;
  }
  if (!open) {
    if (c->in_free_list) { /* the server closed a connection that waited for its turn */
      for (int i = 0; i < free_count; i++) {
        if (free_list[i] == c) free_list[i] = free_list[--free_count];
      }
      c->in_free_list = false;
    }
    revive(c);
  } else if (c->in_flight == 0) {
    connection_is_free(c);
  }
}

/* Waits for events up to `until` (0: up to 100 ms) and handles them. */
static void turn(int64_t until) {
  int64_t wait = until == 0 ? 100000000 : until - now_ns();
  if (wait < 0) wait = 0;
  if (wait > 100000000) wait = 100000000;
  struct timespec timeout = {.tv_sec = 0, .tv_nsec = wait};
  struct epoll_event ready[256];
  int n = epoll_pwait2(poller, ready, 256, &timeout, NULL);
  for (int i = 0; i < n; i++) handle(ready[i].data.ptr, ready[i].events);
}

static int64_t in_flight(void) {
  int64_t count = 0;
  for (int i = 0; i < option.connections; i++) count += connections[i].in_flight;
  return count;
}

static bool hopeless(void) { return failures_in_a_row >= FAILURES_IN_A_ROW; }

static void run_closed(void) {
  for (int i = 0; i < option.connections; i++) open_connection(&connections[i]);
  while (may_send(now_ns()) && !hopeless()) {
    turn(ends_at);
    if (failures_in_a_row > 0) { /* what could not be opened is tried again every 10 ms */
      usleep(10000);
      for (int i = 0; i < option.connections; i++) {
        if (connections[i].fd < 0) revive(&connections[i]);
      }
    }
  }
}

static void run_at_rate(void) {
  prctl(PR_SET_TIMERSLACK, 1UL);
  for (int i = 0; i < option.connections; i++) open_connection(&connections[i]);
  int64_t open_by = now_ns() + DRAIN_NS;
  while (free_count < option.connections && now_ns() < open_by && !hopeless()) turn(0);
  started_at = now_ns();
  int64_t give_up = due(planned) + 5 * DRAIN_NS;
  while (total.sent < planned && now_ns() < give_up && !hopeless()) {
    while (free_count > 0 && total.sent < planned && due(total.sent) <= now_ns()) {
      struct connection *c = free_list[--free_count];
      c->in_free_list = false;
      if (c->fd >= 0) send_requests(c, 1, due(total.sent));
      else revive(c);
    }
    turn(free_count > 0 ? due(total.sent) : 0);
    if (failures_in_a_row > 0) {
      for (int i = 0; i < option.connections; i++) {
        if (connections[i].fd < 0) revive(&connections[i]);
      }
    }
  }
  total.unsent = planned - total.sent;
  if (total.unsent > 0) count_error("requests that were due and found no connection", total.unsent);
}

static void run_idle(void) {
  int next = 0;
  while (next < option.idle || idle_opening > 0) {
    while (next < option.idle && idle_opening < 128) {
      if (open_connection(&connections[next])) idle_opening += 1;
      else idle_failed += 1;
      next += 1;
    }
    turn(0);
    if (now_ns() > started_at + 60000000000LL) break;
  }
  printf("{\"holding\":%d,\"failed\":%d}\n", idle_ready, option.idle - idle_ready);
  fflush(stdout);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  bool watching = option.seconds <= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event) == 0;
  int64_t end = now_ns() + (int64_t)(option.seconds * 1e9);
  for (bool held = watching || option.seconds > 0; held && (watching || now_ns() < end);) {
    struct epoll_event ready[256];
    int n = epoll_wait(poller, ready, 256, 50);
    for (int i = 0; i < n; i++) {
      char byte[256];
      if (ready[i].data.ptr != NULL) handle(ready[i].data.ptr, ready[i].events);
      else if (read(0, byte, sizeof byte) <= 0) held = false;
    }
  }
}

/* ---- the command line ---- */

static void usage(int status) {
  fprintf(status == 0 ? stdout : stderr,
          "usage: eggload --port P [options]\n"
          "  --host A          IPv4 address (127.0.0.1)\n"
          "  --path /x         path and query (/)\n"
          "  --method M        GET, or POST when there is a body\n"
          "  --body TEXT       body of every request\n"
          "  --header 'K: V'   one more header; may be repeated\n"
          "  --connections N   keep-alive connections (64)\n"
          "  --pipeline P      requests in one write per connection (1)\n"
          "  --seconds S       how long to ask (5), or\n"
          "  --requests N      how often to ask\n"
          "  --rate R          requests a second, latency from when each was due\n"
          "  --idle N          open N connections, one request on each, hold them until\n"
          "                    standard input closes, or for --seconds\n");
  exit(status);
}

static double number(const char *name, const char *text, double low, double high) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != 0 || !(value >= low && value <= high)) {
    fprintf(stderr, "eggload: --%s takes a number from %g to %g, not \"%s\"\n", name, low, high,
            text);
    exit(2);
  }
  return value;
}

static void read_options(int argc, char **argv) {
  static const struct option names[] = {
      {"host", 1, 0, 'h'},     {"port", 1, 0, 'p'},        {"path", 1, 0, 'u'},
      {"method", 1, 0, 'm'},   {"body", 1, 0, 'b'},        {"header", 1, 0, 'H'},
      {"seconds", 1, 0, 's'},  {"connections", 1, 0, 'c'}, {"pipeline", 1, 0, 'P'},
      {"requests", 1, 0, 'n'}, {"rate", 1, 0, 'r'},        {"idle", 1, 0, 'i'},
      {"help", 0, 0, 'E'},     {0, 0, 0, 0}};
  int letter, index = 0;
  while ((letter = getopt_long(argc, argv, "", names, &index)) != -1) {
    const char *name = names[index].name;
    switch (letter) {
      case 'h': option.host = optarg; break;
      case 'p': option.port = (int)number(name, optarg, 1, 65535); break;
      case 'u': option.path = optarg; break;
      case 'm': option.method = optarg; break;
      case 'b': option.body = optarg; break;
      case 's': option.seconds = number(name, optarg, 0.01, 86400); break;
      case 'c': option.connections = (int)number(name, optarg, 1, 60000); break;
      case 'P': option.pipeline = (int)number(name, optarg, 1, PIPELINE_LIMIT); break;
      case 'n': option.requests = (long long)number(name, optarg, 1, 1e12); break;
      case 'r': option.rate = number(name, optarg, 0.1, 1e7); break;
      case 'i': option.idle = (int)number(name, optarg, 1, 60000); break;
      case 'H':
        if (strlen(option.headers) + strlen(optarg) + 3 > sizeof option.headers) usage(2);
        strcat(strcat(option.headers, optarg), "\r\n");
        break;
      case 'E': usage(0); break;
      default: usage(2);
    }
  }
  struct in_addr address;
  if (optind != argc || option.port == 0 || inet_pton(AF_INET, option.host, &address) != 1) {
    usage(2);
  }
  if (option.seconds > 0 && option.requests > 0) usage(2);
  if (option.rate > 0 && option.pipeline > 1) usage(2);
  if (option.seconds <= 0 && option.requests <= 0 && option.idle == 0) option.seconds = 5;
  if (option.method == NULL) option.method = option.body == NULL ? "GET" : "POST";
  answers_have_no_body = strcmp(option.method, "HEAD") == 0;
  if (option.idle > 0) option.connections = option.idle;
}

static void build_batch(void) {
  char length[64] = "";
  const char *body = option.body == NULL ? "" : option.body;
  if (option.body != NULL) sprintf(length, "Content-Length: %zu\r\n", strlen(body));
  char *request;
  int size = asprintf(&request, "%s %s HTTP/1.1\r\nHost: %s:%d\r\n%s%s\r\n%s", option.method,
                      option.path, option.host, option.port, option.headers, length, body);
  request_size = size < 0 ? 0 : (size_t)size;
  batch = malloc(request_size * (size_t)option.pipeline);
  if (size < 0 || batch == NULL) exit(1);
  for (int i = 0; i < option.pipeline; i++) {
    memcpy(batch + (size_t)i * request_size, request, request_size);
  }
  free(request);
}

static void print_result(double seconds) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  double answered = total.answered > 0 ? (double)total.answered : 1;
  printf("{\"requests\":%lld,\"errors\":%lld,\"non2xx\":%lld,\"reconnects\":%lld,\"bytes\":%lld,"
         "\"seconds\":%.4f,\"rps\":%.1f,\"generator_cpu_seconds\":%.3f,\"mean_us\":%.1f,"
         "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f",
         total.answered, total.errors, total.non2xx, total.reconnects, total.bytes, seconds,
         (double)total.answered / seconds, cpu, (double)latency_sum / answered / 1e3,
         percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999),
         (double)latency_max / 1e3);
  if (option.rate > 0) printf(",\"rate\":%g,\"unsent\":%lld", option.rate, total.unsent);
  if (option.idle > 0) printf(",\"idle\":%d,\"closed\":%lld", idle_ready, total.closed);
  if (first_error != NULL) printf(",\"first_error\":\"%s\"", first_error);
  printf("}\n");
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  build_batch();
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if ((rlim_t)option.connections + 16 > limit.rlim_max) {
    fprintf(stderr, "eggload: %d connections need a higher limit of open files than %llu\n",
            option.connections, (unsigned long long)limit.rlim_max);
    return 2;
  }
  poller = epoll_create1(EPOLL_CLOEXEC);
  connections = calloc((size_t)option.connections, sizeof *connections);
  free_list = calloc((size_t)option.connections, sizeof *free_list);
  if (poller < 0 || connections == NULL || free_list == NULL) return 1;
  for (int i = 0; i < option.connections; i++) connections[i].fd = -1;

  started_at = now_ns();
  double seconds = option.seconds;
  if (option.rate > 0) {
    planned = option.requests > 0 ? option.requests : (long long)(option.rate * seconds);
    started_at += 3600000000000LL; /* nothing is due before every connection is open */
    run_at_rate();
  } else if (option.idle > 0) {
    run_idle();
  } else {
    if (seconds > 0) ends_at = started_at + (int64_t)(seconds * 1e9);
    run_closed();
  }
  if (option.idle == 0) {
    int64_t last = now_ns();
    while (in_flight() > 0 && now_ns() < last + DRAIN_NS) turn(last + DRAIN_NS);
    if (in_flight() > 0) count_error("no answer", in_flight());
  }
  print_result((double)(now_ns() - started_at) / 1e9);
  return 0;
}
