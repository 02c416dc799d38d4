/*
 * egg_plugin.h - the contract between the Egg kernel and one unit (a plugin, a
 * framework or an application), version 1 draft.
 *
 * Including this file is enough: it includes the optional interfaces too.
 *
 *   egg_plugin.h   values, calls, registration, the host table, the entry point
 *   egg_http.h     egg.http/1     requests, responses, bodies, streams, files
 *   egg_router.h   egg.router/1   routes, named urls
 *   egg_loop.h     egg.loop/1     timers, descriptors, posting from other threads
 *   egg_upgrade.h  egg.upgrade/1  a connection as a raw byte stream, shared buffers
 *   egg_app.h      egg.app/1      the application, its units, events, contexts
 *   egg_crypto.h   egg.crypto/1   digests, HMAC, ciphers, random bytes
 *   egg_log.h      egg.log/1      loggers by name
 *   egg_messenger.h egg.messenger/1  messages between the application's processes
 *   egg_process.h  egg.process/1  readiness, trace identity, reload
 *   egg_view.h     egg.view/1     template engines (published by the plugin `view`)
 *   egg_sql.h      egg.sql.run/1, egg.sql.rows/1  statements, and rows read where they
 *                                 are (objects of the plugins `mysql` and `sqlite`)
 *   egg_nunjucks.h egg.nunjucks/1 filters, tags … (published by the plugin `nunjucks`)
 *
 * Compiles as C11 and as C++17, with -Wall -Wextra -pedantic, on LP64 ELF
 * targets (Linux x86-64, Linux arm64). Depends on nothing but the three
 * standard headers below.
 *
 * -- The six rules ----------------------------------------------------------
 *
 *  1. Nothing is freed across the boundary. Inputs are borrowed for the length
 *     of the function they arrive with; outputs live in the arena of the call's
 *     context. The exceptions carry their own release function: egg_object,
 *     egg_payload, egg_buffer, egg_sql_rows.
 *  2. A request is reachable only through an egg_call. An egg_call value is good
 *     for ONE settling or parking operation (finish, fail, next, or a returned
 *     DONE or PASS). Afterwards the value is stale, and the kernel says so
 *     instead of crashing.
 *  3. Every call that a unit accepts is settled exactly once, even when the
 *     client has gone away. Settling a cancelled call is legal and ignored.
 *  4. A struct that starts with `size` is passed by pointer and only grows at
 *     the end; zero means "not set, as before" in every field, for ever. A
 *     struct without `size` (egg_str, egg_value, egg_pair, egg_call, egg_member,
 *     egg_handler, egg_payload) travels by value or in arrays and is frozen for
 *     this major.
 *  5. No exception, panic or longjmp leaves a function declared here.
 *  6. Settling, parking and awaiting only take note. No code of any unit runs
 *     before they return, so no stack grows; what they set in motion follows
 *     when the current function has returned.
 *
 * -- Thread tags ------------------------------------------------------------
 *
 *  One process, one thread, one loop. A function without a tag is [loop].
 *
 *  [loop]  the thread that runs the loop; the kernel calls units on no other.
 *          Called elsewhere it refuses: EGG_E_THREAD, EGG_STEP_STALE or NULL.
 *  [boot]  [loop], and only until the application is ready.
 *  [any]   any thread, concurrently. `egg_loop.post` is the way back.
 *
 * -- History ----------------------------------------------------------------
 *
 *  1.0  draft. Nothing is frozen before the first tagged release.
 */
#ifndef EGG_PLUGIN_H
#define EGG_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An author who needs a field of minor N defines EGG_ABI_MINOR as N before this
 * file; the default is the OLDEST minor still supported, so that a fresh build
 * of an old plugin does not quietly stop loading in older kernels. */
#define EGG_ABI_MAJOR 1u
#define EGG_ABI_MINOR_LATEST 0u
#ifndef EGG_ABI_MINOR
#define EGG_ABI_MINOR 0u
#endif

