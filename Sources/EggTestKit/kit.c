/* kit.c - the kit itself: findings, log, tasks, clock, loading units, the end. */
#define _GNU_SOURCE
#include "kit.h"

#include <dlfcn.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool strict(kit *k) { return (k->options.flags & (EGG_TESTKIT_STRICT | EGG_TESTKIT_TORMENT)) != 0; }
bool torment(kit *k) { return (k->options.flags & EGG_TESTKIT_TORMENT) != 0; }

uint32_t random_below(kit *k, uint32_t n) {
    /* xorshift64*, Vigna 2014. */
    k->random ^= k->random >> 12;
    k->random ^= k->random << 25;
    k->random ^= k->random >> 27;
    return n == 0 ? 0 : (uint32_t)((k->random * 2685821657736338717u) >> 33) % n;
}

bool chance(kit *k, uint32_t n) { return torment(k) && random_below(k, n) == 0; }

/* ---- findings and log lines --------------------------------------------------------- */

void finding(kit *k, unit *u, const char *format, ...) {
    char text[1024];
    int at = snprintf(text, sizeof text, "%s: ", u == NULL ? "test kit" : u->id);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + at, sizeof text - (size_t)at, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&k->lock);
    bool known = false;
    for (size_t i = 0; i < k->findings_count && !known; i++)
        known = strcmp(k->findings[i], text) == 0;
    if (!known) {
        *APPEND(k, findings) = strdup(text);
        if ((k->options.flags & EGG_TESTKIT_VERBOSE) != 0) fprintf(stderr, "FINDING %s\n", text);
    }
    pthread_mutex_unlock(&k->lock);
}

void log_line(kit *k, unit *u, egg_level level, egg_str message, const char *fields) {
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    char *line = NULL;
    if (asprintf(&line, "%s %s: %.*s%s%s", level >= 0 && level <= 3 ? names[level] : "?", u->id,
                 (int)message.len, message.len > 0 ? message.ptr : "", fields[0] != '\0' ? " " : "",
                 fields) < 0)
        abort();
    pthread_mutex_lock(&k->lock);
    *APPEND(k, lines) = line;
    if ((k->options.flags & EGG_TESTKIT_VERBOSE) != 0) fprintf(stderr, "%s\n", line);
    pthread_mutex_unlock(&k->lock);
}

size_t egg_testkit_findings(kit *k) { return k->findings_count; }
const char *egg_testkit_finding(kit *k, size_t i) {
    return i < k->findings_count ? k->findings[i] : NULL;
}
size_t egg_testkit_log_lines(kit *k) { return k->lines_count; }
const char *egg_testkit_log_line(kit *k, size_t i) {
    return i < k->lines_count ? k->lines[i] : NULL;
}

bool on_loop(unit *u, const char *operation) {
    kit *k = u->kit;
    if (pthread_equal(pthread_self(), k->loop) && !k->offloading) return true;
    finding(k, u, "%s: called on another thread than the loop's; come back with egg_loop.post first",
            operation);
    return false;
}

/* ---- tasks --------------------------------------------------------------------------- */

void push(kit *k, void (*run)(kit *, void *, void *), void *subject, void *extra) {
    *APPEND(k, tasks) = (task){run, subject, extra, false};
}

void push_ordered(kit *k, void (*run)(kit *, void *, void *), void *subject, void *extra) {
    *APPEND(k, tasks) = (task){run, subject, extra, true};
}

static void empty_mailbox(kit *k) {
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->mailbox_count; i++) *APPEND(k, tasks) = k->mailbox[i];
    k->mailbox_count = 0;
    pthread_mutex_unlock(&k->lock);
}

static bool run_one(kit *k) {
    empty_mailbox(k);
    if (k->tasks_count == 0) return false;
    size_t at = 0;
    if (torment(k)) {
        at = random_below(k, (uint32_t)k->tasks_count);
        /* Posted jobs keep their order among themselves. */
        if (k->tasks[at].ordered)
            for (at = 0; !k->tasks[at].ordered;) at++;
    }
    task t = k->tasks[at];
    k->tasks_count--;
    memmove(&k->tasks[at], &k->tasks[at + 1], (k->tasks_count - at) * sizeof t);
    t.run(k, t.subject, t.extra);
    return true;
}

