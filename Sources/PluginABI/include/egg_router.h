/*
 * egg_router.h - "egg.router/1": routes and their urls. Routes are added in
 * EGG_PHASE_LOAD. A plugin adds them under the prefix that its manifest declares
 * ("routes": {"prefix": "/metrics"}); frameworks and applications anywhere.
 */
#ifndef EGG_ROUTER_H
#define EGG_ROUTER_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_ROUTER_ID "egg.router/1"

typedef struct egg_route {
    uint32_t size;
    uint32_t flags; /* EGG_ROUTE_* */
    egg_str name;    /* empty: unnamed */
    egg_str methods; /* "GET", "PUT,PATCH", "*" */
    egg_str path;    /* "/user/:id", or a regular expression with EGG_ROUTE_REGEX */
    egg_str file;    /* where the route is written, for messages; may be empty */
    uint32_t line;
    uint32_t handler_count;
    /* Outermost first; the last is the controller. PASS from the last goes on
     * with the next route that matches. Copied. */
    const egg_handler *EGG_FILL_IN handlers;
    egg_str controller; /* "user.info", shown in listings; may be empty */
} egg_route;

enum { EGG_ROUTE_REGEX = 1u << 0, EGG_ROUTE_STRICT = 1u << 1, EGG_ROUTE_INSENSITIVE = 1u << 2,
       EGG_ROUTE_LAYER = 1u << 3 /* no methods: runs when a real route matches */ };

/* One action of egg_router.add_resources: index new create show edit update destroy. */
typedef struct egg_resource_action {
    uint32_t size;
    uint32_t flags;
    egg_str action;
    egg_handler handler;
} egg_resource_action;

typedef struct egg_router {
    uint32_t size;
    uint32_t flags;
    /* On refusal *message says why; it lives until the next call of this table. */
    egg_status (*add_route)(const egg_host *h, const egg_route *route, egg_str *message);
    /* `route` gives name, path (the prefix), handlers (run before each action), file
     * and line. `actions` are pointers, so that the struct may grow. */
    egg_status (*add_resources)(const egg_host *h, const egg_route *route,
                                const egg_resource_action *EGG_NONNULL const *EGG_NONNULL actions,
                                uint32_t count, egg_str *message);
    /* Either side may be a route's name. */
    egg_status (*add_redirect)(const egg_host *h, egg_str from, egg_str to, int32_t status,
                               egg_str *message);
    /* Runs before the handlers of routes that have this parameter. */
    egg_status (*add_param)(const egg_host *h, egg_str name, egg_handler handler);
    /* For this unit's routes, existing and later. */
    egg_status (*set_prefix)(const egg_host *h, egg_str prefix);
    /* `params` is a MAP; *out lives as long as the call, or with a zero call until
     * the next call of this table. Unknown name: EGG_OK and empty text. */
    egg_status (*url)(const egg_host *h, egg_call call, egg_str name,
                      const egg_value *EGG_NULLABLE params, egg_str *out);
} egg_router;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_route) == 104, "egg_route");
EGG_STATIC_ASSERT(sizeof(egg_resource_action) == 40, "egg_resource_action");
EGG_STATIC_ASSERT(sizeof(egg_router) == 56, "egg_router");

#ifdef __cplusplus
}
#endif

#endif /* EGG_ROUTER_H */
