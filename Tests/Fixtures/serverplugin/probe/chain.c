/* The onion: layers that pass, wait, go on, catch; handlers that take their time. */
#include "probe.h"

static void trace(egg_call call, const char *text) {
    http->add_header(host, call, TEXT("X-Trace"), text_of(text));
}

static egg_step outer_left(egg_call call, void *state, const egg_outcome *outcome) {
    (void)state;
    trace(call, "outer out");
    if (outcome->kind != EGG_OUTCOME_OK) return host->fail(host, call, outcome->error);
    return EGG_STEP_DONE;
}

static egg_step outer(void *instance, egg_call call) {
    (void)instance;
    trace(call, "outer in");
    egg_step step = host->next(host, call, outer_left, 0);
    /* The call is spent: neither going on again nor settling is possible. */
    if (host->next(host, call, outer_left, 0) != EGG_STEP_STALE) counters.late++;
    if (http->set_status(host, call, 500) != EGG_E_STALE) counters.late++;
    return step;
}

static egg_step passer(void *instance, egg_call call) {
    (void)instance;
    trace(call, "passer");
    return EGG_STEP_PASS;
}

static egg_step plain(void *instance, egg_call call) {
    (void)instance;
    trace(call, "plain");
    return host->next(host, call, 0, 0);
}

static egg_step caught(egg_call call, void *state, const egg_outcome *outcome) {
    (void)state;
    trace(call, "catcher out");
    if (outcome->kind == EGG_OUTCOME_OK) return EGG_STEP_DONE;
    if (number(call, "x-catch", 0) == 0) return host->fail(host, call, outcome->error);
    http->set_status(host, call, 200);
    return answer_text(call, outcome->error->message);
}

static egg_step catcher(void *instance, egg_call call) {
    (void)instance;
    trace(call, "catcher in");
    return host->next(host, call, caught, 0);
}

struct waiter {
    egg_call call;
    uint64_t timer;
    bool is_inside;
};

static void finish_slow_leave(void *state) {
    struct waiter *waiter = state;
    trace(waiter->call, "slow out");
    host->finish(host, waiter->call, 0);
}

static egg_step slow_left(egg_call call, void *state, const egg_outcome *outcome) {
    struct waiter *waiter = state;
    if (outcome->kind != EGG_OUTCOME_OK) return host->fail(host, call, outcome->error);
    waiter->call = call;
    loop->timer(host, 5, 0, finish_slow_leave, waiter, &waiter->timer);
    return EGG_STEP_LATER;
}

static void slow_enters(void *state) {
    struct waiter *waiter = state;
    trace(waiter->call, "slow in");
    host->next(host, waiter->call, slow_left, waiter);
}

/* Waits on both ways. */
static egg_step slow(void *instance, egg_call call) {
    struct waiter *waiter = host->alloc(host, call, sizeof *waiter, 8);
    (void)instance;
    waiter->call = call;
    loop->timer(host, 5, 0, slow_enters, waiter, &waiter->timer);
    return EGG_STEP_LATER;
}

static egg_step onion(void *self, egg_call call) {
    egg_error error = SIZED(egg_error);
    (void)self;
    trace(call, "handler");
    if (number(call, "x-fail", 0) == 0) return answer(call, "onion");
    error.http_status = 409;
    error.message = TEXT("thrown");
    return host->fail(host, call, &error);
}

/* -- handlers that wait ------------------------------------------------------ */

static void time_is_up(void *state) {
    struct waiter *waiter = state;
    answer(waiter->call, "later");
    host->finish(host, waiter->call, 0);
}

static egg_step later(void *self, egg_call call) {
    struct waiter *waiter = host->alloc(host, call, sizeof *waiter, 8);
    (void)self;
    waiter->call = call;
    loop->timer(host, (uint64_t)param_number(call, "ms"), 0, time_is_up, waiter, &waiter->timer);
    return EGG_STEP_LATER;
}

static void wait_is_over(void *state) {
    struct waiter *waiter = state;
    egg_request request = SIZED(egg_request);
    egg_call call = waiter->call;
    /* The client is gone; its request can still be read. */
    if (http->request(host, call, &request) != EGG_OK || !host->cancelled(host, call) ||
        request.remote_address.len != 9 || memcmp(request.remote_address.ptr, "127.0.0.1", 9) != 0)
        counters.late++;
    answer(call, "nobody reads this");
    if (host->finish(host, call, 0) != EGG_STEP_LATER) counters.late++;
    if (host->finish(host, call, 0) != EGG_STEP_STALE) counters.late++;
}

static void hurry(void *state) {
    struct waiter *waiter = state;
    counters.cancelled++;
    if (waiter->is_inside) counters.late++;
    loop->post(host, wait_is_over, waiter);
}

static void released_local(void *value) {
    counters.locals++;
    free(value);
}

/* Waits until the client leaves. */
static egg_step wait_for_cancel(void *self, egg_call call) {
    static const char key;
    struct waiter *waiter = host->alloc(host, call, sizeof *waiter, 8);
    (void)self;
    waiter->call = call;
    host->set_local(host, call, &key, malloc(8), released_local);
    waiter->is_inside = true;
    host->on_cancel(host, call, hurry, waiter);
    waiter->is_inside = false;
    return EGG_STEP_LATER;
}

static egg_step fall_through(void *self, egg_call call) {
    (void)self;
    trace(call, "first");
    return EGG_STEP_PASS;
}

static egg_step lose_call(void *self, egg_call call) {
    (void)self, (void)call;
    return 42;
}

static egg_step take_stale(void *self, egg_call call) {
    (void)self, (void)call;
    return EGG_STEP_STALE;
}

static egg_step forget(void *self, egg_call call) {
    (void)self;
    http->forget(host, call);
    return EGG_STEP_DONE;
}

void register_middlewares(void) {
    static const struct {
        const char *name;
        egg_step (*handle)(void *, egg_call);
    } list[] = {{"outer", outer}, {"passer", passer}, {"plain", plain}, {"catcher", catcher},
                {"slow", slow}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        egg_middleware item = SIZED(egg_middleware);
        item.name = list[i].name;
        item.handle = list[i].handle;
        host->add_middleware(host, &item);
    }
}

void add_chain_routes(void) {
    route("GET", "/onion", onion);
    route("GET", "/later/:ms", later);
    route("GET", "/wait", wait_for_cancel);
    route("GET", "/fall/:first", fall_through);
    route("GET", "/fall/:second", fall_through);
    route("GET", "/lost-call", lose_call);
    route("GET", "/stale-step", take_stale);
    route("GET", "/forget", forget);
}
