/* Methods, properties, objects, the loop's services, contexts without a request. */
#include "probe.h"
#include <pthread.h>
#include <unistd.h>

static egg_value integer(int64_t number) {
    return (egg_value){.kind = EGG_INT, .as.integer = number};
}

/* -- what the plugin adds to contexts ---------------------------------------- */

struct errand {
    egg_call call;
    uint64_t token;
    int pipe[2];
    int count;
    egg_value value;
};

static void end_slowly(void *state) {
    struct errand *errand = state;
    egg_value value = integer(42);
    host->finish(host, errand->call, &value);
}

static egg_step slowly(void *self, egg_call call, const egg_value *args, uint32_t count,
                       egg_value *result) {
    struct errand *errand = host->alloc(host, call, sizeof *errand, 8);
    (void)self, (void)args, (void)count, (void)result;
    errand->call = call;
    loop->timer(host, 5, 0, end_slowly, errand, &errand->token);
    return EGG_STEP_LATER;
}

static egg_step now(void *self, egg_call call, const egg_value *args, uint32_t count,
                    egg_value *result) {
    (void)self, (void)call;
    *result = integer(count == 1 && args[0].kind == EGG_INT ? args[0].as.integer + 1 : -1);
    return EGG_STEP_DONE;
}

static egg_step never(void *self, egg_call call, const egg_value *args, uint32_t count,
                      egg_value *result) {
    (void)self, (void)call, (void)args, (void)count, (void)result;
    return 7;
}

static egg_step fails(void *self, egg_call call, const egg_value *args, uint32_t count,
                      egg_value *result) {
    egg_error error = SIZED(egg_error);
    (void)self, (void)args, (void)count, (void)result;
    error.http_status = 418;
    error.message = TEXT("no coffee");
    return host->fail(host, call, &error);
}

static egg_step twofold(void *self, egg_call call, const egg_value *args, uint32_t count,
                        egg_value *result) {
    (void)self, (void)call;
    *result = integer(count == 1 ? args[0].as.integer * 2 : -1);
    return EGG_STEP_DONE;
}

static long property_calls;

static egg_status get_count(void *self, egg_call call, egg_value *out) {
    (void)self, (void)call;
    *out = integer(++property_calls);
    return EGG_OK;
}

static egg_status set_count(void *self, egg_call call, const egg_value *value) {
    (void)self, (void)call;
    property_calls = value->as.integer;
    return EGG_OK;
}

void register_extensions(void) {
    egg_method methods[] = {
        {sizeof(egg_method), 0, EGG_ON_CONTEXT, 0, "slowly", 0, slowly},
        {sizeof(egg_method), EGG_METHOD_IMMEDIATE, EGG_ON_CONTEXT, 0, "now", 0, now},
        {sizeof(egg_method), EGG_METHOD_IMMEDIATE, EGG_ON_CONTEXT, 0, "never", 0, never},
        {sizeof(egg_method), EGG_METHOD_IMMEDIATE, EGG_ON_CONTEXT, 0, "fails", 0, fails},
        {sizeof(egg_method), 0, EGG_ON_APPLICATION, 0, "double", 0, twofold},
    };
    egg_property properties[] = {
        {sizeof(egg_property), 0, EGG_ON_CONTEXT, 0, "fresh", 0, get_count, set_count},
        {sizeof(egg_property), EGG_PROPERTY_ONCE, EGG_ON_CONTEXT, 0, "once", 0, get_count, 0},
    };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        host->add_method(host, &methods[i]);
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        host->add_property(host, &properties[i]);
}

static egg_member member(uint32_t target, const char *name) {
    egg_member found = {0};
    host->resolve(host, target, text_of(name), &found);
    return found;
}

/* -- routes ------------------------------------------------------------------ */

static void tell(struct errand *errand, const egg_outcome *outcome) {
    char text[200];
    if (outcome->kind == EGG_OUTCOME_OK)
        snprintf(text, sizeof text, "ok %lld", (long long)outcome->value.as.integer);
    else
        snprintf(text, sizeof text, "failed %d %.*s", outcome->error->http_status,
                 (int)outcome->error->message.len, outcome->error->message.ptr);
    answer(errand->call, text);
    host->finish(host, errand->call, 0);
}

