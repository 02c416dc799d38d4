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
} egg_view_engine;

typedef struct egg_view {
    uint32_t size;
    uint32_t flags;
    /* `h` is the engine's own host table. EGG_E_EXISTS: the name is taken. */
    egg_status (*use)(const egg_host *h, const egg_view_engine *engine);
    /* Absolute folders in which templates are looked for, the first to look in first;
     * EGG_E_NOT_FOUND past the end. */
    egg_status (*root)(const egg_host *h, uint32_t index, egg_str *out);
} egg_view;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_view_engine) == 40, "egg_view_engine");
EGG_STATIC_ASSERT(sizeof(egg_view) == 24, "egg_view");

#ifdef __cplusplus
}
#endif

#endif /* EGG_VIEW_H */
