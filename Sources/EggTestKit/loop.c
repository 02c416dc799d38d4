/* loop.c - egg.loop/1 on a fake clock, egg.upgrade/1 on a fake connection. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

static uint64_t now_ns(const egg_host *h) { return unit_of(h)->kit->now_ns; }

static egg_status add_timer(const egg_host *h, uint64_t delay, uint64_t repeat,
                            void (*fire)(void *state), void *state, uint64_t *token) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "timer")) return EGG_E_THREAD;
    if (fire == NULL || token == NULL) return EGG_E_ARGUMENT;
    if (delay > UINT64_MAX / 4000000) delay = UINT64_MAX / 4000000;
    if (repeat > UINT64_MAX / 4000000) repeat = UINT64_MAX / 4000000;
    *token = k->next_token++;
    *APPEND(k, timers) =
        (timer){*token, k->now_ns + delay * 1000000, repeat * 1000000, fire, state, u};
    return EGG_OK;
}

static egg_status cancel_timer(const egg_host *h, uint64_t token) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "cancel_timer")) return EGG_E_THREAD;
    for (size_t i = 0; i < k->timers_count; i++) {
        if (k->timers[i].token != token) continue;
        k->timers[i] = k->timers[--k->timers_count];
        return EGG_OK;
    }
    return EGG_E_STALE;
}

static egg_status add_watch(const egg_host *h, int fd, uint32_t events,
                            void (*ready)(void *state, uint32_t events), void *state,
                            uint64_t *token) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "watch")) return EGG_E_THREAD;
    if (fd < 0 || ready == NULL || token == NULL) {
        finding(k, u, "watch: needs an open descriptor and a function");
        return EGG_E_ARGUMENT;
    }
    *token = k->next_token++;
    *APPEND(k, watches) = (watch){*token, fd, events, ready, state};
    return EGG_OK;
}

static egg_status change_watch(const egg_host *h, uint64_t token, uint32_t events) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "change_watch")) return EGG_E_THREAD;
    for (size_t i = 0; i < k->watches_count; i++) {
        if (k->watches[i].token != token) continue;
        k->watches[i].events = events;
        return EGG_OK;
    }
    return EGG_E_STALE;
}

static egg_status unwatch(const egg_host *h, uint64_t token) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "unwatch")) return EGG_E_THREAD;
    for (size_t i = 0; i < k->watches_count; i++) {
        if (k->watches[i].token != token) continue;
        k->watches[i] = k->watches[--k->watches_count];
        return EGG_OK;
    }
    return EGG_E_STALE;
}

typedef struct job {
    void (*run)(void *state);
    void *state;
} job;

static void run_job(kit *k, void *subject, void *extra) {
    job *j = subject;
    (void)k, (void)extra;
    j->run(j->state);
    free(j);
}

/* [any] */
static void mail(kit *k, void (*run)(kit *, void *, void *), void *subject) {
    pthread_mutex_lock(&k->lock);
    *APPEND(k, mailbox) = (task){run, subject, NULL, true};
    pthread_cond_signal(&k->arrived);
    pthread_mutex_unlock(&k->lock);
}

static egg_status post(const egg_host *h, void (*run)(void *state), void *state) {
    if (run == NULL) return EGG_E_ARGUMENT;
    job *j = must_alloc(sizeof *j);
    *j = (job){run, state};
    mail(unit_of(h)->kit, run_job, j);
    return EGG_OK;
}

static void report_errand(kit *k, void *subject, void *extra) {
    errand *e = subject;
    (void)extra;
    arena memory;
    arena_begin(k, &memory, "the error of offloaded work");
    const egg_error *error =
        e->status == EGG_OK
            ? NULL
            : make_error(&memory, 500, "EGG_OFFLOAD", "blocking work answered an error");
    give_outcome(k, e->done, e->state, error == NULL ? EGG_OUTCOME_OK : EGG_OUTCOME_FAILED, NULL,
                 error, e->unit);
    arena_end(&memory, NULL);
    free(e);
}

static void join_errand(kit *k, void *subject, void *extra) {
    errand *e = subject;
    pthread_join(e->thread, NULL);
    for (size_t i = 0; i < k->errands_count; i++)
        if (k->errands[i] == e) k->errands[i] = k->errands[--k->errands_count];
    report_errand(k, e, extra);
}

static void *run_errand(void *state) {
    errand *e = state;
    e->status = e->work(e->state);
    mail(e->kit, join_errand, e);
    return NULL;
}

static void run_errand_here(kit *k, void *subject, void *extra) {
    errand *e = subject;
    (void)extra;
    /* As if on another thread: host functions of the loop refuse meanwhile. */
    k->offloading = true;
    e->status = e->work(e->state);
    k->offloading = false;
    push(k, report_errand, e, NULL);
}

static egg_status offload(const egg_host *h, egg_status (*work)(void *state), egg_done done,
                          void *state) {
    unit *u = unit_of(h);
    kit *k = u->kit;
    if (!on_loop(u, "offload")) return EGG_E_THREAD;
    if (work == NULL || done == NULL) return EGG_E_ARGUMENT;
    if (chance(k, 6)) return EGG_E_LIMIT;
    errand *e = must_alloc(sizeof *e);
    *e = (errand){.kit = k, .unit = u, .work = work, .done = done, .state = state};
    if ((k->options.flags & EGG_TESTKIT_THREADS) == 0) {
        push(k, run_errand_here, e, NULL);
        return EGG_OK;
    }
    *APPEND(k, errands) = e;
    if (pthread_create(&e->thread, NULL, run_errand, e) == 0) return EGG_OK;
    k->errands_count--;
    free(e);
    return EGG_E_LIMIT;
}