static bool poll_watches(kit *k) {
    bool any = false;
    for (size_t i = 0; i < k->watches_count; i++) {
        watch w = k->watches[i];
        struct pollfd fd = {w.fd, 0, 0};
        if ((w.events & EGG_WATCH_READ) != 0) fd.events |= POLLIN;
        if ((w.events & EGG_WATCH_WRITE) != 0) fd.events |= POLLOUT;
        if (poll(&fd, 1, 0) <= 0) continue;
        uint32_t events = 0;
        if ((fd.revents & POLLIN) != 0) events |= EGG_WATCH_READ;
        if ((fd.revents & POLLOUT) != 0) events |= EGG_WATCH_WRITE;
        if ((fd.revents & (POLLHUP | POLLERR)) != 0) events |= EGG_WATCH_CLOSED | EGG_WATCH_READ;
        w.ready(w.state, events);
        any = true;
    }
    return any;
}

/* The units' own event loop, when there is one. */
static bool turn(kit *k, uint32_t milliseconds) {
    return k->options.turn != NULL && k->options.turn(k->options.turn_state, milliseconds);
}

void egg_testkit_run(kit *k) {
    /* A plugin that posts to itself for ever must not hang its test. */
    size_t budget = 1000000;
    int quiet = 0;
    while (quiet < 2) {
        bool any = false;
        while (budget > 0 && run_one(k)) budget--, any = true;
        for (exchange *x = k->exchanges; x != NULL; x = x->next)
            if (!x->hold && x->waiting > 0 && !x->over) drain(x), any = true;
            else if (!x->hold && x->waiting > 0) drain(x), any = true;
        if (budget > 900000 && poll_watches(k)) any = true;
        if (budget > 0 && turn(k, 0)) budget--, any = true;
        quiet = any ? 0 : quiet + 1;
        if (budget == 0) {
            finding(k, NULL, "a million tasks ran without an end; something wakes itself up for ever");
            return;
        }
    }
}

/* ---- time ------------------------------------------------------------------------------ */

void egg_testkit_advance(kit *k, uint64_t milliseconds) {
    uint64_t until = k->now_ns + milliseconds * 1000000;
    egg_testkit_run(k);
    for (size_t fired = 0; fired < 100000; fired++) {
        timer *first = NULL;
        for (size_t i = 0; i < k->timers_count; i++) {
            timer *t = &k->timers[i];
            if (t->due <= until && (first == NULL || t->due < first->due)) first = t;
        }
        if (first == NULL) break;
        if (first->due > k->now_ns) k->now_ns = first->due;
        timer t = *first;
        if (t.repeat > 0)
            first->due += t.repeat;
        else
            *first = k->timers[--k->timers_count];
        t.fire(t.state);
        egg_testkit_run(k);
    }
    k->now_ns = until;
}

size_t egg_testkit_timers(kit *k) { return k->timers_count; }

bool egg_testkit_wait(kit *k, uint32_t milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    bool came = false;
    /* Two places to wait at: short turns of the one, a look at the other between them. */
    while (k->options.turn != NULL && !came) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (now.tv_sec > until.tv_sec ||
            (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec))
            break;
        came = turn(k, 2);
        pthread_mutex_lock(&k->lock);
        came |= k->mailbox_count > 0;
        pthread_mutex_unlock(&k->lock);
    }
    pthread_mutex_lock(&k->lock);
    while (k->options.turn == NULL && k->mailbox_count == 0 &&
           pthread_cond_timedwait(&k->arrived, &k->lock, &until) == 0) {
    }
    came |= k->mailbox_count > 0;
    pthread_mutex_unlock(&k->lock);
    egg_testkit_run(k);
    return came;
}

/* An outcome in memory that ends with the function that is told. */
void give_outcome(kit *k, egg_done done, void *state, int32_t kind, const egg_value *value,
                  const egg_error *error, unit *who) {
    arena lent;
    arena_begin(k, &lent, "an outcome, lent to a done function");
    egg_outcome *outcome = arena_alloc(&lent, sizeof *outcome, _Alignof(egg_outcome));
    outcome->size = sizeof *outcome;
    outcome->kind = kind;
    if (kind == EGG_OUTCOME_OK && value != NULL) arena_value(&lent, value, &outcome->value, NULL);
    if (kind == EGG_OUTCOME_FAILED) outcome->error = arena_error(&lent, error, NULL);
    done(state, outcome);
    arena_end(&lent, who);
}

/* ---- units ------------------------------------------------------------------------------- */

static egg_status future_function(void) { return EGG_E_UNSUPPORTED; }

