/*
 * egg_testkit.h - a host in one process, without sockets, for the unit tests of a
 * plugin, and the strict and the tormenting host behind `egg plugin check` and
 * `egg plugin torment`.
 *
 *     egg_testkit *kit = egg_testkit_new(NULL);
 *     egg_testkit_open(kit, "./libhello.so");
 *     egg_testkit_config(kit, "hello", "{\"name\": \"egg\"}");
 *     egg_testkit_boot(kit);
 *     egg_testkit_request request = {.method = "GET", .url = "/hello"};
 *     egg_testkit_exchange *x = egg_testkit_send(kit, &request);
 *     assert(egg_testkit_status(x) == 200);
 *     assert(egg_testkit_findings(kit) == 0);
 *     egg_testkit_free(kit);
 *
 * Everything happens on the thread that made the kit, inside these functions.
 * Time stands still until egg_testkit_advance. Where a function is given wrong
 * arguments it answers NULL or false and adds a finding.
 *
 * What differs from the kernel: there is one process, and lines of loggers other than
 * the application's begin with the logger's name in brackets; routes know ":name" segments and POSIX regular
 * expressions only; no body parser runs (give `parsed`); the kit brings no
 * egg.crypto/1 - offer one of your own with egg_testkit_offer. `egg plugin check`
 * and `egg plugin torment` offer the kernel's.
 */
#ifndef EGG_TESTKIT_H
#define EGG_TESTKIT_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

typedef struct egg_testkit egg_testkit;
typedef struct egg_testkit_unit egg_testkit_unit;
/* A request with its fake client, or a context without one. */
typedef struct egg_testkit_exchange egg_testkit_exchange;

/* ==== Making a kit ======================================================== */

enum {
    /* Memory is made unreadable as soon as it is no longer the plugin's, phases
     * that do not exist are sent, what was announced must be registered:
     * the agent's members in an agent process, everything else in the others. */
    EGG_TESTKIT_STRICT = 1u << 0,
    /* Everything a host may do, in an order that `seed` decides. */
    EGG_TESTKIT_TORMENT = 1u << 1,
    /* Offloaded work runs on threads of its own instead of inside run. */
    EGG_TESTKIT_THREADS = 1u << 2,
    /* Writes log lines and findings to standard error as they come. */
    EGG_TESTKIT_VERBOSE = 1u << 3
};

typedef struct egg_testkit_options {
    uint32_t flags;
    uint32_t process; /* EGG_PROCESS_*; 0: worker */
    uint64_t seed;
    const char *EGG_NULLABLE env;      /* "unittest" */
    const char *EGG_NULLABLE name;     /* of the application: "testkit" */
    const char *EGG_NULLABLE base_dir; /* "/nonexistent" */
    /* Interfaces that `query` pretends not to have: "egg.upgrade/1,egg.app/1". */
    const char *EGG_NULLABLE without;
    uint64_t fail_alloc_at; /* the n-th alloc answers NULL; 0: none */
    size_t piece;           /* bytes per read_some; 0: all at once */
    /* One turn of an event loop that the units need beside the kit's: Swift's tasks
     * run on one. Runs what is queued there, waits at most so long for more. False:
     * nothing was queued and nothing came. */
    bool (*EGG_NULLABLE turn)(void *EGG_NULLABLE state, uint32_t milliseconds);
    void *EGG_NULLABLE turn_state;
} egg_testkit_options;

egg_testkit *egg_testkit_new(const egg_testkit_options *EGG_NULLABLE options);
/* Ends what is under way, looks for what was left behind, frees everything; the
 * findings are gone with it. Libraries stay loaded. */
void egg_testkit_free(egg_testkit *EGG_NULLABLE kit);

/* Ends what is under way and looks for what was left behind: calls never settled,
 * announced names never registered, buffers never released. Once, before reading
 * the findings; egg_testkit_free does it for those who do not care. */
void egg_testkit_finish(egg_testkit *kit);

/* What was found, one sentence each: who did what, and what to do instead. */
size_t egg_testkit_findings(egg_testkit *kit);
const char *EGG_NULLABLE egg_testkit_finding(egg_testkit *kit, size_t index);
/* Log lines: "WARN hello: text {"field":1}". */
size_t egg_testkit_log_lines(egg_testkit *kit);
const char *EGG_NULLABLE egg_testkit_log_line(egg_testkit *kit, size_t index);

/* ==== Units =============================================================== */

