/* The baseline of the MySQL figures: bare MariaDB Connector/C, one connection.
 *
 *     mysql_connector PORT point|prepared|rows|insert STATEMENTS [epoll]
 *
 * Blocking, or with `epoll` by the library's non-blocking calls around one epoll_wait, which is the
 * least that a server with one thread can do; only texts then. Prints statements per second, per
 * CPU-second of this process, and what was read. */
#include <mysql.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static MYSQL *db;
static int poller = -1; /* -1: blocking */

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *message) {
    fprintf(stderr, "mysql_connector: %s\n", message);
    exit(1);
}

static int await(void) {
    struct epoll_event event;
    while (epoll_wait(poller, &event, 1, -1) < 1) {}
    return (event.events & EPOLLIN ? MYSQL_WAIT_READ : 0) | (event.events & EPOLLOUT ? MYSQL_WAIT_WRITE : 0);
}

/* Sends a text and stores the answer. */
static MYSQL_RES *answer(const char *text, size_t length) {
    if (poller < 0) {
        if (mysql_real_query(db, text, length)) fail(mysql_error(db));
        return mysql_store_result(db);
    }
    int failed = 0, status = mysql_send_query_start(&failed, db, text, length);
    while (status) status = mysql_send_query_cont(&failed, db, await());
    if (failed) fail(mysql_error(db));
    await();
    my_bool refused = 0;
    status = mysql_read_query_result_start(&refused, db);
    while (status) status = mysql_read_query_result_cont(&refused, db, await());
    if (refused) fail(mysql_error(db));
    MYSQL_RES *rows = NULL;
    status = mysql_store_result_start(&rows, db);
    while (status) status = mysql_store_result_cont(&rows, db, await());
    return rows;
}

/* Sends a text and reads every cell of the answer. */
static long query(const char *text, size_t length) {
    MYSQL_RES *rows = answer(text, length);
    if (rows == NULL) return (long)mysql_affected_rows(db);
    long sum = 0;
    MYSQL_ROW row;
    while ((row = mysql_fetch_row(rows)) != NULL) {
        char *title = strdup(row[1]); /* a text of its own, as everybody else gets one */
        sum += atol(row[0]) + (long)strlen(title) + atol(row[2]);
        free(title);
    }
    mysql_free_result(rows);
    return sum;
}

static long formatted(const char *format, long number) {
    char text[200];
    return query(text, (size_t)snprintf(text, sizeof text, format, number));
}

static long prepared(long count) {
    static const char sql[] = "select id, title, hits from posts where id = ?";
    MYSQL_STMT *statement = mysql_stmt_init(db);
    if (mysql_stmt_prepare(statement, sql, sizeof sql - 1)) fail(mysql_stmt_error(statement));
    long long id, got_id, got_hits, sum = 0;
    char title[256];
    unsigned long length;
    MYSQL_BIND in = {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &id};
    MYSQL_BIND out[3] = {
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &got_id},
        {.buffer_type = MYSQL_TYPE_STRING, .buffer = title, .buffer_length = sizeof title, .length = &length},
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &got_hits},
    };
    for (long i = 0; i < count; i++) {
        id = i % 1000 + 1;
        if (mysql_stmt_bind_param(statement, &in) || mysql_stmt_execute(statement) ||
            mysql_stmt_bind_result(statement, out) || mysql_stmt_store_result(statement))
            fail(mysql_stmt_error(statement));
        while (mysql_stmt_fetch(statement) == 0) {
            char *copy = strndup(title, length);
            sum += got_id + (long long)strlen(copy) + got_hits;
            free(copy);
        }
        mysql_stmt_free_result(statement);
    }
    mysql_stmt_close(statement);
    return (long)sum;
}

static long run(const char *kind, long count) {
    long sum = 0;
    if (strcmp(kind, "prepared") == 0) return prepared(count);
    for (long i = 0; i < count; i++) {
        if (strcmp(kind, "point") == 0)
            sum += formatted("select id, title, hits from posts where id = %ld", i % 1000 + 1);
        else if (strcmp(kind, "rows") == 0)
            sum += formatted("select id, title, hits from posts limit 1000", 0);
        else
            sum += formatted("insert into notes (title, hits) values ('A note like any other', %ld)", i);
    }
    return sum;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "mysql_connector PORT point|prepared|rows|insert STATEMENTS [epoll]\n");
        return 2;
    }
    int waits = argc > 4 && strcmp(argv[4], "epoll") == 0;
    long count = atol(argv[3]);
    db = mysql_init(NULL);
    mysql_options(db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (waits) mysql_options(db, MYSQL_OPT_NONBLOCK, NULL);
    if (mysql_real_connect(db, "127.0.0.1", "bench", "bench", "bench", (unsigned)atoi(argv[1]), NULL,
                           CLIENT_FOUND_ROWS) == NULL)
        fail(mysql_error(db));
    if (waits) {
        struct epoll_event event = {.events = EPOLLIN};
        poller = epoll_create1(0);
        if (epoll_ctl(poller, EPOLL_CTL_ADD, mysql_get_socket(db), &event)) fail("epoll_ctl");
    }
    run(argv[2], count < 10 ? 1 : count / 10);
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    long sum = run(argv[2], count);
    printf("%ld %ld %ld\n", (long)((double)count / (now(CLOCK_MONOTONIC) - wall)),
           (long)((double)count / (now(CLOCK_PROCESS_CPUTIME_ID) - cpu)), sum);
    mysql_close(db);
    return 0;
}