#ifdef __cplusplus
#define EGG_STATIC_ASSERT(cond, text) static_assert(cond, text)
#define EGG_EXTERN_C extern "C"
extern "C" {
#else
#define EGG_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#define EGG_EXTERN_C extern
#endif

#define EGG_EXPORT EGG_EXTERN_C __attribute__((visibility("default"), used))

/* Pointers are non-null unless tagged. Only the Swift importer sees the tags:
 *
 *   EGG_NULLABLE  may be NULL; T? in Swift. Every field added after 1.0 in a
 *                 table the kernel fills is nullable, so that Swift insists on
 *                 the test which EGG_HAS makes in C.
 *   EGG_FILL_IN   must be set by whoever fills the struct in; T! in Swift, which
 *                 keeps the all-zero initialiser and so lets the struct grow
 *                 without breaking plugin source.
 */
#if defined(__swift__)
#define EGG_NULLABLE _Nullable
#define EGG_NONNULL _Nonnull
#define EGG_FILL_IN _Null_unspecified
#define EGG_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define EGG_NONNULL_END _Pragma("clang assume_nonnull end")
#else
#define EGG_NULLABLE
#define EGG_NONNULL
#define EGG_FILL_IN
#define EGG_NONNULL_BEGIN
#define EGG_NONNULL_END
#endif

EGG_NONNULL_BEGIN

/* ==== 1. Strings, values, errors ========================================== */

/* UTF-8 unless a comment says "bytes". Not NUL-terminated. `ptr` may be anything
 * when `len` is 0. */
typedef struct egg_str {
    const char *EGG_NULLABLE ptr;
    size_t len; /* bytes */
} egg_str;

typedef int32_t egg_status;
enum {
    EGG_OK = 0,
    EGG_E_ARGUMENT = -1,    /* a pointer, length, enum value or text is invalid */
    EGG_E_UNSUPPORTED = -2, /* unknown flag, or non-zero bytes past the size I know */
    EGG_E_EXISTS = -3,      /* the name is already registered */
    EGG_E_NOT_FOUND = -4,
    EGG_E_PHASE = -5,       /* right function, wrong moment */
    EGG_E_STALE = -6,       /* the token was already spent */
    EGG_E_UNDECLARED = -7,  /* the embedded manifest does not announce this */
    EGG_E_LIMIT = -8,       /* a configured limit (size, depth, count) was hit */
    EGG_E_THREAD = -9,      /* not on the loop's thread */
    EGG_E_AGAIN = -10,      /* taken, but wait until told before sending more */
    EGG_E_FAILED = -11      /* it ran and failed; the egg_error says how */
};

/* A reader that meets a kind it does not know treats it as EGG_UNDEFINED. */
typedef uint8_t egg_kind;
enum {
    EGG_UNDEFINED = 0, /* so that zeroed memory is a valid value */
    EGG_NULL = 1,
    EGG_BOOL = 2,
    EGG_INT = 3,    /* signed 64-bit */
    EGG_DOUBLE = 4, /* IEEE 754 binary64 */
    EGG_STRING = 5, /* UTF-8, `count` bytes */
    EGG_BYTES = 6,  /* `count` raw bytes */
    EGG_LIST = 7,   /* `count` values */
    EGG_MAP = 8,    /* `count` pairs, insertion order, keys unique */
    EGG_OBJECT = 9, /* identity and behaviour; see egg_object */
    EGG_TIME = 10   /* milliseconds since 1970-01-01T00:00:00Z, in as.integer */
};

enum { EGG_VALUE_SAFE = 1u << 0 }; /* STRING: already escaped for HTML */

struct egg_object;
struct egg_pair;

typedef struct egg_value {
    egg_kind kind;
    uint8_t flags; /* EGG_VALUE_* */
    uint16_t reserved;
    uint32_t count; /* bytes, values or pairs, according to kind */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *EGG_NULLABLE string;
        const uint8_t *EGG_NULLABLE bytes;
        const struct egg_value *EGG_NULLABLE items;
        const struct egg_pair *EGG_NULLABLE pairs;
        struct egg_object *EGG_NULLABLE object;
    } as;
} egg_value;

typedef struct egg_pair {
    egg_str key;
    egg_value value;
} egg_pair;

