/*
 * egg_nunjucks.h - "egg.nunjucks/1", published by the plugin `nunjucks`: filters, tests,
 * functions, variables and tags for its templates.
 *
 * A plugin that adds some depends on `nunjucks` and finds this table from
 * EGG_PHASE_REGISTER on. What has a name that is taken replaces it. Structs are
 * copied; names and `self` have to stay for the life of the process.
 */
#ifndef EGG_NUNJUCKS_H
#define EGG_NUNJUCKS_H

#include "egg_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

EGG_NONNULL_BEGIN

#define EGG_NUNJUCKS_ID "egg.nunjucks/1"

/* One use of a tag in a page that is being rendered; zero is never one. */
typedef uint64_t egg_nunjucks_use;

typedef struct egg_nunjucks_tag {
    uint32_t size;
    uint32_t flags;
    const char *EGG_FILL_IN name;
    /* The word that closes the tag; NULL for a tag without a body. */
    const char *EGG_NULLABLE end;
    /* Words that separate further bodies, as `else` does, space between. */
    const char *EGG_NULLABLE middle;
    void *EGG_NULLABLE self;
    /* What the tag prints, at once: DONE or `fail`, never LATER. Text is escaped
     * unless it is EGG_VALUE_SAFE. Keyword arguments are a MAP behind the others. */
    egg_step (*EGG_FILL_IN run)(void *EGG_NULLABLE self, egg_call call, egg_nunjucks_use use,
                                const egg_value *EGG_NULLABLE args, uint32_t count,
                                egg_value *result);
} egg_nunjucks_tag;

typedef struct egg_nunjucks {
    uint32_t size;
    uint32_t flags;
    /* `name | …`: the first argument is what is filtered. EGG_METHOD_IMMEDIATE: called
     * while the page is rendered; without it the page waits. `target` is not read. */
    egg_status (*add_filter)(const egg_host *h, const egg_method *filter);
    /* `x is name(y)`: (x, y), and a BOOL. EGG_METHOD_IMMEDIATE only. */
    egg_status (*add_test)(const egg_host *h, const egg_method *test);
    /* `name(…)` in every template. EGG_METHOD_IMMEDIATE only. */
    egg_status (*add_function)(const egg_host *h, const egg_method *function);
    /* A variable of every template; the value is copied. No objects. */
    egg_status (*add_global)(const egg_host *h, egg_str name, const egg_value *value);
    egg_status (*add_tag)(const egg_host *h, const egg_nunjucks_tag *tag);
    /* Inside `run`: renders the body number `index`, 0 the first, as often as wanted.
     * `word` is set to what it follows, the tag's name or a middle word. Both live as
     * long as `run`. EGG_E_NOT_FOUND past the last body. EGG_E_FAILED: it could not be
     * rendered; settle with any error, the page shows the one of the body. */
    egg_status (*body)(const egg_host *h, egg_nunjucks_use use, uint32_t index,
                       egg_str *EGG_NULLABLE word, egg_value *out);
} egg_nunjucks;

EGG_NONNULL_END

EGG_STATIC_ASSERT(sizeof(egg_nunjucks_tag) == 48, "egg_nunjucks_tag");
EGG_STATIC_ASSERT(sizeof(egg_nunjucks) == 56, "egg_nunjucks");

#ifdef __cplusplus
}
#endif

#endif /* EGG_NUNJUCKS_H */