const egg_loop loop_table = {
    .size = sizeof(egg_loop), .now_ns = now_ns, .timer = add_timer, .cancel_timer = cancel_timer,
    .watch = add_watch, .change_watch = change_watch, .unwatch = unwatch, .post = post,
    .offload = offload,
};

/* ---- egg.upgrade/1 ---------------------------------------------------------------------- */

struct egg_buffer {
    kit *kit;
    int count;
    size_t length;
    char bytes[];
};

static egg_status take(const egg_host *h, egg_call token, const egg_connection_ops *ops,
                       void *self) {
    unit *u = unit_of(h);
    call *c = call_find(u, token);
    if (c == NULL) return call_missing(u, token, "take");
    exchange *x = c->context;
    egg_connection_ops table;
    if (!adopt(u, ops, &table, sizeof table, "egg_connection_ops")) return EGG_E_UNSUPPORTED;
    if (table.received == NULL || table.closed == NULL) {
        finding(u->kit, u, "egg_connection_ops: needs received and closed");
        return EGG_E_ARGUMENT;
    }
    if (x->kind != A_REQUEST || x->answered || x->taken) return EGG_E_PHASE;
    x->taken = true;
    x->ops = table;
    x->ops_state = self;
    x->stream_unit = u;
    return EGG_OK;
}

static exchange *connection_of(const egg_host *h, uint64_t token, const char *operation,
                               egg_status *status) {
    unit *u = unit_of(h);
    *status = EGG_E_THREAD;
    if (!on_loop(u, operation)) return NULL;
    *status = EGG_E_STALE; /* no finding: a peer may go at any time */
    for (exchange *x = u->kit->exchanges; x != NULL; x = x->next)
        if (x->upgraded && !x->ended && x->token == token && token != 0) return x;
    return NULL;
}

static egg_status write_connection(exchange *x, const void *bytes, size_t count) {
    if (x->closing) return EGG_E_STALE;
    if (x->waiting + count > (size_t)16 << 20 || chance(x->kit, 12)) return EGG_E_LIMIT;
    return client_write(x, bytes, count, 256 << 10);
}

static egg_status connection_write(const egg_host *h, uint64_t connection, egg_str bytes) {
    egg_status status;
    exchange *x = connection_of(h, connection, "write", &status);
    if (x == NULL) return status;
    return plausible(bytes) ? write_connection(x, bytes.ptr, bytes.len) : EGG_E_ARGUMENT;
}

static egg_status write_buffer(const egg_host *h, uint64_t connection, egg_buffer *buffer) {
    egg_status status;
    exchange *x = connection_of(h, connection, "write_buffer", &status);
    return x == NULL ? status : write_connection(x, buffer->bytes, buffer->length);
}

static egg_status waiting(const egg_host *h, uint64_t connection, uint64_t *bytes) {
    egg_status status;
    exchange *x = connection_of(h, connection, "waiting", &status);
    if (x == NULL) return status;
    *bytes = x->waiting;
    return EGG_OK;
}

static egg_status pause_reading(const egg_host *h, uint64_t connection, bool paused) {
    egg_status status;
    exchange *x = connection_of(h, connection, "pause", &status);
    if (x == NULL) return status;
    x->paused = paused;
    return EGG_OK;
}

static egg_status close_connection(const egg_host *h, uint64_t connection, bool now) {
    egg_status status;
    exchange *x = connection_of(h, connection, "close", &status);
    if (x == NULL) return status;
    x->closing = true;
    if (now || x->waiting == 0) client_end(x, EGG_CLOSED_BY_US, !now);
    return EGG_OK;
}

static egg_buffer *make_buffer(const egg_host *h, egg_str bytes) {
    kit *k = unit_of(h)->kit;
    if (!plausible(bytes) || chance(k, 20)) return NULL;
    /* In the kit's memory, so that one release too many can be told. */
    egg_buffer *buffer = arena_alloc(&k->memory, sizeof *buffer + bytes.len + 1, 8);
    if (buffer == NULL) return NULL;
    buffer->kit = k;
    buffer->count = 1;
    buffer->length = bytes.len;
    if (bytes.len > 0) memcpy(buffer->bytes, bytes.ptr, bytes.len);
    k->buffers++;
    return buffer;
}

static void retain_buffer(egg_buffer *buffer) { buffer->count++; }

static void release_buffer(egg_buffer *buffer) {
    if (--buffer->count > 0) return;
    if (buffer->count < 0) {
        finding(buffer->kit, NULL, "release_buffer: released more often than retained");
        return;
    }
    buffer->kit->buffers--;
}

const egg_upgrade upgrade_table = {
    .size = sizeof(egg_upgrade), .take = take, .write = connection_write,
    .write_buffer = write_buffer, .waiting = waiting, .pause = pause_reading,
    .close = close_connection, .buffer = make_buffer, .retain_buffer = retain_buffer,
    .release_buffer = release_buffer,
};