typedef struct egg_error {
    uint32_t size;
    int32_t http_status; /* 0 means 500 */
    uint32_t flags;      /* EGG_ERROR_* */
    uint32_t reserved;
    egg_str code;    /* stable, for programs: "ER_DUP_ENTRY" */
    egg_str message; /* for people */
    egg_str detail;  /* for the log only: stack, statement, path */
    const egg_value *EGG_NULLABLE properties; /* MAP; "headers" is kept on the answer */
    const struct egg_error *EGG_NULLABLE cause;
} egg_error;

enum { EGG_ERROR_EXPOSE = 1u << 0 }; /* message may be shown to the client */

/* How an awaited thing ended. Borrowed: gone when the receiving function
 * returns, so copy what must survive (egg_host.copy). */
typedef struct egg_outcome {
    uint32_t size;
    int32_t kind; /* EGG_OUTCOME_* */
    egg_value value;                     /* UNDEFINED unless OK */
    const egg_error *EGG_NULLABLE error; /* non-null exactly for FAILED */
} egg_outcome;

enum {
    EGG_OUTCOME_OK = 0,
    EGG_OUTCOME_FAILED = 1,
    EGG_OUTCOME_CANCELLED = 2 /* client gone, deadline passed or shutdown */
};

/* ==== 2. Calls: the one asynchronous shape ================================ */

/* Opaque. Zero is never a live call; where a comment allows it, it means "on
 * behalf of the application". Settling and `next` spend the value they are
 * given; a resume function receives a fresh one. */
typedef struct egg_call {
    uint64_t token;
} egg_call;

typedef int32_t egg_step;
enum {
    EGG_STEP_DONE = 0,  /* settled now; *result (if any) is the value */
    EGG_STEP_PASS = 1,  /* handlers: run the rest, do not come back to me */
    EGG_STEP_LATER = 2, /* spent already, or I keep it and settle it later */
    EGG_STEP_STALE = -1 /* only ever returned BY the kernel; see rule 2 */
};

/* Continuation of a handler that called `next`. `call` is the fresh value.
 * Returns DONE (settled with no value) or LATER, never PASS. */
typedef egg_step (*egg_resume)(egg_call call, void *EGG_NULLABLE state,
                               const egg_outcome *outcome);

/* How awaited work is reported: exactly once, never before the function that
 * started it has returned. The call that awaited stays the holder's. */
typedef void (*egg_done)(void *EGG_NULLABLE state, const egg_outcome *outcome);

/* One layer of the onion, ready to run. */
typedef struct egg_handler {
    void *EGG_NULLABLE instance;
    egg_step (*EGG_FILL_IN handle)(void *EGG_NULLABLE instance, egg_call call);
} egg_handler;

/* ==== 3. Objects and payloads: what is released =========================== */

struct egg_object_ops;

/* Embed as the first member of your own struct. retain and release are [any]. */
typedef struct egg_object {
    const struct egg_object_ops *EGG_FILL_IN ops;
} egg_object;

typedef struct egg_object_ops {
    uint32_t size;
    uint32_t flags;
    const char *EGG_FILL_IN type; /* "com.example.mysql.client/1". Compare before
                                     casting: all objects look alike from here. */
    void (*EGG_FILL_IN retain)(egg_object *self);
    void (*EGG_FILL_IN release)(egg_object *self);
    /* A property, at once. `call` may be zero. */
    egg_status (*EGG_NULLABLE get)(egg_object *self, egg_call call, egg_str name,
                                   egg_value *out);
    /* A method. `call` is the callee's own and must be settled. Go through
     * egg_host.invoke_object, which makes that call. */
    egg_step (*EGG_NULLABLE invoke)(egg_object *self, egg_call call, egg_str method,
                                    const egg_value *EGG_NULLABLE args, uint32_t count,
                                    egg_value *result);
    const void *EGG_NULLABLE (*EGG_NULLABLE query)(egg_object *self, const char *interface_id);
} egg_object_ops;

/* Bytes handed over without copying. `release` runs exactly once, on the loop's
 * thread, possibly before the function it was passed to has returned (a kernel
 * may decide to copy). NULL release: the bytes are static. */