/* A plugin that is linked into the test. Without egg_testkit_manifest it may
 * register what it likes. NULL: refused, see the last finding. */
egg_testkit_unit *EGG_NULLABLE egg_testkit_load_entry(egg_testkit *kit,
                                                      egg_plugin_entry_fn EGG_NULLABLE entry,
                                                      const char *id);
/* The first plugin of a shared library, after the checks of the kernel. */
egg_testkit_unit *EGG_NULLABLE egg_testkit_open(egg_testkit *kit, const char *file);
egg_testkit_unit *EGG_NULLABLE egg_testkit_open_id(egg_testkit *kit, const char *file,
                                                   const char *EGG_NULLABLE id);
/* Give it before boot; registrations are compared with it. */
bool egg_testkit_manifest(egg_testkit_unit *unit, const char *json);
/* An interface of the kernel's or of another plugin's, faked by the test. `table`
 * must outlive the kit. */
void egg_testkit_offer(egg_testkit *kit, const char *interface_id, const void *table);
/* The host table of the test itself: it may call what a plugin may call. */
const egg_host *egg_testkit_host(egg_testkit *kit);

/* Sets configuration at a dotted path ("" merges into all of it). Before boot. */
bool egg_testkit_config(egg_testkit *kit, const char *path, const char *json);
bool egg_testkit_config_value(egg_testkit *kit, const char *path, const egg_value *value);
/* A file that contributed directories find. `path` as in "app/view/a.tpl". */
void egg_testkit_file(egg_testkit *kit, uint32_t unit_kind, const char *unit, const char *path,
                      const egg_value *EGG_NULLABLE exported);

/* How something ended. Stays valid, and is filled in when it ends later. */
typedef struct egg_testkit_result {
    bool settled; /* false: under way */
    int32_t kind; /* EGG_OUTCOME_* */
    int32_t http_status;
    egg_value value; /* lives as long as the kit */
    const char *EGG_NULLABLE code;
    const char *EGG_NULLABLE message;
} egg_testkit_result;

const egg_testkit_result *egg_testkit_phase(egg_testkit *kit, egg_testkit_unit *unit,
                                            egg_phase phase);
/* All phases of all units in the kernel's order, directories included, up to
 * SERVER_DID_READY. False: a unit failed or never settled; see the findings. */
bool egg_testkit_boot(egg_testkit *kit);
/* BEFORE_CLOSE in reverse order, then the event "close". Once. */
bool egg_testkit_close(egg_testkit *kit);

/* ==== Time and threads ==================================================== */

/* Runs what is due until nothing is. Boot, send and the like do it themselves. */
void egg_testkit_run(egg_testkit *kit);
/* Moves the clock on, firing timers in their order. */
void egg_testkit_advance(egg_testkit *kit, uint64_t milliseconds);
/* Waits in real time, at most so long, until another thread has posted a job or
 * offloaded work has ended; runs it. False: nothing came. */
bool egg_testkit_wait(egg_testkit *kit, uint32_t milliseconds);
size_t egg_testkit_timers(egg_testkit *kit);

/* ==== Requests ============================================================ */

typedef struct egg_testkit_request {
    const char *EGG_NULLABLE method;  /* "GET" */
    const char *EGG_NULLABLE url;     /* "/" */
    const char *EGG_NULLABLE headers; /* "Accept: a\nX-B: c" */
    const void *EGG_NULLABLE body;
    size_t body_length;
    const char *EGG_NULLABLE parsed; /* JSON: what a body parser would have stored */
    /* Names, outermost first, comma between; NULL: all, as registered; "": none.
     * A middleware that is made gets the configuration under its name. */
    const char *EGG_NULLABLE middlewares;
    /* Takes the place of the router. Absent: the routes. */
    egg_handler inner;
    bool chunked;       /* the body's length is not told in advance */
    bool hold;          /* the client reads nothing until egg_testkit_take */
} egg_testkit_request;

/* Sends it and runs until nothing is due. The exchange lives as long as the kit. */
egg_testkit_exchange *egg_testkit_send(egg_testkit *kit, const egg_testkit_request *request);
/* A context without a connection, for context members. */
egg_testkit_exchange *egg_testkit_context(egg_testkit *kit);
/* Ends such a context. */
void egg_testkit_context_end(egg_testkit_exchange *x);

/* The answer is complete, or the connection has ended. */
bool egg_testkit_ended(egg_testkit_exchange *x);
int32_t egg_testkit_status(egg_testkit_exchange *x);
const char *EGG_NULLABLE egg_testkit_header(egg_testkit_exchange *x, const char *name);
/* What the client has received, NUL-terminated; a stream so far; after an upgrade
 * what was written. A file's contents are read. */
