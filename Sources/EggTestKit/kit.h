/* kit.h - what the parts of the kit share. Not for users of the kit. One file past 500
 * lines, because a sixth of it is the list that renames what is not static. */
#ifndef EGG_TESTKIT_INTERNAL_H
#define EGG_TESTKIT_INTERNAL_H

#include "egg_testkit.h"

#include <pthread.h>

/* The parts are linked into one program with the test, so their names are set apart. */
#define adopt egg_testkit_internal_adopt
#define announced egg_testkit_internal_announced
#define send_answer egg_testkit_internal_send_answer
#define app_table egg_testkit_internal_app_table
#define arena_alloc egg_testkit_internal_arena_alloc
#define arena_begin egg_testkit_internal_arena_begin
#define arena_cstring egg_testkit_internal_arena_cstring
#define arena_end egg_testkit_internal_arena_end
#define arena_error egg_testkit_internal_arena_error
#define arena_text egg_testkit_internal_arena_text
#define arena_value egg_testkit_internal_arena_value
#define begin egg_testkit_internal_begin
#define call_find egg_testkit_internal_call_find
#define call_give_back egg_testkit_internal_call_give_back
#define call_issue egg_testkit_internal_call_issue
#define call_missing egg_testkit_internal_call_missing
#define call_spend egg_testkit_internal_call_spend
#define call_take egg_testkit_internal_call_take
#define chance egg_testkit_internal_chance
#define client_end egg_testkit_internal_client_end
#define client_write egg_testkit_internal_client_write
#define config_set egg_testkit_internal_config_set
#define drain egg_testkit_internal_drain
#define emit_event egg_testkit_internal_emit_event
#define exchange_cancel egg_testkit_internal_exchange_cancel
#define exchange_new egg_testkit_internal_exchange_new
#define exchange_settle egg_testkit_internal_exchange_settle
#define exchange_start egg_testkit_internal_exchange_start
#define place_admits egg_testkit_internal_place_admits
#define ask_answerers egg_testkit_internal_ask_answerers
#define errors_table egg_testkit_internal_errors_table
#define fields_add egg_testkit_internal_fields_add
#define fields_find egg_testkit_internal_fields_find
#define fill egg_testkit_internal_fill
#define finding egg_testkit_internal_finding
#define give_outcome egg_testkit_internal_give_outcome
#define grow egg_testkit_internal_grow
#define host_fail egg_testkit_internal_host_fail
#define host_fill egg_testkit_internal_host_fill
#define host_finish egg_testkit_internal_host_finish
#define host_next egg_testkit_internal_host_next
#define host_query egg_testkit_internal_host_query
#define http_table egg_testkit_internal_http_table
#define is_reported egg_testkit_internal_is_reported
#define json_parse egg_testkit_internal_json_parse
#define json_write egg_testkit_internal_json_write
#define keep_result egg_testkit_internal_keep_result
#define log_line egg_testkit_internal_log_line
#define log_table egg_testkit_internal_log_table
#define loop_table egg_testkit_internal_loop_table
#define make_error egg_testkit_internal_make_error
#define make_keeper egg_testkit_internal_make_keeper
#define make_unit egg_testkit_internal_make_unit
#define manifest_lists egg_testkit_internal_manifest_lists
#define map_at egg_testkit_internal_map_at
#define map_get egg_testkit_internal_map_get
#define member_find egg_testkit_internal_member_find
#define members_fill egg_testkit_internal_members_fill
#define messenger_table egg_testkit_internal_messenger_table
#define memory_forget egg_testkit_internal_memory_forget
#define must_alloc egg_testkit_internal_must_alloc
#define place_filter egg_testkit_internal_place_filter
#define note_read egg_testkit_internal_note_read
#define objects_keep egg_testkit_internal_objects_keep
#define objects_release egg_testkit_internal_objects_release
#define on_loop egg_testkit_internal_on_loop
#define process_table egg_testkit_internal_process_table
#define push egg_testkit_internal_push
#define push_ordered egg_testkit_internal_push_ordered
#define random_below egg_testkit_internal_random_below
#define refused egg_testkit_internal_refused
#define response_release egg_testkit_internal_response_release
#define route_request egg_testkit_internal_route_request
#define router_table egg_testkit_internal_router_table
#define same egg_testkit_internal_same
#define same_nocase egg_testkit_internal_same_nocase
#define start_method egg_testkit_internal_start_method
#define strict egg_testkit_internal_strict
#define tell_ready egg_testkit_internal_tell_ready
#define torment egg_testkit_internal_torment
#define taken_drop egg_testkit_internal_taken_drop
#define taken_end egg_testkit_internal_taken_end
#define taken_file egg_testkit_internal_taken_file
#define taken_find egg_testkit_internal_taken_find
#define taken_length egg_testkit_internal_taken_length
#define taken_resume egg_testkit_internal_taken_resume
#define taken_stream_begin egg_testkit_internal_taken_stream_begin
#define taken_write egg_testkit_internal_taken_write
#define upgrade_table egg_testkit_internal_upgrade_table