typedef struct egg_payload {
    const uint8_t *EGG_NULLABLE bytes;
    size_t count;
    void (*EGG_NULLABLE release)(void *EGG_NULLABLE state);
    void *EGG_NULLABLE state;
} egg_payload;

/* ==== 4. What a unit registers ============================================ */

enum {
    EGG_ON_APPLICATION = 1,
    EGG_ON_CONTEXT = 2,
    EGG_ON_REQUEST = 3,
    EGG_ON_RESPONSE = 4,
    EGG_ON_HELPER = 5,
    EGG_ON_AGENT = 6
};

typedef struct egg_middleware {
    uint32_t size;
    uint32_t flags;
    const char *EGG_FILL_IN name; /* what config.middleware and routes refer to */
    void *EGG_NULLABLE self;
    /* Once per use with options. Absent: `self` is the instance. A refusal stops
     * the start and shows `message`, which the maker points at text that stays. */
    egg_status (*EGG_NULLABLE make)(void *EGG_NULLABLE self, const egg_value *options,
                                    void *EGG_NULLABLE *EGG_NONNULL instance,
                                    egg_str *message);
    /* Once per request. */
    egg_step (*EGG_FILL_IN handle)(void *EGG_NULLABLE instance, egg_call call);
    /* Optional: several neighbouring layers of this unit as one, outermost first;
     * going on from the last of them is `next`. */
    egg_step (*EGG_NULLABLE handle_run)(void *EGG_NULLABLE const *EGG_NONNULL instances,
                                        uint32_t count, egg_call call);
} egg_middleware;

typedef struct egg_method {
    uint32_t size;
    uint32_t flags;  /* EGG_METHOD_* */
    uint32_t target; /* EGG_ON_* */
    uint32_t reserved;
    const char *EGG_FILL_IN name; /* dots nest: "view.use" */
    void *EGG_NULLABLE self;
    egg_step (*EGG_FILL_IN invoke)(void *EGG_NULLABLE self, egg_call call,
                                   const egg_value *EGG_NULLABLE args, uint32_t count,
                                   egg_value *result);
} egg_method;

enum { EGG_METHOD_IMMEDIATE = 1u << 0 }; /* promises never to return LATER */

typedef struct egg_property {
    uint32_t size;
    uint32_t flags;  /* EGG_PROPERTY_* */
    uint32_t target; /* EGG_ON_* */
    uint32_t reserved;
    const char *EGG_FILL_IN name;
    void *EGG_NULLABLE self;
    /* `call` is the reader's: to look at, not to settle. *out lives until it returns. */
    egg_status (*EGG_FILL_IN get)(void *EGG_NULLABLE self, egg_call call, egg_value *out);
    egg_status (*EGG_NULLABLE set)(void *EGG_NULLABLE self, egg_call call,
                                   const egg_value *value);
} egg_property;

enum { EGG_PROPERTY_ONCE = 1u << 0 }; /* the kernel keeps the first value per target */

/* One file found below a contributed directory. */
typedef struct egg_entry {
    uint32_t size;
    uint32_t unit_kind; /* 0 plugin, 1 framework, 2 application */
    egg_str unit;       /* name of the plugin, framework or application */
    egg_str absolute;   /* path; empty when the unit was shipped without sources */
    egg_str relative;   /* below the directory: "admin/user.tpl" */
    egg_str property;   /* "admin.user", after case conversion */
    egg_value value;    /* what the unit exports under this path, or UNDEFINED
                           for a file of data */
} egg_entry;

typedef struct egg_directory {
    uint32_t size;
    uint32_t flags;                /* EGG_DIRECTORY_* */
    const char *EGG_FILL_IN path;  /* below each unit: "app/io/controller" */
    const char *EGG_FILL_IN match; /* globs on the file name, comma between:
                                      "*.tpl,*.html"; "*" is all, "" is exports only */
    void *EGG_NULLABLE self;
    /* All entries at once, ordered plugins, frameworks, application; pointers,
     * so that egg_entry may grow. Called before EGG_PHASE_LOAD. */
    egg_step (*EGG_FILL_IN loaded)(void *EGG_NULLABLE self, egg_call call,
                                   const egg_entry *EGG_NULLABLE const *EGG_NULLABLE entries,
                                   uint32_t count);
} egg_directory;

