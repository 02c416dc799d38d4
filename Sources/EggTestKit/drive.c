/* drive.c - phases, directories, and using everything that a plugin has registered. */
#define _GNU_SOURCE
#include "kit.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *phase_name(egg_phase phase) {
    static const char *const names[] = {"",         "register",  "configWillLoad", "configDidLoad",
                                        "load",     "didLoad",   "willReady",      "didReady",
                                        "serverDidReady", "beforeClose"};
    return phase >= 1 && phase <= 9 ? names[phase] : "a phase that does not exist";
}

static egg_step run_phase(unit *u, egg_call call, void *context) {
    return u->plugin->on_phase(u->plugin->self, *(egg_phase *)context, call);
}

const egg_testkit_result *egg_testkit_phase(kit *k, unit *u, egg_phase phase) {
    (void)k;
    return begin(u, phase_name(phase), run_phase, &phase);
}

/* Whether a phase ended well; otherwise a finding. Phases may wait for time. */
static bool settled_well(kit *k, unit *u, egg_phase phase) {
    const egg_testkit_result *result = egg_testkit_phase(k, u, phase);
    for (int i = 0; i < 10 && !result->settled; i++) {
        if (egg_testkit_wait(k, k->errands_count > 0 ? 5000 : 20)) continue;
        egg_testkit_advance(k, 1000);
    }
    if (!result->settled) {
        finding(k, u, "%s: not settled after 10 seconds of the fake clock", phase_name(phase));
        return false;
    }
    if (result->kind == EGG_OUTCOME_OK || result->kind == EGG_OUTCOME_CANCELLED) return true;
    finding(k, u, "%s: failed: %s (%s)", phase_name(phase),
            result->message == NULL ? "" : result->message,
            result->code == NULL ? "" : result->code);
    return false;
}

static bool all(kit *k, egg_phase phase) {
    for (size_t i = 0; i < k->units_count; i++) {
        unit *u = k->units[i];
        if (u->plugin != NULL && !settled_well(k, u, phase)) return false;
    }
    return true;
}

/* "admin/user_info.tpl" is "admin.userInfo". */
static char *property_of(arena *a, const char *relative) {
    char *out = arena_cstring(a, str(relative));
    const char *dot = strrchr(relative, '.');
    size_t count = dot == NULL || strchr(dot, '/') != NULL ? strlen(relative)
                                                           : (size_t)(dot - relative);
    size_t at = 0;
    bool raise = false, first = true;
    for (size_t i = 0; i < count; i++) {
        char c = relative[i];
        if (c == '_' || c == '-') {
            raise = true;
            continue;
        }
        if (raise && c >= 'a' && c <= 'z') c = (char)(c - 32);
        if (first && !raise && c >= 'A' && c <= 'Z') c = (char)(c + 32);
        raise = first = false;
        if (c == '/') c = '.', first = true;
        out[at++] = c;
    }
    out[at] = '\0';
    return out;
}

static bool matches(const char *globs, const char *path) {
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    for (const char *at = globs; *at != '\0';) {
        const char *end = strchrnul(at, ',');
        char glob[128];
        snprintf(glob, sizeof glob, "%.*s", (int)(end - at), at);
        if (fnmatch(glob, name, 0) == 0) return true;
        at = *end == ',' ? end + 1 : end;
    }
    return false;
}

typedef struct delivery {
    directory *directory;
    arena lent;
    const egg_entry **entries;
    uint32_t count;
} delivery;

static egg_step run_delivery(unit *u, egg_call call, void *context) {
    delivery *d = context;
    (void)u;
    return d->directory->table.loaded(d->directory->table.self, call, d->entries, d->count);
}

