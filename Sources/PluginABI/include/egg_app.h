/*
 * egg_app.h - "egg.app/1": the application a unit is part of, its events, and
 * contexts without a request.
 */
#ifndef EGG_APP_H
#define EGG_APP_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_APP_ID "egg.app/1"

enum { EGG_PROCESS_WORKER = 1, EGG_PROCESS_AGENT = 2, EGG_PROCESS_SINGLE = 3 };

typedef struct egg_app_info {
    uint32_t size;
    uint32_t process; /* EGG_PROCESS_* */
    egg_str name;
    egg_str base_dir;
    egg_str env; /* "local", "unittest", "prod", … */
    egg_str scope;
    egg_str home;
    egg_str root;    /* where logs and uploads belong */
    egg_str version; /* of Egg */
} egg_app_info;

typedef struct egg_unit_info {
    uint32_t size;
    uint32_t kind; /* 0 plugin, 1 framework, 2 application */
    egg_str name;
    egg_str directory;
    egg_str version;
} egg_unit_info;

typedef struct egg_app {
    uint32_t size;
    uint32_t flags;
    /* Fill in out->size first. */
    egg_status (*info)(const egg_host *h, egg_app_info *out);
    /* In load order; EGG_E_NOT_FOUND past the end. */
    egg_status (*unit)(const egg_host *h, uint32_t index, egg_unit_info *out);
    /* The unit this host table was given to. */
    egg_status (*self)(const egg_host *h, egg_unit_info *out);

    /* A context without a connection. `request` is a MAP of method, url, headers
     * (a MAP), secure (BOOL: it stands for a request over TLS), or NULL. Settle the
     * call to end it. */
    egg_status (*context_create)(const egg_host *h, const egg_value *EGG_NULLABLE request,
                                 egg_call *out);

    /* Kernel events: "server" "request" "response" "error" "close"; units add their
     * own. The call is zero or one to look at during the function, not to settle.
     * For "error" the value is a MAP of code, message, status, detail. */
    egg_status (*on)(const egg_host *h, egg_str event,
                     void (*heard)(void *EGG_NULLABLE self, egg_call call,
                                   const egg_value *value),
                     void *EGG_NULLABLE self);
    egg_status (*emit)(const egg_host *h, egg_call call, egg_str event,
                       const egg_value *EGG_NULLABLE value);

    /* Who set what stands at a dotted path of the configuration, for messages:
     * "FILE:LINE:COLUMN", or the origin that set_config was given. For an object, one of
     * its members'. Valid for the life of the process. EGG_E_NOT_FOUND: nobody. */
    egg_status (*EGG_NULLABLE config_origin)(const egg_host *h, egg_str path, egg_str *out);
} egg_app;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_app_info) == 120, "egg_app_info");
EGG_STATIC_ASSERT(sizeof(egg_unit_info) == 56, "egg_unit_info");
EGG_STATIC_ASSERT(sizeof(egg_app) == 64, "egg_app");

#ifdef __cplusplus
}
#endif

#endif /* EGG_APP_H */