unit *make_unit(kit *k, const char *id) {
    unit *u = must_alloc(sizeof *u);
    u->kit = k;
    u->id = arena_cstring(&k->memory, str(id));
    /* A host of minor 99 has more functions than any header of today names. */
    bool newer = torment(k) && k->options.seed % 3 == 2;
    size_t extra = newer ? 16 : 0;
    u->host = must_alloc(sizeof *u->host + extra * sizeof(void *));
    host_fill(u->host);
    members_fill(u->host);
    u->host->size = (uint32_t)(sizeof *u->host + extra * sizeof(void *));
    u->host->abi_major = EGG_ABI_MAJOR;
    u->host->abi_minor = newer ? 99 : EGG_ABI_MINOR_LATEST;
    u->host->private_data = u;
    egg_status (*future)(void) = future_function;
    for (size_t i = 0; i < extra; i++)
        memcpy((char *)u->host + sizeof *u->host + i * sizeof(void *), &future, sizeof future);
    *APPEND(k, units) = u;
    return u;
}

static unit *enter_unit(kit *k, unit *u, egg_plugin_entry_fn entry, const char *id) {
    arena lent;
    arena_begin(k, &lent, "the id that an entry was given");
    const egg_plugin *said = entry(u->host, arena_cstring(&lent, str(id)));
    arena_end(&lent, u);
    const char *why = NULL;
    if (said == NULL)
        why = "its entry returned NULL: the plugin declined to load; see what it logged";
    else if (said->size < offsetof(egg_plugin, on_phase) + sizeof said->on_phase)
        why = "its egg_plugin has no size, or one that is too small; set size to sizeof(egg_plugin)";
    else if (said->abi_major != EGG_ABI_MAJOR)
        why = "its egg_plugin is of another major version; set abi_major to EGG_ABI_MAJOR";
    else if (said->id == NULL || said->on_phase == NULL)
        why = "its egg_plugin has no id or no on_phase";
    else if (strcmp(said->id, id) != 0)
        why = "its egg_plugin has another id than its manifest";
    else {
        egg_plugin copy;
        if (!adopt(u, said, &copy, sizeof copy, "egg_plugin"))
            why = "its egg_plugin has fields that this kit does not know";
    }
    if (why != NULL) {
        finding(k, u, "%s", why);
        return NULL;
    }
    u->plugin = said;
    return u;
}

unit *egg_testkit_load_entry(kit *k, egg_plugin_entry_fn entry, const char *id) {
    if (entry == NULL) {
        finding(k, NULL, "egg_testkit_load_entry: needs an entry function");
        return NULL;
    }
    return enter_unit(k, make_unit(k, id), entry, id);
}

bool egg_testkit_manifest(unit *u, const char *json) {
    const char *why = json_parse(&u->kit->memory, str(json), &u->manifest);
    if (why == NULL && u->manifest.kind != EGG_MAP) why = "something else than an object";
    if (why != NULL) {
        finding(u->kit, u, "the manifest is not JSON: found %s", why);
        return false;
    }
    u->has_manifest = true;
    const egg_value *defaults = map_at(&u->manifest, str("config.default"));
    if (defaults != NULL && defaults->kind == EGG_MAP) {
        /* Weaker than what the test has set before. */
        egg_value set = u->kit->config;
        config_set(u->kit, str(""), defaults);
        config_set(u->kit, str(""), &set);
    }
    return true;
}

static bool check_manifest(unit *u, const char *id) {
    kit *k = u->kit;
    const egg_value *said = map_get(&u->manifest, str("id"));
    const egg_value *major = map_at(&u->manifest, str("abi.major"));
    const egg_value *least = map_at(&u->manifest, str("abi.min"));
    const egg_value *needs = map_get(&u->manifest, str("needs"));
    if (said == NULL || said->kind != EGG_STRING ||
        !same((egg_str){said->as.string, said->count}, str(id))) {
        finding(k, u, "the manifest has no \"id\", or another one than \"%s\"", id);
        return false;
    }
    if (major == NULL || major->kind != EGG_INT || major->as.integer != EGG_ABI_MAJOR) {
        finding(k, u, "expected \"abi\": {\"major\": %u} in the manifest", EGG_ABI_MAJOR);
        return false;
    }
    if (least != NULL && least->kind == EGG_INT && least->as.integer > EGG_ABI_MINOR_LATEST) {
        finding(k, u, "needs plugin interface 1.%lld, the kit is of 1.%u",
                (long long)least->as.integer, EGG_ABI_MINOR_LATEST);
        return false;
    }
    for (uint32_t i = 0; needs != NULL && needs->kind == EGG_LIST && i < needs->count; i++) {
        const egg_value *need = &needs->as.items[i];
        if (need->kind != EGG_STRING || strncmp(need->as.string, "egg.", 4) != 0) continue;
        if (host_query(k->test->host, need->as.string) == NULL) {
            finding(k, u,
                    "needs the interface \"%s\", which the kit does not have; offer one with "
                    "egg_testkit_offer",
                    need->as.string);
            return false;
        }
    }
    return true;
}