static void invoked(void *state, const egg_outcome *outcome) { tell(state, outcome); }

static struct errand *new_errand(egg_call call) {
    struct errand *errand = host->alloc(host, call, sizeof *errand, 8);
    errand->call = call;
    return errand;
}

/* Invokes the context's method `name`. */
static egg_step invoke(void *self, egg_call call) {
    egg_str name = {0};
    char copy[32];
    (void)self;
    http->param(host, call, TEXT("name"), &name);
    snprintf(copy, sizeof copy, "%.*s", (int)name.len, name.ptr);
    egg_value one = integer(1);
    egg_status status = host->invoke(host, call, member(EGG_ON_CONTEXT, copy), &one, 1, invoked,
                                     new_errand(call));
    if (status == EGG_OK) return EGG_STEP_LATER;
    snprintf(copy, sizeof copy, "%d", status);
    return answer(call, copy);
}

/* Invokes a method and answers without waiting for it. */
static void counted(void *state, const egg_outcome *outcome) {
    (void)state, (void)outcome;
    counters.reads_done++;
}

static egg_step invoke_and_go(void *self, egg_call call) {
    (void)self;
    host->invoke(host, call, member(EGG_ON_CONTEXT, "slowly"), 0, 0, counted, 0);
    return answer(call, "gone on");
}

static egg_step invoke_now(void *self, egg_call call) {
    const char *names[] = {"now", "slowly", "never", "fails"};
    char text[200];
    int at = 0;
    (void)self;
    for (size_t i = 0; i < 4; i++) {
        egg_value result = {0}, one = integer(1);
        const egg_error *error = 0;
        egg_status status = host->invoke_now(host, call, member(EGG_ON_CONTEXT, names[i]), &one, 1,
                                             &result, &error);
        at += snprintf(text + at, sizeof text - (size_t)at, "%d:%lld:%d ", status,
                       (long long)result.as.integer, error ? error->http_status : 0);
    }
    return answer(call, text);
}

static egg_step properties(void *self, egg_call call) {
    egg_value a, b, c, d, value = integer(100);
    char text[200];
    (void)self;
    egg_member fresh = member(EGG_ON_CONTEXT, "fresh"), once = member(EGG_ON_CONTEXT, "once");
    property_calls = 0;
    host->get(host, call, fresh, &a);
    host->get(host, call, fresh, &b);
    host->set(host, call, fresh, &value);
    host->get(host, call, once, &c);
    host->get(host, call, once, &d);
    snprintf(text, sizeof text, "%lld %lld %lld %lld %d %d", (long long)a.as.integer,
             (long long)b.as.integer, (long long)c.as.integer, (long long)d.as.integer,
             host->set(host, call, once, &value), host->get(host, (egg_call){0}, fresh, &a));
    return answer(call, text);
}

/* An object with a method, counted while it lives. */
struct thing {
    egg_object object;
    int references;
};

static void retain_thing(egg_object *object) { ((struct thing *)object)->references++; }

static void release_thing(egg_object *object) {
    struct thing *thing = (struct thing *)object;
    if (--thing->references > 0) return;
    counters.objects--;
    free(thing);
}

static egg_step call_thing(egg_object *object, egg_call call, egg_str method, const egg_value *args,
                           uint32_t count, egg_value *result) {
    (void)call, (void)args, (void)count;
    *result = integer((int64_t)method.len + ((struct thing *)object)->references);
    return EGG_STEP_DONE;
}

static const egg_object_ops thing_ops = {.size = sizeof(egg_object_ops),
                                         .type = "probe.thing/1",
                                         .retain = retain_thing,
                                         .release = release_thing,
                                         .invoke = call_thing};

static egg_step object(void *self, egg_call call) {
    struct thing *thing = calloc(1, sizeof *thing);
    egg_value value = {.kind = EGG_OBJECT, .as.object = &thing->object}, seen;
    (void)self;
    thing->object.ops = &thing_ops;
    thing->references = 1;
    counters.objects++;
    host->set_state(host, call, TEXT("thing"), &value);
    host->state(host, call, TEXT("thing"), &seen);
    host->invoke_object(host, call, seen.as.object, TEXT("five5"), 0, 0, invoked, new_errand(call));
    release_thing(&thing->object);
    return EGG_STEP_LATER;
}

