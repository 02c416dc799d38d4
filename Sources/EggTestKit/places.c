/* places.c - `match` and `ignore`, of which the kit knows paths only. */
#define _GNU_SOURCE
#include "kit.h"

#include <string.h>

static bool covers(egg_str prefix, egg_str path) {
    if (path.len < prefix.len || memcmp(path.ptr, prefix.ptr, prefix.len) != 0) return false;
    return path.len == prefix.len || path.ptr[prefix.len] == '/' ||
           (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '/');
}

static bool is_set(const egg_value *value) {
    return value != NULL && value->kind != EGG_NULL && value->kind != EGG_UNDEFINED;
}

egg_status place_filter(const egg_host *h, egg_str name, const egg_value *options, uint64_t *filter,
                       egg_str *message) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    (void)name;
    *filter = 0;
    *message = str("");
    if (!on_loop(u, "path_filter")) return EGG_E_THREAD;
    if (k->booted) return EGG_E_PHASE;
    const egg_value *match = map_get(options, str("match"));
    const egg_value *ignore = map_get(options, str("ignore"));
    if (is_set(match) && is_set(ignore)) {
        *message = str("match and ignore can not both present");
        return EGG_E_ARGUMENT;
    }
    const egg_value *entries = is_set(match) ? match : ignore;
    if (!is_set(entries)) return EGG_OK;
    uint32_t count = 1;
    if (entries->kind == EGG_LIST) {
        count = entries->count;
        entries = entries->as.items;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].kind == EGG_STRING) continue;
        *message = str("the test kit knows paths only");
        return EGG_E_ARGUMENT;
    }
    *filter = ++k->filters;
    for (uint32_t i = 0; i < count; i++) {
        egg_str prefix = {entries[i].as.string, entries[i].count};
        *APPEND(k, filter_paths) =
            (filter_path){*filter, !is_set(match), str(arena_cstring(&k->memory, prefix))};
    }
    return EGG_OK;
}

bool place_admits(const egg_host *h, egg_call token, uint64_t filter) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) {
        call_missing(u, token, "admits");
        return true;
    }
    bool ignores = true;
    for (size_t i = 0; i < u->kit->filter_paths_count; i++) {
        filter_path *path = &u->kit->filter_paths[i];
        if (path->filter != filter) continue;
        ignores = path->ignores;
        if (covers(path->prefix, c->context->head.path)) return !ignores;
    }
    return ignores;
}