/* Only the folder of each unit that has it, as one entry each; do not walk it. */
enum { EGG_DIRECTORY_FOLDERS = 1u << 0 };

/* ==== 5. The kernel, as a unit sees it ==================================== */

typedef int32_t egg_level;
enum { EGG_LOG_DEBUG = 0, EGG_LOG_INFO = 1, EGG_LOG_WARN = 2, EGG_LOG_ERROR = 3 };

/* A resolved name. Look up once, use on every request. */
typedef struct egg_member {
    uint64_t id;
} egg_member;

typedef struct egg_host {
    uint32_t size;
    uint16_t abi_major;
    uint16_t abi_minor;
    void *EGG_NULLABLE private_data;

    /* An optional interface of the kernel ("egg.http/1") or one that another unit
     * published, or NULL. An id carries its revision and never changes meaning.
     * Valid for the life of the process. [any] for the kernel's own. */
    const void *EGG_NULLABLE (*EGG_NONNULL query)(const struct egg_host *h,
                                                  const char *interface_id);

    /* The application's log; egg_log.h has the others. `call` zero: a line without a
     * request. `fields` is a MAP or NULL. Copies. [any], off the loop's thread with a
     * zero call. */
    void (*log)(const struct egg_host *h, egg_call call, egg_level level, egg_str message,
                const egg_value *EGG_NULLABLE fields);

    /* -- registration [boot] ----------------------------------------------- */
    egg_status (*add_middleware)(const struct egg_host *h, const egg_middleware *item);
    egg_status (*add_method)(const struct egg_host *h, const egg_method *item);
    egg_status (*add_property)(const struct egg_host *h, const egg_property *item);
    egg_status (*add_directory)(const struct egg_host *h, const egg_directory *item);
    /* What this unit's compiled file `path` ("app/io/controller/nsp.swift") exports;
     * reaches whoever contributed the directory. Objects are retained. */
    egg_status (*add_export)(const struct egg_host *h, egg_str path, const egg_value *value);
    /* Offer an interface to other units under your own id. */
    egg_status (*publish)(const struct egg_host *h, const char *interface_id,
                          const void *table);
    /* An instance of a registered middleware, for a route of your own. */
    egg_status (*make_middleware)(const struct egg_host *h, egg_str name,
                                  const egg_value *EGG_NULLABLE options, egg_handler *out);

    /* -- configuration ------------------------------------------------------ */
    /* Merged configuration at a dotted path ("" is all), valid for the life of the
     * process once the configuration is frozen. */
    egg_status (*config)(const struct egg_host *h, egg_str path, egg_value *out);
    /* Until CONFIG_WILL_LOAD has ended. `origin` is shown by `egg inspect config`. */
    egg_status (*set_config)(const struct egg_host *h, egg_str path, const egg_value *value,
                             egg_str origin);

    /* -- settling; each spends `call` --------------------------------------- */
    egg_step (*finish)(const struct egg_host *h, egg_call call,
                       const egg_value *EGG_NULLABLE value);
    egg_step (*fail)(const struct egg_host *h, egg_call call, const egg_error *error);
    /* The rest of the chain, then `resume`; without one, the same as a later PASS.
     * Only in handlers, at most once. */
    egg_step (*next)(const struct egg_host *h, egg_call call, egg_resume EGG_NULLABLE resume,
                     void *EGG_NULLABLE state);

    /* -- other units' extensions; none of these spends `call` --------------- */
    /* A method or property by name; EGG_E_NOT_FOUND while nobody has added it. */
    egg_status (*resolve)(const struct egg_host *h, uint32_t target, egg_str name,
                          egg_member *out);
    /* `args` is copied before this returns. Several may be outstanding at once.
     * `call` may be zero for application and agent members. */
    egg_status (*invoke)(const struct egg_host *h, egg_call call, egg_member member,
                         const egg_value *EGG_NULLABLE args, uint32_t count, egg_done done,
                         void *EGG_NULLABLE state);
    egg_status (*invoke_object)(const struct egg_host *h, egg_call call, egg_object *object,
                                egg_str method, const egg_value *EGG_NULLABLE args,
                                uint32_t count, egg_done done, void *EGG_NULLABLE state);
    /* An EGG_METHOD_IMMEDIATE method, at once; EGG_E_UNSUPPORTED for others. On
     * EGG_E_FAILED *error is set and lives as long as the call. */
    egg_status (*invoke_now)(const struct egg_host *h, egg_call call, egg_member member,
                             const egg_value *EGG_NULLABLE args, uint32_t count,
                             egg_value *result,
                             const egg_error *EGG_NULLABLE *EGG_NULLABLE error);
    egg_status (*get)(const struct egg_host *h, egg_call call, egg_member member,
                      egg_value *out);
    egg_status (*set)(const struct egg_host *h, egg_call call, egg_member member,
                      const egg_value *value);

    /* -- while holding a call; none of these spends it ----------------------- */
    /* Zero-filled memory that lives as long as the call's context; NULL when stale
     * or over the limit. */
    void *EGG_NULLABLE (*EGG_NONNULL alloc)(const struct egg_host *h, egg_call call,
                                            size_t size, size_t alignment);
    /* Deep copy into the same memory; objects are retained until it goes. */
    egg_status (*copy)(const struct egg_host *h, egg_call call, const egg_value *value,
                       egg_value *out);
    /* `ctx.state`, shared by every unit of the request; set copies. */
    egg_status (*state)(const struct egg_host *h, egg_call call, egg_str name,
                        egg_value *out);
    egg_status (*set_state)(const struct egg_host *h, egg_call call, egg_str name,
                            const egg_value *value);
    /* One pointer per key (any address of yours) and context. `release` runs when
     * the context ends or the pointer is replaced. */
    void *EGG_NULLABLE (*EGG_NONNULL local)(const struct egg_host *h, egg_call call,
                                            const void *key);
    egg_status (*set_local)(const struct egg_host *h, egg_call call, const void *key,
                            void *EGG_NULLABLE value,
                            void (*EGG_NULLABLE release)(void *EGG_NULLABLE value));
    /* One hook per call (a second replaces it), run at most once, at once if the call
     * is cancelled already. It tells the holder to hurry and must not settle the call. */
    egg_status (*on_cancel)(const struct egg_host *h, egg_call call,
                            void (*hook)(void *EGG_NULLABLE state),
                            void *EGG_NULLABLE state);
    bool (*cancelled)(const struct egg_host *h, egg_call call);

    /* 1.0 ends here. Later minors append; test with EGG_HAS. */
} egg_host;