static void count_local(void *value) {
    (void)value;
    counters.locals++;
}

static egg_step state(void *self, egg_call call) {
    static const char key_a, key_b;
    char copy[] = "value", text[200];
    egg_value value = {.kind = EGG_STRING, .count = 5, .as.string = copy}, out = {0};
    (void)self;
    egg_status before = host->state(host, call, TEXT("name"), &out);
    host->set_state(host, call, TEXT("name"), &value);
    memset(copy, 'x', 5); /* it was copied */
    host->state(host, call, TEXT("name"), &out);
    host->set_local(host, call, &key_a, copy, count_local);
    host->set_local(host, call, &key_a, text, count_local);
    snprintf(text, sizeof text, "%d %.*s %d %d", before, (int)out.count, out.as.string,
             host->local(host, call, &key_a) == text, host->local(host, call, &key_b) == 0);
    return answer(call, text);
}

/* -- the loop ------------------------------------------------------------------ */

static egg_status block(void *state) {
    struct errand *errand = state;
    usleep(2000);
    /* Off the loop everything but posting is refused. */
    if (http->set_status(host, errand->call, 201) != EGG_E_THREAD) counters.late++;
    errand->count = 1;
    return errand->value.as.integer ? EGG_E_FAILED : EGG_OK;
}

static void unblocked(void *state, const egg_outcome *outcome) {
    struct errand *errand = state;
    answer(errand->call, outcome->kind == EGG_OUTCOME_OK && errand->count == 1 ? "offloaded"
                                                                               : "failed");
    host->finish(host, errand->call, 0);
}

static egg_step offload(void *self, egg_call call) {
    struct errand *errand = new_errand(call);
    (void)self;
    errand->value = integer(number(call, "x-fail", 0));
    loop->offload(host, block, unblocked, errand);
    return EGG_STEP_LATER;
}

static void tick(void *state) {
    struct errand *errand = state;
    char text[100];
    if (++errand->count < 3) return;
    egg_status first = loop->cancel_timer(host, errand->token);
    egg_status second = loop->cancel_timer(host, errand->token);
    snprintf(text, sizeof text, "%d ticks %d %d", errand->count, first, second);
    answer(errand->call, text);
    host->finish(host, errand->call, 0);
}

static egg_step timer(void *self, egg_call call) {
    struct errand *errand = new_errand(call);
    (void)self;
    loop->timer(host, 1, 1, tick, errand, &errand->token);
    return EGG_STEP_LATER;
}

static void readable(void *state, uint32_t events) {
    struct errand *errand = state;
    char byte, text[64];
    if (read(errand->pipe[0], &byte, 1) == 1) {
        close(errand->pipe[1]);
        errand->count++;
        return;
    }
    egg_status first = loop->unwatch(host, errand->token);
    egg_status second = loop->unwatch(host, errand->token);
    close(errand->pipe[0]);
    snprintf(text, sizeof text, "%d bytes, closed %d, %d %d", errand->count,
             (events & EGG_WATCH_CLOSED) != 0, first, second);
    answer(errand->call, text);
    host->finish(host, errand->call, 0);
}

static egg_step watch(void *self, egg_call call) {
    struct errand *errand = new_errand(call);
    (void)self;
    if (pipe(errand->pipe) != 0) return answer(call, "no pipe");
    loop->watch(host, errand->pipe[0], EGG_WATCH_READ, readable, errand, &errand->token);
    if (write(errand->pipe[1], "x", 1) != 1) return answer(call, "no write");
    return EGG_STEP_LATER;
}

static void posted(void *state) {
    struct errand *errand = state;
    answer(errand->call, "posted");
    host->finish(host, errand->call, 0);
}

static void *post_from_thread(void *state) {
    loop->post(host, posted, state);
    return 0;
}