static void collect(kit *k, delivery *d) {
    arena *a = &d->lent;
    d->entries = arena_alloc(a, (k->files_count + 1) * sizeof *d->entries, 8);
    for (uint32_t kind = 0; kind <= 2; kind++) {
        for (size_t f = 0; f < k->files_count; f++) {
            fake_file *file = &k->files[f];
            const char *folder = d->directory->path;
            size_t length = strlen(folder);
            if (file->unit_kind != kind || strncmp(file->path, folder, length) != 0 ||
                file->path[length] != '/')
                continue;
            const char *relative = file->path + length + 1;
            if (file->value.kind == EGG_UNDEFINED && !matches(d->directory->match, relative))
                continue;
            egg_entry *entry = arena_alloc(a, sizeof *entry, 8);
            char *absolute = NULL;
            if (asprintf(&absolute, "%s/%s/%s", k->options.base_dir, file->unit, file->path) < 0)
                abort();
            entry->size = sizeof *entry;
            entry->unit_kind = kind;
            entry->unit = arena_text(a, str(file->unit));
            entry->absolute = arena_text(a, str(absolute));
            entry->relative = arena_text(a, str(relative));
            entry->property = str(property_of(a, relative));
            arena_value(a, &file->value, &entry->value, NULL);
            d->entries[d->count++] = entry;
            free(absolute);
        }
    }
}

static bool deliver_directories(kit *k) {
    for (size_t i = 0; i < k->directories_count; i++) {
        delivery d = {.directory = &k->directories[i]};
        arena_begin(k, &d.lent, "the entries of a directory");
        collect(k, &d);
        unit *u = d.directory->unit;
        const egg_testkit_result *result = begin(u, "a directory's loaded", run_delivery, &d);
        arena_end(&d.lent, u);
        egg_testkit_advance(k, result->settled ? 0 : 10000);
        if (result->settled && result->kind == EGG_OUTCOME_OK) continue;
        finding(k, u, "directory %s: loaded %s%s", k->directories[i].path,
                result->settled ? "failed: " : "was never settled",
                result->settled && result->message != NULL ? result->message : "");
        return false;
    }
    return true;
}

bool egg_testkit_boot(kit *k) {
    if (k->booted) {
        finding(k, NULL, "egg_testkit_boot: a kit boots once; make another for another start");
        return false;
    }
    if (!all(k, EGG_PHASE_REGISTER) || !all(k, EGG_PHASE_CONFIG_WILL_LOAD)) return false;
    k->frozen = true;
    if (!all(k, EGG_PHASE_CONFIG_DID_LOAD) || !deliver_directories(k) ||
        !all(k, EGG_PHASE_LOAD) || !all(k, EGG_PHASE_DID_LOAD) ||
        !all(k, EGG_PHASE_WILL_READY) || !all(k, EGG_PHASE_DID_READY))
        return false;
    k->booted = true;
    for (size_t i = 0; strict(k) && i < k->units_count; i++) {
        unit *u = k->units[i];
        if (u->plugin == NULL) continue;
        const egg_testkit_result *later = egg_testkit_phase(k, u, 99);
        if (!later->settled || later->kind == EGG_OUTCOME_FAILED)
            finding(k, u, "phase 99: unknown phases must be answered with EGG_STEP_DONE");
    }
    emit_event(k, NULL, "server", NULL);
    tell_ready(k);
    return all(k, EGG_PHASE_SERVER_DID_READY);
}

bool egg_testkit_close(kit *k) {
    if (k->closed) return true;
    k->closed = true;
    bool good = true;
    for (exchange *x = k->exchanges; x != NULL; x = x->next)
        if (x->upgraded && !x->ended) egg_testkit_hang_up(x, EGG_CLOSED_SHUTDOWN);
    for (size_t i = k->units_count; i > 0; i--) {
        unit *u = k->units[i - 1];
        if (u->plugin != NULL) good &= settled_well(k, u, EGG_PHASE_BEFORE_CLOSE);
    }
    emit_event(k, NULL, "close", NULL);
    egg_testkit_run(k);
    return good;
}

bool egg_testkit_config(kit *k, const char *path, const char *json) {
    egg_value value;
    const char *why = json_parse(&k->memory, str(json), &value);
    if (why != NULL) {
        finding(k, NULL, "egg_testkit_config(\"%s\"): found %s", path, why);
        return false;
    }
    return egg_testkit_config_value(k, path, &value);
}

bool egg_testkit_config_value(kit *k, const char *path, const egg_value *value) {
    if (k->frozen) {
        finding(k, NULL, "egg_testkit_config: after boot the configuration is frozen");
        return false;
    }
    config_set(k, str(path), value);
    return true;
}