const char *egg_testkit_body(egg_testkit_exchange *x, size_t *EGG_NULLABLE length);
egg_body_kind egg_testkit_body_kind(egg_testkit_exchange *x);
/* A value of ctx.state; UNDEFINED without. */
egg_value egg_testkit_state(egg_testkit_exchange *x, const char *name);
/* The code and message the chain failed with, or NULL. */
const char *EGG_NULLABLE egg_testkit_error_code(egg_testkit_exchange *x);
const char *EGG_NULLABLE egg_testkit_error_message(egg_testkit_exchange *x);

/* The client goes away: the request is cancelled, a stream or an upgraded
 * connection ends with `reason`. */
void egg_testkit_hang_up(egg_testkit_exchange *x, egg_close_reason reason);
bool egg_testkit_upgraded(egg_testkit_exchange *x);
bool egg_testkit_paused(egg_testkit_exchange *x);
/* Bytes from the peer of an upgraded connection. */
void egg_testkit_receive(egg_testkit_exchange *x, const void *bytes, size_t length);
/* Bytes that the client has not taken, and taking some of them. */
size_t egg_testkit_waiting(egg_testkit_exchange *x);
void egg_testkit_take(egg_testkit_exchange *x, size_t bytes);

/* ==== Members ============================================================= */

/* Calls a method by name. `x` NULL: on behalf of the application. `args`: a JSON
 * list, or NULL. Runs until nothing is due. */
const egg_testkit_result *egg_testkit_call(egg_testkit *kit,
                                           egg_testkit_exchange *EGG_NULLABLE x, uint32_t target,
                                           const char *name, const char *EGG_NULLABLE args);
const egg_testkit_result *egg_testkit_call_values(egg_testkit *kit,
                                                  egg_testkit_exchange *EGG_NULLABLE x,
                                                  uint32_t target, const char *name,
                                                  const egg_value *EGG_NULLABLE args,
                                                  uint32_t count);
/* `out` lives as long as the kit. */
egg_status egg_testkit_get(egg_testkit *kit, egg_testkit_exchange *EGG_NULLABLE x,
                           uint32_t target, const char *name, egg_value *out);
egg_status egg_testkit_set(egg_testkit *kit, egg_testkit_exchange *EGG_NULLABLE x,
                           uint32_t target, const char *name, const char *json);
/* Emits an event of the application. */
void egg_testkit_emit(egg_testkit *kit, egg_testkit_exchange *EGG_NULLABLE x, const char *event,
                      const char *EGG_NULLABLE json);

/* ==== Other processes ===================================================== */

/* What units sent with egg.messenger/1, "TO ACTION JSON": TO is all, apps, agent,
 * random or pid. "master reload "why"": egg_process.reload. What is meant for this
 * process arrives in a later turn; the process id of the kit is 4711. */
size_t egg_testkit_messages(egg_testkit *kit);
const char *EGG_NULLABLE egg_testkit_message(egg_testkit *kit, size_t index);
/* A message from another process to one side of this one: EGG_ON_APPLICATION or
 * EGG_ON_AGENT. Boot tells "egg-pids" and "egg-ready" by itself. */
void egg_testkit_tell(egg_testkit *kit, uint32_t side, const char *action,
                      const char *EGG_NULLABLE json);
/* Asks every check of egg_process.add_readiness, as /-/ready does. NULL: ready;
 * otherwise the first name that is not. */
const char *EGG_NULLABLE egg_testkit_not_ready(egg_testkit *kit);

/* ==== Values ============================================================== */

/* Text of a value, which lives as long as the kit; bytes as "<3 bytes>". */
const char *egg_testkit_json(egg_testkit *kit, const egg_value *value);
/* The value of JSON text; UNDEFINED and a finding when it is malformed. */
egg_value egg_testkit_parse(egg_testkit *kit, const char *json);

/* ==== Whole plugins ======================================================= */

/* Boots what was opened, then uses everything it has registered: every middleware
 * alone and all together, in front of layers that answer, fail and wait; every
 * route, method and property; streams, upgrades and timers; then closes and
 * finishes. Answers the number of findings. */
size_t egg_testkit_exercise(egg_testkit *kit);

EGG_NONNULL_END

#ifdef __cplusplus
}
#endif

#endif /* EGG_TESTKIT_H */
