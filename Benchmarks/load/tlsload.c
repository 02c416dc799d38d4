/*
 * The load of Benchmarks/https.sh: one process, N connections that take turns, blocking.
 *
 *     tlsload requests PORT PATH CONNECTIONS REQUESTS     over kept connections
 *     tlsload handshakes PORT CONNECTIONS                 a connection each, closed after the handshake
 *     tlsload resumed PORT CONNECTIONS                    the same, taking the first one's session up
 *     tlsload idle PORT CONNECTIONS                       opens them, asks once on each, waits for a byte
 *
 * Prints requests or connections per second. What matters is the time of the server, which the script
 * reads from /proc.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *context;
static int port;

static void fail(const char *what) {
    fprintf(stderr, "tlsload: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static SSL *connected(SSL_SESSION *session) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1;
    int wire = socket(AF_INET, SOCK_STREAM, 0);
    SSL *stream = SSL_new(context);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (wire < 0 || connect(wire, (struct sockaddr *)&address, sizeof address) != 0)
        fail("no connection");
    setsockopt(wire, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL_set_fd(stream, wire);
    SSL_set_tlsext_host_name(stream, "localhost");
    if (session != NULL) SSL_set_session(stream, session);
    if (SSL_connect(stream) != 1) fail("no handshake");
    return stream;
}

static void closed(SSL *stream) {
    int wire = SSL_get_fd(stream);
    SSL_shutdown(stream);
    SSL_free(stream);
    close(wire);
}

static void ask(SSL *stream, const char *request) {
    if (SSL_write(stream, request, (int)strlen(request)) <= 0) fail("nothing can be sent");
}

/* Reads one answer with a Content-Length. */
static void answered(SSL *stream) {
    static char bytes[1 << 20];
    size_t have = 0, want = 0;
    while (want == 0 || have < want) {
        int got = SSL_read(stream, bytes + have, (int)(sizeof bytes - 1 - have));
        if (got <= 0) fail("an answer ended early");
        have += (size_t)got;
        if (want == 0) {
            char *end, *length;
            bytes[have] = 0;
            end = strstr(bytes, "\r\n\r\n");
            if (end == NULL) continue;
            length = strcasestr(bytes, "\r\ncontent-length:");
            if (length == NULL || strncmp(bytes, "HTTP/1.1 200", 12) != 0) fail("not the answer");
            want = (size_t)(end + 4 - bytes) + (size_t)atol(length + 17);
        }
    }
}

int main(int count, char **words) {
    SSL **streams;
    double start;
    signal(SIGPIPE, SIG_IGN);
    if (count < 4) fail("see the comment at its top");
    port = atoi(words[2]);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_read_ahead(context, 1);
    if (strcmp(words[1], "requests") == 0 && count == 6) {
        char request[512];
        int connections = atoi(words[4]), requests = atoi(words[5]);
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", words[3]);
        streams = calloc((size_t)connections, sizeof *streams);
        for (int index = 0; index < connections; index++) streams[index] = connected(NULL);
        start = now();
        for (int done = 0; done < requests; done += connections) {
            for (int index = 0; index < connections; index++) ask(streams[index], request);
            for (int index = 0; index < connections; index++) answered(streams[index]);
        }
        printf("%.0f\n", requests / (now() - start));
    } else if (strcmp(words[1], "handshakes") == 0 || strcmp(words[1], "resumed") == 0) {
        int connections = atoi(words[3]);
        SSL_SESSION *session = NULL;
        if (words[1][0] == 'r') {
            SSL *first = connected(NULL);
            ask(first, "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n");
            answered(first);
            session = SSL_get1_session(first);
            closed(first);
        }
        start = now();
        for (int index = 0; index < connections; index++) {
            SSL *stream = connected(session);
            if (session != NULL && !SSL_session_reused(stream)) fail("the session was not taken up");
            closed(stream);
        }
        printf("%.0f\n", connections / (now() - start));
    } else if (strcmp(words[1], "idle") == 0) {
        int connections = atoi(words[3]);
        for (int index = 0; index < connections; index++) {
            SSL *stream = connected(NULL);
            ask(stream, "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n");
            answered(stream);
        }
        printf("%d\n", connections);
        fflush(stdout);
        (void)!read(0, &start, 1);
    } else {
        fail("see the comment at its top");
    }
    return 0;
}