void egg_testkit_file(kit *k, uint32_t unit_kind, const char *unit_name, const char *path,
                      const egg_value *exported) {
    fake_file file = {arena_cstring(&k->memory, str(unit_name)),
                      arena_cstring(&k->memory, str(path)), unit_kind, {0}};
    if (exported != NULL) arena_value(&k->memory, exported, &file.value, &k->objects);
    *APPEND(k, files) = file;
}

const char *egg_testkit_json(kit *k, const egg_value *value) {
    return json_write(&k->memory, value);
}

egg_value egg_testkit_parse(kit *k, const char *json) {
    egg_value value;
    const char *why = json_parse(&k->memory, str(json), &value);
    if (why != NULL) finding(k, NULL, "not JSON: found %s in %.60s", why, json);
    return value;
}

/* ---- using everything ------------------------------------------------------------------- */

static egg_step inner_answers(void *instance, egg_call call) {
    kit *k = instance;
    http_table.set_response(k->test->host, call, EGG_BODY_TEXT, str("inner"));
    return EGG_STEP_DONE;
}

static egg_step inner_fails(void *instance, egg_call call) {
    kit *k = instance;
    egg_error error = {.size = sizeof error, .http_status = 418, .code = str("EGG_TESTKIT"),
                       .message = str("thrown by the innermost layer")};
    return k->test->host->fail(k->test->host, call, &error);
}

typedef struct slow {
    kit *k;
    egg_call call;
} slow;

static void slow_ends(void *state) {
    slow *s = state;
    s->k->test->host->finish(s->k->test->host, s->call, NULL);
    free(s);
}

static egg_step inner_waits(void *instance, egg_call call) {
    slow *s = must_alloc(sizeof *s);
    *s = (slow){instance, call};
    uint64_t token;
    loop_table.timer(s->k->test->host, 25, 0, slow_ends, s, &token);
    return EGG_STEP_LATER;
}

/* Uses an exchange as a client would, to its end. */
static void use(kit *k, exchange *x) {
    egg_testkit_take(x, 100);
    egg_testkit_advance(k, 50);
    if (x->upgraded && !x->ended) {
        egg_testkit_receive(x, "hello\r\n", 7);
        egg_testkit_receive(x, "\0\xFF\x80", 3);
        egg_testkit_take(x, 1 << 30);
        egg_testkit_hang_up(x, chance(k, 2) ? EGG_CLOSED_RESET : EGG_CLOSED_BY_PEER);
    }
    if (chance(k, 4)) egg_testkit_hang_up(x, EGG_CLOSED_RESET);
    for (int i = 0; i < 200 && !x->ended; i++) {
        egg_testkit_take(x, 1 << 30);
        egg_testkit_advance(k, 100);
        if (k->errands_count > 0) egg_testkit_wait(k, 500);
        if (i == 100) egg_testkit_hang_up(x, EGG_CLOSED_RESET);
    }
    x->hold = false;
    egg_testkit_run(k);
    if (!x->chain_over && !x->gone) return;
    if (!x->chain_over && x->chain != NULL && x->chain->held && !x->chain->holder->is_test)
        finding(k, x->chain->holder, "%s: did not settle its call within 20 seconds",
                x->chain->what);
}

static void use_chain(kit *k, const char *names) {
    egg_testkit_request r = {.middlewares = names, .headers = "Host: a.test\nX-Test: 1\nX-Test: 2"};
    egg_step (*const inners[])(void *, egg_call) = {inner_answers, inner_fails, inner_waits};
    for (size_t i = 0; i < 3; i++) {
        r.inner = (egg_handler){k, inners[i]};
        use(k, egg_testkit_send(k, &r));
    }
    r.method = "POST";
    r.url = "/a/b?x=1&y=%zz";
    r.body = "{\"a\": [1, 2.5, null, \"\\u00e9\"]}";
    r.parsed = r.body;
    r.chunked = true;
    use(k, egg_testkit_send(k, &r));
    /* Where a middleware has a path of its own, it is often its name. */
    char path[64];
    snprintf(path, sizeof path, "/%s", names == NULL ? "" : names);
    r = (egg_testkit_request){.middlewares = names, .url = path, .inner = {k, inner_answers}};
    use(k, egg_testkit_send(k, &r));
    r = (egg_testkit_request){.middlewares = names, .url = "/upgrade", .hold = true,
                              .headers = "Connection: Upgrade\nUpgrade: echo",
                              .inner = {k, inner_answers}};
    use(k, egg_testkit_send(k, &r));
}

