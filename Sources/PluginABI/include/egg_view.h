/*
 * egg_view.h - "egg.view/1", published by the plugin `view`: template engines.
 *
 * An engine's plugin depends on `view`, finds this table in EGG_PHASE_LOAD and
 * registers. `ctx.render`, `renderView` and `renderString` come from `view`, which
 * finds the file and picks the engine.
 */
#ifndef EGG_VIEW_H
#define EGG_VIEW_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_VIEW_ID "egg.view/1"

/* Something wrong in a template, found without rendering it. */
typedef struct egg_view_finding {
    uint32_t size;
    uint32_t line;   /* from 1; 0: unknown */
    uint32_t column; /* from 1, in UTF-16 code units; 0: unknown */
    uint32_t reserved;
    egg_str file;    /* absolute */
    egg_str message;
} egg_view_finding;

typedef void (*egg_view_report)(void *EGG_NULLABLE state, const egg_view_finding *finding);

typedef struct egg_view_engine {
    uint32_t size;
    uint32_t flags;
    const char *EGG_FILL_IN name; /* what config.view.mapping refers to */
    void *EGG_NULLABLE self;
    /* `path` is absolute, `name` is what was asked for (relative to a root), `locals`
     * a MAP that stays until the call is settled. Settle with a STRING. */
    egg_step (*EGG_FILL_IN render)(void *EGG_NULLABLE self, egg_call call, egg_str path,
                                   egg_str name, const egg_value *locals, egg_value *result);
    egg_step (*EGG_FILL_IN render_string)(void *EGG_NULLABLE self, egg_call call,
                                          egg_str source, const egg_value *locals,
                                          egg_value *result);
    /* Reports everything that is wrong with one template, at once. Absent: the engine
     * cannot tell. */
    egg_status (*EGG_NULLABLE lint)(void *EGG_NULLABLE self, egg_str path, egg_str name,
                                    egg_view_report report, void *EGG_NULLABLE state);
    /* What `page` was before it; nobody asks it any more. */
    egg_step (*EGG_NULLABLE render_now)(void *EGG_NULLABLE self, egg_call call, egg_str path,
                                        egg_str name, const egg_value *locals,
                                        egg_value *result);
    /* A page for a caller that goes on in this turn. `call` is the caller's own: it is to
     * ask with and not to be settled. `locals` stays until this returns.
     * EGG_OK: *page stays the engine's, until it is called the next time.
     * EGG_E_AGAIN: this template has to wait, and `render` is asked instead.
     * EGG_E_FAILED: *error stays as long as the call.
     * Absent: `render` is asked always. */
    egg_status (*EGG_NULLABLE page)(void *EGG_NULLABLE self, egg_call call, egg_str path,
                                    egg_str name, const egg_value *locals, egg_str *page,
                                    const egg_error *EGG_NULLABLE *EGG_NONNULL error);
} egg_view_engine;

typedef struct egg_view {
    uint32_t size;
    uint32_t flags;
    /* `h` is the engine's own host table. EGG_E_EXISTS: the name is taken. */
    egg_status (*use)(const egg_host *h, const egg_view_engine *engine);
    /* Absolute folders in which templates are looked for, the first to look in first;
     * EGG_E_NOT_FOUND past the end. */
    egg_status (*root)(const egg_host *h, uint32_t index, egg_str *out);
    /* `lint` of every template below every root by the engine that would render it.
     * *checked counts them; *skipped those whose engine cannot tell. */
    egg_status (*EGG_NULLABLE lint)(const egg_host *h, egg_view_report report,
                                    void *EGG_NULLABLE state, uint32_t *checked,
                                    uint32_t *skipped);
    /* The page of ctx.renderView(name, locals), at once and without a copy of the locals:
     * answers as `page` of an engine does, which it asks. `view` is this table, `call` the
     * caller's own, which stays to be settled; `engine` is empty for the one that
     * config.view.mapping has. On EGG_E_AGAIN ask ctx.renderView. */
    egg_status (*EGG_NULLABLE page)(const struct egg_view *view, egg_call call, egg_str name,
                                    egg_str engine, const egg_value *locals, egg_str *page,
                                    const egg_error *EGG_NULLABLE *EGG_NONNULL error);
} egg_view;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_view_finding) == 48, "egg_view_finding");
EGG_STATIC_ASSERT(sizeof(egg_view_engine) == 64, "egg_view_engine");
EGG_STATIC_ASSERT(sizeof(egg_view) == 40, "egg_view");

#ifdef __cplusplus
}
#endif

#endif /* EGG_VIEW_H */