/* True when `table` is long enough to hold `field` and the field is set. */
#define EGG_HAS(type, table, field)                                                     \
    ((size_t)(table)->size >= offsetof(type, field) + sizeof(((type *)0)->field) &&     \
     (table)->field != NULL)

/* ==== 6. The unit, as the kernel sees it ================================== */

/* Unknown phases must be answered with EGG_STEP_DONE. Each may be awaited. */
typedef int32_t egg_phase;
enum {
    EGG_PHASE_REGISTER = 1,         /* configuration is merged: declare what you add */
    EGG_PHASE_CONFIG_WILL_LOAD = 2, /* last chance to change configuration */
    EGG_PHASE_CONFIG_DID_LOAD = 3,  /* configuration is frozen */
    EGG_PHASE_LOAD = 4,             /* directories are delivered: add routes */
    EGG_PHASE_DID_LOAD = 5,         /* every unit has loaded: connect, migrate */
    EGG_PHASE_WILL_READY = 6,       /* every unit has connected */
    EGG_PHASE_DID_READY = 7,        /* the application is ready */
    EGG_PHASE_SERVER_DID_READY = 8, /* the listening socket is open */
    EGG_PHASE_BEFORE_CLOSE = 9      /* reverse order; last chance to flush */
};

typedef struct egg_plugin {
    uint32_t size;
    uint16_t abi_major; /* of the header this unit was built with */
    uint16_t abi_minor;
    const char *EGG_FILL_IN id; /* equals "id" in the embedded manifest */
    void *EGG_NULLABLE self;
    egg_step (*EGG_FILL_IN on_phase)(void *EGG_NULLABLE self, egg_phase phase,
                                     egg_call call);
} egg_plugin;

