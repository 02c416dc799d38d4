#include "probe.h"

EGG_MANIFEST("{\"egg\":1,\"id\":\"probe\",\"version\":\"1.0.0\",\"abi\":{\"major\":1,\"min\":0},"
             "\"provides\":{\"middleware\":[\"outer\",\"passer\",\"plain\",\"catcher\",\"slow\"],"
             "\"context\":[\"slowly\",\"now\",\"never\",\"fails\",\"fresh\",\"once\"],"
             "\"application\":[\"double\"]},"
             "\"routes\":{\"prefix\":\"/\"}}");

const egg_host *host;
const egg_http *http;
const egg_router *router;
const egg_loop *loop;
const egg_app *app;
const egg_upgrade *upgrade;
struct counters counters;

egg_str text_of(const char *text) { return (egg_str){text, strlen(text)}; }

egg_str header(egg_call call, const char *name) {
    egg_str value = {0};
    http->header(host, call, text_of(name), 0, &value);
    return value;
}

static long parse(egg_str text, long fallback) {
    char copy[32];
    if (text.len == 0 || text.len >= sizeof copy) return fallback;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    return atol(copy);
}

long number(egg_call call, const char *name, long fallback) {
    return parse(header(call, name), fallback);
}

long param_number(egg_call call, const char *name) {
    egg_str value = {0};
    http->param(host, call, text_of(name), &value);
    return parse(value, 0);
}

egg_step answer_text(egg_call call, egg_str text) {
    http->set_response(host, call, EGG_BODY_TEXT, text);
    return EGG_STEP_DONE;
}

egg_step answer(egg_call call, const char *text) { return answer_text(call, text_of(text)); }

void route(const char *methods, const char *path, egg_step (*handle)(void *, egg_call)) {
    egg_handler handler = {0, handle};
    egg_route item = SIZED(egg_route);
    egg_str message = {0};
    item.methods = text_of(methods);
    item.path = text_of(path);
    item.handlers = &handler;
    item.handler_count = 1;
    if (router->add_route(host, &item, &message) != EGG_OK)
        host->log(host, (egg_call){0}, EGG_LOG_ERROR, message, 0);
}

static egg_step show_counters(void *self, egg_call call) {
    char text[1024];
    (void)self;
    snprintf(text, sizeof text,
             "released=%ld whole=%ld cut=%ld again=%ld writable=%ld cancelled=%ld locals=%ld "
             "objects=%ld done=%ld failed=%ld opened=%ld closed=%ld reason=%ld requests=%ld "
             "responses=%ld errors=%ld late=%ld",
             counters.released, counters.streams_whole, counters.streams_cut, counters.again,
             counters.writable, counters.cancelled, counters.locals, counters.objects,
             counters.reads_done, counters.reads_failed, counters.opened, counters.closed,
             counters.last_reason, counters.requests, counters.responses, counters.errors,
             counters.late);
    return answer(call, text);
}

static void heard_request(void *self, egg_call call, const egg_value *value) {
    (void)self, (void)call, (void)value;
    counters.requests++;
}

static void heard_response(void *self, egg_call call, const egg_value *value) {
    egg_request request = SIZED(egg_request);
    (void)self, (void)value;
    /* The request can still be looked at, and the call can't be settled. */
    if (http->request(host, call, &request) == EGG_OK && request.method.len > 0 &&
        request.method.ptr[0] >= 'A' && request.method.ptr[0] <= 'Z' &&
        host->finish(host, call, 0) == EGG_STEP_STALE)
        counters.responses++;
}

static void heard_error(void *self, egg_call call, const egg_value *value) {
    (void)self, (void)call;
    if (value->kind == EGG_MAP) counters.errors++;
}

static egg_step on_phase(void *self, egg_phase phase, egg_call call) {
    (void)self, (void)call;
    if (phase == EGG_PHASE_REGISTER) {
        register_middlewares();
        register_extensions();
        app->on(host, TEXT("request"), heard_request, 0);
        app->on(host, TEXT("response"), heard_response, 0);
        app->on(host, TEXT("error"), heard_error, 0);
    }
    if (phase == EGG_PHASE_LOAD) {
        route("GET", "/counters", show_counters);
        add_body_routes();
        add_stream_routes();
        add_response_routes();
        add_chain_routes();
        add_extension_routes();
        add_upgrade_routes();
    }
    return EGG_STEP_DONE;
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *table, const char *id) {
    static egg_plugin plugin = SIZED(egg_plugin);
    (void)id;
    host = table;
    http = host->query(host, EGG_HTTP_ID);
    router = host->query(host, EGG_ROUTER_ID);
    loop = host->query(host, EGG_LOOP_ID);
    app = host->query(host, EGG_APP_ID);
    upgrade = host->query(host, EGG_UPGRADE_ID);
    plugin.abi_major = 1;
    plugin.id = "probe";
    plugin.on_phase = on_phase;
    return &plugin;
}