unit *egg_testkit_open(kit *k, const char *file) { return egg_testkit_open_id(k, file, NULL); }

unit *egg_testkit_open_id(kit *k, const char *file, const char *id) {
    const char *why = NULL;
    char *json = note_read(&k->memory, file, id, &why);
    if (json == NULL) {
        finding(k, NULL, "%s: %s", file, why);
        return NULL;
    }
    egg_value manifest;
    char *name = NULL;
    if (id != NULL) {
        name = arena_cstring(&k->memory, str(id));
    } else if (json_parse(&k->memory, str(json), &manifest) == NULL) {
        const egg_value *said = map_get(&manifest, str("id"));
        if (said != NULL && said->kind == EGG_STRING)
            name = arena_cstring(&k->memory, (egg_str){said->as.string, said->count});
    }
    unit *u = make_unit(k, name == NULL ? file : name);
    if (!egg_testkit_manifest(u, json) || name == NULL || !check_manifest(u, name)) {
        if (name == NULL) finding(k, u, "the manifest has no \"id\"");
        return NULL;
    }
    /* A path without a slash would be searched for elsewhere. */
    char *path = NULL;
    if (asprintf(&path, "%s%s", strchr(file, '/') == NULL ? "./" : "", file) < 0) abort();
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    free(path);
    if (library == NULL) {
        finding(k, u, "the library can't be opened: %s", dlerror());
        return NULL;
    }
    egg_plugin_entry_fn entry;
    void *symbol = dlsym(library, EGG_PLUGIN_ENTRY_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry);
    if (symbol == NULL) {
        finding(k, u, "expected the exported function %s, found none; export it with EGG_EXPORT",
                EGG_PLUGIN_ENTRY_SYMBOL);
        return NULL;
    }
    return enter_unit(k, u, entry, name);
}

void egg_testkit_offer(kit *k, const char *id, const void *table) {
    *APPEND(k, published) =
        (published){arena_cstring(&k->memory, str(id)), table, NULL};
}

const egg_host *egg_testkit_host(kit *k) { return k->test->host; }

/* ---- the beginning and the end -------------------------------------------------------------- */

egg_testkit *egg_testkit_new(const egg_testkit_options *options) {
    kit *k = must_alloc(sizeof *k);
    if (options != NULL) k->options = *options;
    if (k->options.process == 0) k->options.process = EGG_PROCESS_WORKER;
    if (k->options.env == NULL) k->options.env = "unittest";
    if (k->options.name == NULL) k->options.name = "testkit";
    if (k->options.base_dir == NULL) k->options.base_dir = "/nonexistent";
    k->loop = pthread_self();
    k->random = (k->options.seed + 1) * 0x9E3779B97F4A7C15u | 1;
    k->now_ns = 1000000000;
    k->next_token = 1;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->arrived, NULL);
    arena_begin(k, &k->memory, "the kit's own memory");
    k->config = (egg_value){.kind = EGG_MAP};
    k->refuse_optional = torment(k) && k->options.seed % 3 == 1;
    if (torment(k)) {
        for (int i = 0; i < 8; i++) random_below(k, 2);
        if (k->options.piece == 0) k->options.piece = 1 + random_below(k, 3);
        if (k->options.fail_alloc_at == 0 && random_below(k, 2) == 0)
            k->options.fail_alloc_at = 1 + random_below(k, 40);
    }
    k->test = make_unit(k, "test");
    k->test->is_test = true;
    k->test->kind = 2;
    return k;
}