/* The only exported symbol. May run more than once in a process, once for each
 * application that enables the unit, so it keeps no global state. It does no
 * work: no I/O, no threads, no host function but `query` and `log`. Returns NULL
 * to decline. The major version is part of the name: a library may export v1
 * and v2. */
typedef const egg_plugin *EGG_NULLABLE (*egg_plugin_entry_fn)(const egg_host *host,
                                                              const char *plugin_id);
#define EGG_PLUGIN_ENTRY_SYMBOL "egg_plugin_entry_v1"
EGG_EXPORT const egg_plugin *EGG_NULLABLE egg_plugin_entry_v1(const egg_host *host,
                                                              const char *plugin_id);

/* ==== 7. The manifest, readable without loading =========================== */

/* UTF-8 JSON in an ELF note: owner "EGG", type below, NUL-padded to 4 bytes. A
 * note survives strip and --gc-sections and is found through the program
 * headers, so a tool reads it with open and read; no constructor runs. One note
 * for each unit id in the library. */
#define EGG_NOTE_SECTION ".note.egg.plugin"
#define EGG_NOTE_TYPE 0x45474731u /* "EGG1" */

#define EGG_MANIFEST(text)                                                              \
    __attribute__((used, aligned(4), section(EGG_NOTE_SECTION))) static const struct {  \
        uint32_t owner_size, text_size, type;                                           \
        char owner[4];                                                                  \
        char bytes[(sizeof(text) + 3u) / 4u * 4u];                                      \
    } egg_manifest_note = {4u, (uint32_t)((sizeof(text) + 3u) / 4u * 4u),               \
                           EGG_NOTE_TYPE, "EGG", text}

EGG_NONNULL_END

/* ==== 8. Layout, checked by every compiler that sees this file ============ */

EGG_STATIC_ASSERT(sizeof(void *) == 8, "64-bit targets only");
EGG_STATIC_ASSERT(sizeof(egg_str) == 16, "egg_str");
EGG_STATIC_ASSERT(sizeof(egg_value) == 16, "egg_value");
EGG_STATIC_ASSERT(offsetof(egg_value, as) == 8, "egg_value.as");
EGG_STATIC_ASSERT(sizeof(egg_pair) == 32, "egg_pair");
EGG_STATIC_ASSERT(sizeof(egg_call) == 8, "egg_call");
EGG_STATIC_ASSERT(sizeof(egg_handler) == 16, "egg_handler");
EGG_STATIC_ASSERT(sizeof(egg_error) == 80, "egg_error");
EGG_STATIC_ASSERT(sizeof(egg_outcome) == 32, "egg_outcome");
EGG_STATIC_ASSERT(sizeof(egg_payload) == 32, "egg_payload");
EGG_STATIC_ASSERT(sizeof(egg_entry) == 88, "egg_entry");
EGG_STATIC_ASSERT(sizeof(egg_middleware) == 48, "egg_middleware");
EGG_STATIC_ASSERT(sizeof(egg_method) == 40, "egg_method");
EGG_STATIC_ASSERT(sizeof(egg_property) == 48, "egg_property");
EGG_STATIC_ASSERT(sizeof(egg_directory) == 40, "egg_directory");
EGG_STATIC_ASSERT(offsetof(egg_host, query) == 16, "egg_host.query");
EGG_STATIC_ASSERT(sizeof(egg_host) == 240, "egg_host");
EGG_STATIC_ASSERT(offsetof(egg_plugin, on_phase) == 24, "egg_plugin.on_phase");

#ifdef __cplusplus
} /* extern "C" */
#endif

#include "egg_app.h"
#include "egg_crypto.h"
#include "egg_errors.h"
#include "egg_http.h"
#include "egg_log.h"
#include "egg_loop.h"
#include "egg_messenger.h"
#include "egg_process.h"
#include "egg_nunjucks.h"
#include "egg_router.h"
#include "egg_sql.h"
#include "egg_upgrade.h"
#include "egg_view.h"

#endif /* EGG_PLUGIN_H */