typedef egg_testkit kit;
typedef egg_testkit_unit unit;
typedef egg_testkit_exchange exchange;

/* ---- memory.c: arenas that become unreadable ----------------------------- */

/* Objects that are retained. */
typedef struct object_list {
    egg_object **items;
    size_t count;
} object_list;

/* Zeroed memory in pages of its own. When it ends, a strict kit keeps the address
 * range without access, so that whoever still holds a pointer is found out. */
typedef struct arena {
    kit *kit;
    const char *what; /* for the finding: "the memory of a request" */
    struct chunk *chunks;
    size_t used; /* bytes asked for */
} arena;

/* What one context may take: copies and host->alloc beyond it are refused. */
enum { ARENA_LIMIT = 16 << 20 };

void arena_begin(kit *k, arena *a, const char *what);
void *arena_alloc(arena *a, size_t size, size_t alignment);
/* `who`: the unit that is blamed when a guard zone was overwritten; may be NULL. */
void arena_end(arena *a, unit *who);
egg_str arena_text(arena *a, egg_str text);
char *arena_cstring(arena *a, egg_str text);
/* A deep copy, checked: EGG_E_ARGUMENT for a missing pointer, EGG_E_LIMIT for more
 * than 128 levels. Objects are retained through `objects`, unless that is NULL. */
egg_status arena_value(arena *a, const egg_value *value, egg_value *out,
                       object_list *objects);
const egg_error *arena_error(arena *a, const egg_error *error, object_list *objects);
egg_error *make_error(arena *a, int32_t http_status, const char *code, const char *message);
void memory_forget(kit *k);

void objects_keep(object_list *list, egg_object *object);
void objects_release(object_list *list);

/* realloc that doubles; ends the process when there is no memory. */
void *grow(void *items, size_t count, size_t item_size);
void *must_alloc(size_t size);

/* ---- calls ---------------------------------------------------------------- */

typedef enum { FOR_CHAIN = 1, FOR_METHOD, FOR_PHASE, FOR_ANONYMOUS, FOR_LOOKING } purpose;

typedef struct call {
    uint32_t index;
    uint64_t generation;
    bool held;
    bool may_go_on;
    bool immediate;
    purpose purpose;
    exchange *context;
    unit *holder;
    const char *what;
    void (*hook)(void *state);
    void *hook_state;
    egg_value result;
    const egg_error *failure;
    egg_done done;
    void *done_state;
    /* A method's start. */
    const egg_method *method;
    egg_object *object;
    egg_str object_method;
    egg_value *args;
    uint32_t count;
} call;

typedef enum { NOTHING = 0, GO_ON, FINISHED, FAILED } pending;

typedef struct frame {
    egg_resume resume;
    void *state;
    unit *unit;
    const char *what;
} frame;

typedef struct layer {
    egg_handler handler;
    unit *unit;
    const char *what;
} layer;

typedef struct field {
    egg_str name;
    egg_str value;
} field;

typedef struct field_list {
    field *items;
    size_t count;
} field_list;

typedef struct local_slot {
    const void *key;
    void *value;
    void (*release)(void *value);
} local_slot;

typedef struct once_value {
    uint64_t member;
    egg_value value;
} once_value;

typedef enum { A_REQUEST, ANONYMOUS, BACKGROUND } context_kind;
typedef enum { IDLE, ENTERING, LEAVING, OVER } chain_phase;

struct egg_testkit_exchange {
    kit *kit;
    exchange *next;
    context_kind kind;
    unit *unit; /* whose work it is, for blame; NULL: the kit's */
    arena memory;
    arena kept; /* what the test reads after the end */
    bool over;  /* memory has ended */
    object_list objects;

