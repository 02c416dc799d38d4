/*
 * sioload: Socket.IO clients over WebSocket, many in one thread.
 *
 *     sioload echo      PORT PID CONNECTIONS SECONDS   every client sends, and again when it came back
 *     sioload broadcast PORT PID CONNECTIONS SECONDS   one sends to all, and again when it got its own
 *     sioload connect   PORT PID CONNECTIONS SECONDS   connects, joins "/", leaves, again
 *     sioload idle      PORT PID CONNECTIONS SECONDS   joins and waits
 *
 * Prints one line: what was counted, per second and per CPU second of the process PID, and the
 * memory that PID gained.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 4096 };
enum stage { CONNECTING, UPGRADING, OPENING, JOINING, READY };

typedef struct {
    int fd;
    enum stage stage;
    int used;
    unsigned char bytes[ROOM];
} client;

static int port, epoll_fd, wanted, ready;
static pid_t pid;
static uint64_t counted;
static bool measuring;
static char mode;
static client *clients;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "sioload: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* CPU seconds that the server has used. */
static double cpu(void) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[count] = 0;
    unsigned long user = 0, system = 0;
    char *end = strrchr(text, ')');
    if (end == NULL ||
        sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("stat");
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long resident(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    long size = 0, pages = 0;
    if (fscanf(file, "%ld %ld", &size, &pages) != 2) die("statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void send_text(client *c, const char *text) {
    unsigned char frame[256];
    size_t count = strlen(text), at = 2;
    frame[0] = 0x81;
    if (count < 126) {
        frame[1] = (unsigned char)(0x80 | count);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (unsigned char)(count >> 8);
        frame[3] = (unsigned char)count;
        at = 4;
    }
    static const unsigned char mask[4] = {0x11, 0x22, 0x33, 0x44};
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < count; i++) frame[at + i] = (unsigned char)text[i] ^ mask[i & 3];
    if (write(c->fd, frame, at + count) < 0 && errno != EAGAIN) die("write");
}

static void start(client *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    /* More than one address, as each has ports for some thirty thousand connections. */
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        die("connect");
    c->stage = CONNECTING;
    c->used = 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static const char *const message = "42[\"message\",\"0123456789abcdef0123456789abcdef\"]";
static const char *const everybody = "42[\"all\",\"x\",\"0123456789abcdef0123456789abcdef\"]";

static void text(client *c, const char *text, size_t count) {
    switch (c->stage) {
    case OPENING:
        c->stage = JOINING;
        send_text(c, "40");
        return;
    case JOINING:
        if (count < 2 || memcmp(text, "40", 2) != 0) return;
        c->stage = READY;
        ready++;
        if (mode == 'c') {
            if (measuring) counted++;
            struct linger hard = {.l_onoff = 1, .l_linger = 0};
            setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            close(c->fd);
            ready--;
            start(c);
        } else if (mode == 'e') {
            send_text(c, message);
        }
        return;
    case READY:
        if (count > 0 && text[0] == '2') send_text(c, "3");
        if (count > 14 && mode == 'e' && memcmp(text + 4, "message-back", 12) == 0) {
            if (measuring) counted++;
            send_text(c, message);
        } else if (count > 6 && mode == 'b' && memcmp(text + 3, "\"x\"", 3) == 0) {
            if (measuring) counted++;
            if (c == clients) send_text(c, everybody);
        }
        return;
    default: return;
    }
}

static void take(client *c) {
    int at = 0;
    if (c->stage == UPGRADING) {
        unsigned char *end = memmem(c->bytes, (size_t)c->used, "\r\n\r\n", 4);
        if (end == NULL) return;
        if (memcmp(c->bytes, "HTTP/1.1 101", 12) != 0) die("no upgrade");
        at = (int)(end - c->bytes) + 4;
        c->stage = OPENING;
    }
    while (c->used - at >= 2) {
        int length = c->bytes[at + 1], head = 2;
        if (length == 126) {
            if (c->used - at < 4) break;
            length = c->bytes[at + 2] << 8 | c->bytes[at + 3];
            head = 4;
        }
        if (c->used - at < head + length) break;
        int fd = c->fd;
        text(c, (char *)c->bytes + at + head, (size_t)length);
        if (c->fd != fd || c->stage == CONNECTING) return; /* another connection by now */
        at += head + length;
    }
    c->used -= at;
    memmove(c->bytes, c->bytes + at, (size_t)c->used);
}

static void turn(double until) {
    struct epoll_event events[512];
    while (now() < until) {
        int count = epoll_wait(epoll_fd, events, 512, 50);
        for (int i = 0; i < count; i++) {
            client *c = events[i].data.ptr;
            if (c->stage == CONNECTING) {
                if (!(events[i].events & EPOLLOUT)) continue;
                char request[256];
                int length = snprintf(
                    request, sizeof request,
                    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    port);
                if (write(c->fd, request, (size_t)length) != length) die("request");
                c->stage = UPGRADING;
                struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
                epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
                continue;
            }
            ssize_t got = read(c->fd, c->bytes + c->used, (size_t)(ROOM - c->used));
            if (got <= 0) {
                if (got < 0 && errno == EAGAIN) continue;
                errno = got == 0 ? ECONNRESET : errno;
                die("the server ended a connection");
            }
            c->used += (int)got;
            take(c);
        }
        if (!measuring && ready == wanted) return;
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: sioload echo|broadcast|connect|idle PORT PID CONNECTIONS SECONDS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    mode = argv[1][0];
    port = atoi(argv[2]);
    pid = (pid_t)atoi(argv[3]);
    int connections = atoi(argv[4]);
    double seconds = atof(argv[5]);
    struct rlimit limit = {1 << 20, 1 << 20};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)connections, sizeof *clients);
    if (clients == NULL) die("memory");
    long before = resident();
    if (mode == 'c') {
        for (int i = 0; i < connections; i++) start(&clients[i]);
        turn(now() + 0.3);
    } else {
        /* In portions that the queue of the listening socket takes. */
        for (int done = 0; done < connections; done += 100) {
            for (int i = done; i < done + 100 && i < connections; i++) start(&clients[i]);
            wanted = done + 100 < connections ? done + 100 : connections;
            turn(now() + 20);
            if (ready != wanted) die("not everybody came in");
        }
        if (mode == 'b') send_text(&clients[0], everybody);
    }
    measuring = true;
    double begin = now(), used = cpu();
    turn(begin + seconds);
    double took = now() - begin;
    used = cpu() - used;
    printf("%s %d: %.0f/s %.0f per CPU second (%.2f CPUs), %.1f KB for each connection\n", argv[1],
           connections, (double)counted / took, used > 0 ? (double)counted / used : 0, used / took,
           (double)(resident() - before) / 1024.0 / connections);
    return 0;
}