static void use_route(kit *k, size_t index) {
    route *r = &k->routes[index];
    char url[512] = "";
    size_t at = 0;
    for (size_t i = 0; i < r->path.len && at + 2 < sizeof url; i++) {
        if (r->path.ptr[i] == ':') {
            while (i + 1 < r->path.len && r->path.ptr[i + 1] != '/') i++;
            url[at++] = '7';
        } else {
            url[at++] = r->path.ptr[i];
        }
    }
    char method[16] = "GET";
    if (r->methods.len > 0 && r->methods.ptr[0] != '*')
        snprintf(method, sizeof method, "%.*s", (int)strcspn(r->methods.ptr, ","), r->methods.ptr);
    egg_testkit_request request = {.method = method, .url = url, .middlewares = "", .hold = true};
    use(k, egg_testkit_send(k, &request));
    request.headers = "Connection: Upgrade\nUpgrade: echo";
    request.hold = false;
    request.body = "a=1";
    use(k, egg_testkit_send(k, &request));
}

static void use_member(kit *k, size_t index) {
    uint32_t target = k->members[index].target;
    const char *name = k->members[index].name;
    exchange *x = target == EGG_ON_APPLICATION || target == EGG_ON_AGENT ? NULL
                                                                         : egg_testkit_context(k);
    if (k->members[index].is_method) {
        for (int round = 0; round < 3; round++) {
            egg_value odd[3] = {{.kind = 200, .count = 7}, {.kind = EGG_NULL}, {.kind = EGG_MAP}};
            egg_value text[2] = {{.kind = EGG_STRING, .count = 3, .as.string = "egg"},
                                 {.kind = EGG_INT, .as.integer = INT64_MIN}};
            const egg_value *args = round == 0 ? NULL : round == 1 ? odd : text;
            const egg_testkit_result *result = egg_testkit_call_values(
                k, x, target, name, args, round == 0 ? 0 : round == 1 ? 3 : 2);
            for (int i = 0; i < 20 && !result->settled; i++) {
                egg_testkit_advance(k, 1000);
                /* The method may be working on a thread of its own. */
                if (!result->settled) egg_testkit_wait(k, k->errands_count > 0 ? 500 : 20);
            }
        }
    } else {
        egg_value value;
        egg_testkit_get(k, x, target, name, &value);
        egg_testkit_get(k, x, target, name, &value);
        if (k->members[index].property.set != NULL) {
            egg_testkit_set(k, x, target, name, "{\"a\": 1}");
            egg_testkit_set(k, x, target, name, "null");
        }
    }
    if (x != NULL) egg_testkit_context_end(x);
}

/* Messages as another version of the plugin, or another plugin, might send them. */
static void use_ears(kit *k) {
    size_t count = k->ears_count;
    for (size_t i = 0; i < count; i++) {
        char *action = arena_cstring(&k->memory, str(k->ears[i].action));
        for (uint32_t side = 0; side < 2; side++) {
            uint32_t target = side == 0 ? EGG_ON_APPLICATION : EGG_ON_AGENT;
            egg_testkit_tell(k, target, action, NULL);
            egg_testkit_tell(k, target, action, "{\"a\": [1, \"x\", null]}");
        }
    }
}

size_t egg_testkit_exercise(kit *k) {
    bool has_unit = false;
    for (size_t i = 0; i < k->units_count; i++) has_unit |= k->units[i]->plugin != NULL;
    if (has_unit && egg_testkit_boot(k)) {
        for (size_t i = 0; i < k->middlewares_count; i++) use_chain(k, k->middlewares[i].name);
        if (k->middlewares_count > 1) use_chain(k, NULL);
        for (size_t i = 0; i < k->routes_count; i++)
            if ((k->routes[i].flags & (EGG_ROUTE_REGEX | EGG_ROUTE_LAYER)) == 0) use_route(k, i);
        for (size_t i = 0; i < k->members_count; i++) use_member(k, i);
        use_ears(k);
        egg_testkit_not_ready(k);
        egg_testkit_advance(k, 120000);
        egg_testkit_close(k);
    }
    egg_testkit_finish(k);
    return egg_testkit_findings(k);
}