    /* request */
    egg_request head;
    field_list fields;
    field_list params;
    egg_str route_name, route_pattern;
    egg_str route_path; /* set_route_path; empty: head.path */
    field_list matched; /* name and pattern of each route that matches the path */
    bool routed;
    egg_value parsed;
    const uint8_t *body;
    size_t body_length, body_read;
    bool has_parsed, read_whole, read_parts, reading;

    /* chain */
    call *chain;
    layer *layers;
    size_t layer_count, cursor;
    frame *frames;
    size_t frame_count;
    chain_phase phase;
    pending pending;
    egg_resume pending_resume;
    void *pending_state;
    const egg_error *failure;
    bool driving, queued, cancelled, chain_over, answered, forgotten;
    uint32_t holds;

    /* response */
    int32_t status;
    bool status_set;
    field_list headers;
    egg_body_kind body_kind, sent_kind;
    egg_str body_bytes;
    egg_payload payload;
    bool has_payload;
    int file;
    int64_t file_offset, file_length;
    egg_stream_source source;
    const char *error_code, *error_message;

    /* shared by the units */
    egg_pair *state;
    size_t state_count;
    local_slot *locals;
    size_t local_count;
    once_value *once;
    size_t once_count;

    /* the client */
    unit *stream_unit;
    uint64_t token; /* of the stream or the upgraded connection */
    bool streaming, upgraded, taken, paused, hold, gone, ended, closing, wants_writable;
    egg_connection_ops ops;
    void *ops_state;
    char *out;
    size_t out_count, waiting;
};

/* A stream that a layer reads in place of the client. */
typedef struct taken_stream {
    struct taken_stream *next;
    unit *producer, *taker;
    uint64_t token;
    egg_stream_source source;
    egg_stream_sink sink;
    bool begun, paused, ended, dropped, complete;
} taken_stream;

/* ---- the kit --------------------------------------------------------------- */

typedef struct task {
    void (*run)(kit *k, void *subject, void *extra);
    void *subject, *extra;
    bool ordered; /* torment leaves it in its place */
} task;

typedef struct member {
    uint64_t id;
    uint32_t target;
    const char *name;
    unit *unit;
    bool is_method;
    egg_method method;
    egg_property property;
    bool has_once;
    egg_value once;
} member;

typedef struct middleware {
    egg_middleware table;
    const char *name;
    unit *unit;
    bool made;
    void *instance;
} middleware;

typedef struct timer {
    uint64_t token, due, repeat;
    void (*fire)(void *state);
    void *state;
    unit *unit;
} timer;

typedef struct watch {
    uint64_t token;
    int fd;
    uint32_t events;
    void (*ready)(void *state, uint32_t events);
    void *state;
} watch;

typedef struct listener {
    const char *event;
    void (*heard)(void *self, egg_call call, const egg_value *value);
    void *self;
    unit *unit;
} listener;

/* Who listens for messages of an action. */
typedef struct ear {
    uint64_t token; /* 0: taken away */
    unsigned side;
    const char *action;
    void (*heard)(void *state, const egg_value *data);
    void *state;
    unit *unit;
} ear;

typedef struct readiness {
    egg_readiness table;
    const char *name;
    unit *unit;
} readiness;

typedef struct route {
    egg_str name, methods, path;
    egg_handler *handlers;
    uint32_t count, flags;
    unit *unit;
    egg_str redirect;
    int32_t redirect_status;
} route;

typedef struct named_handler {
    egg_str name;
    egg_handler handler;
    unit *unit;
} named_handler;

typedef struct published {
    const char *id;
    const void *table;
    unit *unit; /* NULL: offered by the test */
} published;

typedef struct answerer {
    egg_error_answerer table;
    unit *unit;
} answerer;

/* One path of a `match` or `ignore`; those of one filter lie side by side. */
typedef struct filter_path {
    uint64_t filter;
    bool ignores;
    egg_str prefix;
} filter_path;

typedef struct directory {
    egg_directory table;
    const char *path, *match;
    unit *unit;
} directory;

typedef struct fake_file {
    const char *unit, *path;
    uint32_t unit_kind;
    egg_value value;
} fake_file;