static egg_step post(void *self, egg_call call) {
    pthread_t thread;
    (void)self;
    pthread_create(&thread, 0, post_from_thread, new_errand(call));
    pthread_detach(thread);
    return EGG_STEP_LATER;
}

/* -- contexts without a request -------------------------------------------------- */

static egg_step create(void *self, egg_call call) {
    egg_call own;
    egg_request request = SIZED(egg_request);
    egg_pair pairs[] = {{TEXT("method"), {.kind = EGG_STRING, .count = 4, .as.string = "POST"}},
                        {TEXT("url"), {.kind = EGG_STRING, .count = 8, .as.string = "/made?up"}}};
    egg_value described = {.kind = EGG_MAP, .count = 2, .as.pairs = pairs};
    egg_value broken = {.kind = EGG_MAP, .count = 1, .as.pairs = pairs + 1};
    char text[200];
    (void)self;
    egg_status made = app->context_create(host, &described, &own);
    http->request(host, own, &request);
    int at = snprintf(text, sizeof text, "%d %.*s %.*s %d", made, (int)request.method.len,
                      request.method.ptr, (int)request.target.len, request.target.ptr,
                      (request.flags & EGG_REQUEST_ANONYMOUS) != 0);
    egg_step first = host->finish(host, own, 0), second = host->finish(host, own, 0);
    pairs[1].value.as.string = "/ma e?up";
    snprintf(text + at, sizeof text - (size_t)at, " %d %d %d", first, second,
             app->context_create(host, &broken, &own));
    return answer(call, text);
}

/* Calls an application member without a call, and with arguments that are refused. */
static void doubled(void *state, const egg_outcome *outcome) { tell(state, outcome); }

static egg_step background(void *self, egg_call call) {
    egg_value value = integer(21), broken = {.kind = EGG_STRING, .count = 5};
    egg_member method = member(EGG_ON_APPLICATION, "double");
    (void)self;
    for (int i = 0; i < 20; i++)
        if (host->invoke(host, (egg_call){0}, method, &broken, 1, doubled, 0) != EGG_E_ARGUMENT ||
            host->invoke(host, (egg_call){0}, method, 0, 5000, doubled, 0) != EGG_E_ARGUMENT)
            counters.late++;
    host->invoke(host, (egg_call){0}, method, &value, 1, doubled, new_errand(call));
    return EGG_STEP_LATER;
}

static egg_call kept;

/* Keeps its call although it is over; the next request tries it. */
static egg_step keep(void *self, egg_call call) {
    egg_value out;
    char text[200];
    (void)self;
    if (kept.token == 0) {
        kept = call;
        return answer(call, "kept");
    }
    snprintf(text, sizeof text, "%d %d %d %d", http->set_status(host, kept, 200),
             host->finish(host, kept, 0), host->state(host, kept, TEXT("a"), &out),
             host->alloc(host, kept, 8, 8) == 0);
    kept.token = 0;
    return answer(call, text);
}

static egg_step alloc(void *self, egg_call call) {
    (void)self;
    bool is_right = host->alloc(host, call, (size_t)-1, 8) == 0 &&
                    host->alloc(host, call, 1 << 20, 3) == 0 &&
                    host->alloc(host, call, (size_t)1 << 40, 8) == 0 &&
                    ((uintptr_t)host->alloc(host, call, 100, 4096) & 4095) == 0;
    char *zeroed = host->alloc(host, call, 1 << 20, 64);
    for (int i = 0; i < 1 << 20; i++) is_right = is_right && zeroed[i] == 0;
    return answer(call, is_right ? "right" : "wrong");
}

void add_extension_routes(void) {
    route("GET", "/invoke/:name", invoke);
    route("GET", "/invoke-and-go", invoke_and_go);
    route("GET", "/invoke-now", invoke_now);
    route("GET", "/properties", properties);
    route("GET", "/object", object);
    route("GET", "/state", state);
    route("GET", "/offload", offload);
    route("GET", "/timer", timer);
    route("GET", "/watch", watch);
    route("GET", "/post", post);
    route("GET", "/create", create);
    route("GET", "/background", background);
    route("GET", "/keep", keep);
    route("GET", "/alloc", alloc);
}