static void report_unregistered(unit *u) {
    static const char *const lists[] = {"middleware", "interfaces", "application", "context",
                                        "request",    "response",   "helper",      "agent"};
    if (!u->has_manifest || u->plugin == NULL) return;
    bool in_agent = u->kit->options.process == EGG_PROCESS_AGENT;
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        /* What the one process registers the other may lack. */
        if (in_agent != (strcmp(lists[l], "agent") == 0)) continue;
        const egg_value *provides = map_get(&u->manifest, str("provides"));
        const egg_value *names = map_get(provides, str(lists[l]));
        for (uint32_t i = 0; names != NULL && names->kind == EGG_LIST && i < names->count; i++) {
            if (names->as.items[i].kind != EGG_STRING) continue;
            char *name = arena_cstring(
                &u->kit->memory, (egg_str){names->as.items[i].as.string, names->as.items[i].count});
            if (!announced(u, lists[l], name))
                finding(u->kit, u,
                        "the manifest announces %s \"%s\", which was never registered; register "
                        "it or take it out of \"provides\"",
                        lists[l], name);
        }
    }
}

void egg_testkit_finish(kit *k) {
    if (k->finished) return;
    if (k->booted && !k->closed) egg_testkit_close(k);
    k->finished = true;
    for (exchange *x = k->exchanges; x != NULL; x = x->next)
        if (x->kind == A_REQUEST && !x->ended) egg_testkit_hang_up(x, EGG_CLOSED_SHUTDOWN);
    /* Whoever holds a call has had notice; give the clock a chance as well. */
    for (int i = 0; i < 20; i++) {
        egg_testkit_advance(k, 5000);
        while (k->errands_count > 0 && egg_testkit_wait(k, 2000)) continue;
        bool any = false;
        for (size_t c = 0; c < k->calls_count && !any; c++)
            any = k->calls[c]->held && !k->calls[c]->holder->is_test;
        if (any) egg_testkit_wait(k, 20);
    }
    for (size_t i = 0; i < k->calls_count; i++) {
        call *c = k->calls[i];
        if (c->held && !c->holder->is_test)
            finding(k, c->holder,
                    "%s: its call was never settled; every accepted call is settled exactly once, "
                    "cancelled ones too",
                    c->what);
    }
    if (strict(k) && k->booted)
        for (size_t i = 0; i < k->units_count; i++) report_unregistered(k->units[i]);
    for (taken_stream *t = k->taken_streams; t != NULL; t = t->next)
        finding(k, t->taker, "a stream of take_response_stream was never dropped");
    if (k->buffers > 0)
        finding(k, NULL, "%zu shared buffers (egg_upgrade.buffer) were never released", k->buffers);
}

void egg_testkit_free(kit *k) {
    if (k == NULL) return;
    egg_testkit_finish(k);
    while (k->exchanges != NULL) {
        exchange *x = k->exchanges;
        k->exchanges = x->next;
        if (!x->over) {
            x->chain_over = x->ended = true;
            x->holds = 0;
            x->chain = NULL; /* its call goes with the kit */
            exchange_settle(x);
        }
        arena_end(&x->kept, NULL);
        free(x->fields.items), free(x->params.items), free(x->matched.items), free(x->headers.items);
        free(x->layers), free(x->frames), free(x->state), free(x->locals), free(x->once);
        free(x->out), free(x);
    }
    while (k->taken_streams != NULL) {
        taken_stream *t = k->taken_streams;
        k->taken_streams = t->next;
        free(t);
    }
    objects_release(&k->objects);
    for (size_t i = 0; i < k->calls_count; i++) free(k->calls[i]->args), free(k->calls[i]);
    for (size_t i = 0; i < k->units_count; i++) {
        free(k->units[i]->host);
        free(k->units[i]);
    }
    for (size_t i = 0; i < k->routes_count; i++) free(k->routes[i].handlers);
    free(k->units), free(k->calls), free(k->tasks), free(k->members), free(k->middlewares);
    free(k->timers), free(k->watches), free(k->listeners), free(k->routes);
    free(k->ears), free(k->checks), free(k->loggers), free(k->sent);
    free(k->param_handlers), free(k->published), free(k->directories), free(k->files);
    free(k->errands), free(k->mailbox), free(k->answerers), free(k->filter_paths);
    arena_end(&k->memory, NULL);
    for (size_t i = 0; i < k->findings_count; i++) free(k->findings[i]);
    for (size_t i = 0; i < k->lines_count; i++) free(k->lines[i]);
    free(k->findings), free(k->lines);
    memory_forget(k);
    pthread_cond_destroy(&k->arrived);
    pthread_mutex_destroy(&k->lock);
    free(k);
}