typedef struct errand {
    kit *kit;
    unit *unit;
    egg_status (*work)(void *state);
    egg_done done;
    void *state;
    egg_status status;
    pthread_t thread;
} errand;

struct egg_testkit_unit {
    kit *kit;
    egg_host *host;
    const egg_plugin *plugin;
    const char *id;
    uint32_t kind;
    bool has_manifest, is_test;
    egg_value manifest;
    egg_str prefix; /* of its routes, from set_prefix */
    egg_str message; /* the last refusal of its router table */
};

#define LIST(type, name)                                                                \
    type *name;                                                                         \
    size_t name##_count

/* Appends a zeroed element and answers its address. */
#define APPEND(owner, name)                                                             \
    ((owner)->name = grow((owner)->name, (owner)->name##_count, sizeof *(owner)->name), \
     &(owner)->name[(owner)->name##_count++])

struct egg_testkit {
    egg_testkit_options options;
    pthread_t loop;
    bool offloading, booted, frozen, closed, finished, closing;
    bool refuse_optional; /* torment: query answers NULL for what is not needed */
    uint64_t random;
    arena memory; /* lives as long as the kit */
    object_list objects;
    unit *test;
    egg_value config;
    LIST(unit *, units);
    LIST(call *, calls);
    LIST(task, tasks);
    LIST(member, members);
    LIST(middleware, middlewares);
    LIST(timer, timers);
    LIST(watch, watches);
    LIST(listener, listeners);
    LIST(ear, ears);
    LIST(readiness, checks);
    LIST(egg_logger *, loggers);
    LIST(const char *, sent); /* messages, as text */
    LIST(route, routes);
    LIST(named_handler, param_handlers);
    LIST(published, published);
    LIST(answerer, answerers);
    LIST(filter_path, filter_paths);
    uint64_t filters;
    LIST(directory, directories);
    LIST(fake_file, files);
    LIST(char *, findings);
    LIST(char *, lines);
    LIST(errand *, errands); /* on threads */
    exchange *exchanges;
    taken_stream *taken_streams;
    uint64_t now_ns, next_token, allocs;
    size_t buffers; /* egg_buffer that live */
    pthread_mutex_t lock; /* findings, lines, mailbox */
    pthread_cond_t arrived;
    LIST(task, mailbox);
};

/* ---- kit.c ------------------------------------------------------------------ */

/* "unit: text". The same text is kept once. Any thread. */
void finding(kit *k, unit *u, const char *format, ...) __attribute__((format(printf, 3, 4)));
void log_line(kit *k, unit *u, egg_level level, egg_str message, const char *fields);
unit *make_unit(kit *k, const char *id);
/* False, with a finding, off the loop's thread. */
bool on_loop(unit *u, const char *operation);
void push(kit *k, void (*run)(kit *, void *, void *), void *subject, void *extra);
void push_ordered(kit *k, void (*run)(kit *, void *, void *), void *subject, void *extra);
bool strict(kit *k);
bool torment(kit *k);
/* True once in `n` times while tormenting. */
bool chance(kit *k, uint32_t n);
uint32_t random_below(kit *k, uint32_t n);
void give_outcome(kit *k, egg_done done, void *state, int32_t kind, const egg_value *value,
                  const egg_error *error, unit *who);

/* ---- calls.c ---------------------------------------------------------------- */

call *call_take(kit *k, exchange *x, unit *holder, purpose purpose, const char *what);
egg_call call_issue(call *c, unit *holder, bool may_go_on);
void call_give_back(call *c);
call *call_find(unit *u, egg_call token);
/* `call_find` answered NULL: says why, once, and answers the status. */
egg_status call_missing(unit *u, egg_call token, const char *operation);
void call_spend(call *c);
egg_step host_finish(const egg_host *h, egg_call token, const egg_value *value);
egg_step host_fail(const egg_host *h, egg_call token, const egg_error *error);
egg_step host_next(const egg_host *h, egg_call token, egg_resume resume, void *state);
exchange *exchange_new(kit *k, context_kind kind, unit *u);
/* Ends the context's memory when nothing needs it any longer. */
void exchange_settle(exchange *x);
void exchange_start(exchange *x);
void exchange_cancel(exchange *x);
void start_method(kit *k, void *subject, void *extra);
/* A call of `u` with a completion; `body` runs at once. */
typedef egg_step (*begin_body)(unit *u, egg_call call, void *context);
const egg_testkit_result *begin(unit *u, const char *what, begin_body body, void *context);
void keep_result(void *state, const egg_outcome *outcome);
/* The state for keep_result, and where the result will be. */
void *make_keeper(kit *k, egg_testkit_result **result);

/* ---- host.c, members.c, http.c, client.c, loop.c, app.c, router.c, process.c, errors.c -- */

void host_fill(egg_host *host);
const void *host_query(const egg_host *h, const char *id);
void members_fill(egg_host *host);
extern const egg_http http_table;
extern const egg_loop loop_table;
extern const egg_upgrade upgrade_table;
extern const egg_app app_table;
extern const egg_router router_table;
extern const egg_messenger messenger_table;
extern const egg_process process_table;
extern const egg_log log_table;
/* "egg-pids" and "egg-ready". */
void tell_ready(kit *k);
extern const egg_errors errors_table;
egg_status place_filter(const egg_host *h, egg_str name, const egg_value *options, uint64_t *filter,
                       egg_str *message);
bool place_admits(const egg_host *h, egg_call token, uint64_t filter);
/* Whether no unit wants the error kept quiet. */
bool is_reported(exchange *x, const egg_error *error);
/* Whether a unit has answered in place of the kit. */
bool ask_answerers(exchange *x, const egg_error *error);
member *member_find(kit *k, uint32_t target, egg_str name);
bool announced(unit *u, const char *list, const char *name);
bool manifest_lists(unit *u, const char *list, egg_str name);
void emit_event(kit *k, exchange *x, const char *event, const egg_value *value);
void route_request(exchange *x);
const char *route_param(exchange *x, egg_str name, egg_str *out);
void send_answer(exchange *x);
void drain(exchange *x);
void client_end(exchange *x, egg_close_reason reason, bool complete);
egg_status client_write(exchange *x, const void *bytes, size_t count, size_t high_water);
void response_release(exchange *x);
void fields_add(arena *a, field_list *list, egg_str name, egg_str value);
field *fields_find(field_list *list, egg_str name, size_t nth);
/* Copies a sized struct of a unit; false with a finding when it has unknown fields. */
bool adopt(unit *u, const void *sender, void *receiver, uint32_t known, const char *type);
/* The status for a struct that `adopt` refused. */
egg_status refused(const void *sender);
egg_status fill(void *receiver, const void *from, uint32_t known);

/* ---- taken.c ----------------------------------------------------------------- */

taken_stream *taken_find(kit *k, uint64_t token);
egg_status taken_write(kit *k, taken_stream *t, egg_str bytes);
egg_status taken_end(taken_stream *t, bool complete);
egg_status taken_length(const egg_host *h, egg_call token, int64_t *out);
egg_status taken_file(const egg_host *h, egg_call token, int *fd, int64_t *offset,
                      int64_t *length);
egg_status taken_stream_begin(const egg_host *h, egg_call token, const egg_stream_sink *sink,
                              uint64_t *taken);
egg_status taken_resume(const egg_host *h, uint64_t taken);
egg_status taken_drop(const egg_host *h, uint64_t taken, bool complete);

/* ---- json.c, note.c ---------------------------------------------------------- */

/* NULL: parsed; otherwise what was wrong. */
const char *json_parse(arena *a, egg_str text, egg_value *out);
char *json_write(arena *a, const egg_value *value);
const egg_value *map_get(const egg_value *map, egg_str key);
/* Descends a dotted path. */
const egg_value *map_at(const egg_value *map, egg_str path);
void config_set(kit *k, egg_str path, const egg_value *value);
/* The manifest's JSON, or NULL with *why. */
char *note_read(arena *a, const char *file, const char *id, const char **why);

static inline egg_str str(const char *text) {
    return (egg_str){text, text == NULL ? 0 : __builtin_strlen(text)};
}
static inline bool plausible(egg_str text) {
    return text.len == 0 || (text.ptr != NULL && text.len < (size_t)1 << 40);
}
bool same(egg_str a, egg_str b);
bool same_nocase(egg_str a, egg_str b);
static inline unit *unit_of(const egg_host *h) { return h->private_data; }

#endif /* EGG_TESTKIT_INTERNAL_H */
