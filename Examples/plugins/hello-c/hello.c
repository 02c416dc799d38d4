/*
 * hello.c - a whole Egg plugin in C. Copy it, rename it, throw away what you do not
 * need. It shows
 *
 *   - the manifest and the entry function                                  (at the end)
 *   - a middleware that runs before and after the rest of the chain        "responseTime"
 *   - a middleware that answers by itself                                  "maintenance"
 *   - a middleware that catches what the inner layers throw                "rescue"
 *   - properties and methods of app, ctx and helper                        app.hello, ctx.greet, …
 *   - a method whose answer comes later                                    app.helloLater
 *   - an event listener and a repeating timer
 *   - a route below the prefix that the manifest declares                  GET /hello-c/:name
 *
 * Three rules to keep in mind while reading:
 *
 *   1. The kernel calls us on one thread, and we call it back from that thread only.
 *   2. What we are given is good until our function returns. What must live longer is
 *      copied: into the request's memory (host->alloc, host->copy) or into our own.
 *   3. A call is settled exactly once. Each way out of a handler is a `return` of what
 *      a host function answered, or of DONE, PASS or LATER. Never both.
 */
#include "egg_plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Read by the kernel before any of our code runs: who we are, what we need, and the
 * names we are going to add. A name that is missing here can't be registered. */
EGG_MANIFEST("{\"egg\": 1, \"id\": \"hello-c\", \"version\": \"1.0.0\","
             " \"abi\": {\"major\": 1, \"min\": 0, \"built\": 0},"
             " \"needs\": [\"egg.http/1\", \"egg.loop/1\"],"
             " \"wants\": [\"egg.app/1\", \"egg.router/1\"],"
             " \"routes\": {\"prefix\": \"/hello-c\"},"
             " \"provides\": {"
             "   \"middleware\": [\"responseTime\", \"maintenance\", \"rescue\"],"
             "   \"application\": [\"hello\", \"helloLater\"],"
             "   \"context\": [\"greet\", \"requestNumber\"],"
             "   \"helper\": [\"shout\"]}}");

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

/* Everything we know, one for each application that enables us. There are no global
 * variables, so two applications in one process do not meet. */
typedef struct hello {
    egg_plugin plugin; /* what the entry function returns */
    const egg_host *host;
    const egg_http *http;
    const egg_loop *loop;
    const egg_app *app;       /* may be NULL: the manifest says "wants" */
    const egg_router *router; /* may be NULL */
    egg_value greeting;       /* configuration lives as long as the process */
    uint64_t tick;            /* the timer's token */
    int64_t ticks, requests, errors;
    egg_pair report[4]; /* what app.hello answers with */
} hello;

static egg_value text_value(const char *bytes, size_t count) {
    return (egg_value){.kind = EGG_STRING, .count = (uint32_t)count, .as.string = bytes};
}

/* ---- middleware: before and after ------------------------------------------------- */

/* What `before` leaves for `after`; it lies in the request's memory. */
typedef struct stopwatch {
    hello *self;
    uint64_t started;
} stopwatch;

/* Runs when the inner layers have ended, well or not. `call` is a fresh value. */
static egg_step after(egg_call call, void *state, const egg_outcome *outcome) {
    stopwatch *watch = state;
    hello *self = watch->self;
    const egg_host *host = self->host;

    uint64_t microseconds = (self->loop->now_ns(host) - watch->started) / 1000;
    char text[32];
    int count = snprintf(text, sizeof text, "%" PRIu64 "us", microseconds);
    self->http->set_header(host, call, TEXT("x-hello-time"), (egg_str){text, (size_t)count});

    /* An error is passed on, as if it had been thrown through us. */
    if (outcome->kind == EGG_OUTCOME_FAILED) return host->fail(host, call, outcome->error);
    return host->finish(host, call, NULL);
}

static egg_step response_time(void *instance, egg_call call) {
    hello *self = instance;
    const egg_host *host = self->host;
    stopwatch *watch = host->alloc(host, call, sizeof *watch, _Alignof(stopwatch));
    /* No memory: a header is not worth failing for. PASS runs the rest without us. */
    if (watch == NULL) return EGG_STEP_PASS;
    watch->self = self;
    watch->started = self->loop->now_ns(host);
    return host->next(host, call, after, watch);
}

/* ---- middleware: answers by itself ------------------------------------------------- */

/* Made once for each use, with its options: config.maintenance = {"enabled": true}. */
typedef struct maintenance {
    hello *self;
    bool enabled;
} maintenance;

static const egg_value *member(const egg_value *map, const char *name) {
    /* A reader that meets a kind it does not expect treats it as absent. */
    if (map->kind != EGG_MAP) return NULL;
    size_t count = strlen(name);
    for (uint32_t i = 0; i < map->count; i++) {
        const egg_pair *pair = &map->as.pairs[i];
        if (pair->key.len == count && memcmp(pair->key.ptr, name, count) == 0)
            return &pair->value;
    }
    return NULL;
}

static egg_status maintenance_make(void *self, const egg_value *options, void **instance,
                                   egg_str *message) {
    const egg_value *enabled = member(options, "enabled");
    if (enabled != NULL && enabled->kind != EGG_BOOL) {
        *message = TEXT("\"enabled\" of maintenance must be true or false");
        return EGG_E_ARGUMENT; /* stops the start, and shows the message */
    }
    /* Instances live as long as the process; nobody frees them. */
    maintenance *made = malloc(sizeof *made);
    if (made == NULL) return EGG_E_LIMIT;
    *made = (maintenance){self, enabled != NULL && enabled->as.boolean};
    *instance = made;
    return EGG_OK;
}

static egg_step maintenance_handle(void *instance, egg_call call) {
    maintenance *m = instance;
    if (!m->enabled) return EGG_STEP_PASS;
    const egg_host *host = m->self->host;
    const egg_http *http = m->self->http;
    http->set_status(host, call, 503);
    http->set_header(host, call, TEXT("retry-after"), TEXT("60"));
    http->set_response(host, call, EGG_BODY_TEXT, TEXT("Back in a minute."));
    /* DONE: nothing further inside runs, the layers outside see our answer. */
    return EGG_STEP_DONE;
}

/* ---- middleware: catches errors ------------------------------------------------------ */

static egg_step rescued(egg_call call, void *state, const egg_outcome *outcome) {
    hello *self = state;
    if (outcome->kind != EGG_OUTCOME_FAILED) return EGG_STEP_DONE;
    /* Only our own kind of error is answered; every other flies on. */
    const egg_error *error = outcome->error;
    const egg_str ours = TEXT("HELLO_UNKNOWN_NAME");
    if (error->code.len != ours.len || memcmp(error->code.ptr, ours.ptr, ours.len) != 0)
        return self->host->fail(self->host, call, error);
    self->http->set_status(self->host, call, 404);
    self->http->set_response(self->host, call, EGG_BODY_JSON,
                             TEXT("{\"error\":\"nobody of that name\"}"));
    return EGG_STEP_DONE; /* the error is handled: outer layers see a good end */
}

static egg_step rescue(void *instance, egg_call call) {
    hello *self = instance;
    return self->host->next(self->host, call, rescued, self);
}

/* ---- app.hello: a property ---------------------------------------------------------- */

/* A property is read at once. What it points to must outlive this function, so the
 * pairs lie in our own struct; the reader copies what it wants to keep. */
static egg_status get_hello(void *instance, egg_call call, egg_value *out) {
    hello *self = instance;
    (void)call; /* zero for application members read outside of a request */
    static const char *const names[] = {"greeting", "ticks", "requests", "errors"};
    egg_value values[] = {self->greeting,
                          {.kind = EGG_INT, .as.integer = self->ticks},
                          {.kind = EGG_INT, .as.integer = self->requests},
                          {.kind = EGG_INT, .as.integer = self->errors}};
    for (int i = 0; i < 4; i++)
        self->report[i] = (egg_pair){{names[i], strlen(names[i])}, values[i]};
    *out = (egg_value){.kind = EGG_MAP, .count = 4, .as.pairs = self->report};
    return EGG_OK;
}

/* ---- app.helloLater(name): a method whose answer comes later -------------------------- */

typedef struct later {
    hello *self;
    egg_call call;
    char name[64];
} later;

static void answer_later(void *state) {
    later *job = state;
    const egg_host *host = job->self->host;
    char text[160];
    egg_value greeting = job->self->greeting;
    int count = snprintf(text, sizeof text, "%.*s later, %s", (int)greeting.count,
                         greeting.as.string, job->name);
    egg_value value = text_value(text, (size_t)count); /* finish copies it */
    host->finish(host, job->call, &value);
    free(job);
}

static egg_step hello_later(void *instance, egg_call call, const egg_value *args,
                            uint32_t count, egg_value *result) {
    hello *self = instance;
    (void)result; /* only for DONE */
    /* Bad arguments are the caller's mistake: an error with a code, never a crash. */
    if (count < 1 || args[0].kind != EGG_STRING) {
        egg_error error = {.size = sizeof error, .http_status = 400,
                           .flags = EGG_ERROR_EXPOSE, .code = TEXT("HELLO_ARGUMENT"),
                           .message = TEXT("helloLater needs a name")};
        return self->host->fail(self->host, call, &error);
    }
    later *job = malloc(sizeof *job);
    if (job == NULL) return EGG_STEP_DONE; /* undefined */
    job->self = self;
    job->call = call;
    /* The arguments are gone when we return, so the name is copied. */
    snprintf(job->name, sizeof job->name, "%.*s", (int)args[0].count, args[0].as.string);
    uint64_t token;
    if (self->loop->timer(self->host, 20, 0, answer_later, job, &token) != EGG_OK) {
        free(job);
        return EGG_STEP_DONE;
    }
    return EGG_STEP_LATER; /* we keep the call; answer_later settles it */
}

/* ---- ctx.greet(name), ctx.requestNumber, helper.shout(text) ---------------------------- */

/* Immediate: it never answers LATER, so templates may call it in the middle of a line. */
static egg_step greet(void *instance, egg_call call, const egg_value *args, uint32_t count,
                      egg_value *result) {
    hello *self = instance;
    const egg_host *host = self->host;
    egg_value name = text_value("world", 5);
    if (count > 0 && args[0].kind == EGG_STRING) name = args[0];
    size_t size = (size_t)self->greeting.count + name.count + 3;
    /* The result lies in the request's memory and needs no free. */
    char *text = host->alloc(host, call, size, 1);
    if (text == NULL) return EGG_STEP_DONE;
    int length = snprintf(text, size, "%.*s, %.*s", (int)self->greeting.count,
                          self->greeting.as.string, (int)name.count, name.as.string);
    *result = text_value(text, (size_t)length);
    return EGG_STEP_DONE;
}

/* With EGG_PROPERTY_ONCE the kernel asks once per request and keeps the answer. */
static egg_status request_number(void *instance, egg_call call, egg_value *out) {
    hello *self = instance;
    (void)call;
    *out = (egg_value){.kind = EGG_INT, .as.integer = ++self->requests};
    return EGG_OK;
}

static egg_step shout(void *instance, egg_call call, const egg_value *args, uint32_t count,
                      egg_value *result) {
    hello *self = instance;
    if (count < 1 || args[0].kind != EGG_STRING) return EGG_STEP_DONE;
    char *text = self->host->alloc(self->host, call, (size_t)args[0].count + 1, 1);
    if (text == NULL) return EGG_STEP_DONE;
    for (uint32_t i = 0; i < args[0].count; i++) {
        char c = args[0].as.string[i];
        text[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c; /* UTF-8 bytes stay */
    }
    text[args[0].count] = '!';
    *result = text_value(text, (size_t)args[0].count + 1);
    return EGG_STEP_DONE;
}

/* ---- a route, a timer, an event -------------------------------------------------------- */

static egg_step hello_route(void *instance, egg_call call) {
    hello *self = instance;
    const egg_host *host = self->host;
    egg_str name = {"", 0};
    self->http->param(host, call, TEXT("name"), &name);
    if (name.len == 6 && memcmp(name.ptr, "nobody", 6) == 0) {
        egg_error error = {.size = sizeof error, .http_status = 404,
                           .code = TEXT("HELLO_UNKNOWN_NAME"), .message = TEXT("no such name")};
        return host->fail(host, call, &error);
    }
    char text[256];
    int count = snprintf(text, sizeof text, "%.*s, %.*s\n", (int)self->greeting.count,
                         self->greeting.as.string, (int)(name.len > 100 ? 100 : name.len),
                         name.ptr);
    size_t length = (size_t)count < sizeof text ? (size_t)count : sizeof text - 1;
    self->http->set_header(host, call, TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
    self->http->set_response(host, call, EGG_BODY_TEXT, (egg_str){text, length});
    return EGG_STEP_DONE;
}

static void tick(void *state) {
    hello *self = state;
    self->ticks++;
}

static void heard_error(void *state, egg_call call, const egg_value *value) {
    hello *self = state;
    (void)call, (void)value; /* to look at, during this function */
    self->errors++;
}

/* ---- the phases ------------------------------------------------------------------------ */

static egg_status register_all(hello *self) {
    const egg_host *host = self->host;
    /* Structs are copied; names, functions and `self` must stay. */
    const egg_middleware middlewares[] = {
        {.size = sizeof(egg_middleware), .name = "responseTime", .self = self,
         .handle = response_time},
        {.size = sizeof(egg_middleware), .name = "maintenance", .self = self,
         .make = maintenance_make, .handle = maintenance_handle},
        {.size = sizeof(egg_middleware), .name = "rescue", .self = self, .handle = rescue},
    };
    const egg_method methods[] = {
        {.size = sizeof(egg_method), .target = EGG_ON_APPLICATION, .name = "helloLater",
         .self = self, .invoke = hello_later},
        {.size = sizeof(egg_method), .flags = EGG_METHOD_IMMEDIATE, .target = EGG_ON_CONTEXT,
         .name = "greet", .self = self, .invoke = greet},
        {.size = sizeof(egg_method), .flags = EGG_METHOD_IMMEDIATE, .target = EGG_ON_HELPER,
         .name = "shout", .self = self, .invoke = shout},
    };
    const egg_property properties[] = {
        {.size = sizeof(egg_property), .target = EGG_ON_APPLICATION, .name = "hello",
         .self = self, .get = get_hello},
        {.size = sizeof(egg_property), .flags = EGG_PROPERTY_ONCE, .target = EGG_ON_CONTEXT,
         .name = "requestNumber", .self = self, .get = request_number},
    };
    egg_status status = EGG_OK;
    for (int i = 0; i < 3 && status == EGG_OK; i++)
        status = host->add_middleware(host, &middlewares[i]);
    for (int i = 0; i < 3 && status == EGG_OK; i++) status = host->add_method(host, &methods[i]);
    for (int i = 0; i < 2 && status == EGG_OK; i++)
        status = host->add_property(host, &properties[i]);
    if (status == EGG_OK && self->app != NULL)
        status = self->app->on(host, TEXT("error"), heard_error, self);
    return status;
}

static void read_config(hello *self) {
    const egg_host *host = self->host;
    egg_value value;
    self->greeting = text_value("Hello", 5);
    if (host->config(host, TEXT("hello.greeting"), &value) == EGG_OK && value.kind == EGG_STRING)
        self->greeting = value; /* frozen by now: valid as long as the process */
}

static egg_status start_ticking(hello *self) {
    const egg_host *host = self->host;
    egg_value value;
    uint64_t every = 1000;
    if (host->config(host, TEXT("hello.tickMs"), &value) == EGG_OK && value.kind == EGG_INT &&
        value.as.integer > 0)
        every = (uint64_t)value.as.integer;
    return self->loop->timer(host, every, every, tick, self, &self->tick);
}

static egg_status add_routes(hello *self) {
    if (self->router == NULL) return EGG_OK;
    const egg_handler handlers[] = {{self, rescue}, {self, hello_route}};
    const egg_route route = {.size = sizeof route, .name = TEXT("hello_c"),
                             .methods = TEXT("GET"), .path = TEXT("/hello-c/:name"),
                             .handler_count = 2, .handlers = handlers,
                             .controller = TEXT("hello.greet")};
    egg_str message = {"", 0};
    egg_status status = self->router->add_route(self->host, &route, &message);
    if (status != EGG_OK)
        self->host->log(self->host, (egg_call){0}, EGG_LOG_ERROR, message, NULL);
    return status;
}

static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
    hello *self = instance;
    egg_status status = EGG_OK;
    switch (phase) {
    case EGG_PHASE_REGISTER: status = register_all(self); break;
    case EGG_PHASE_CONFIG_DID_LOAD: read_config(self); break;
    case EGG_PHASE_LOAD: status = add_routes(self); break;
    case EGG_PHASE_DID_READY: status = start_ticking(self); break;
    case EGG_PHASE_BEFORE_CLOSE:
        if (self->tick != 0) self->loop->cancel_timer(self->host, self->tick);
        break;
    default: break; /* also phases that a later kernel adds */
    }
    if (status == EGG_OK) return EGG_STEP_DONE;
    egg_error error = {.size = sizeof error, .code = TEXT("HELLO_START"),
                       .message = TEXT("hello-c could not start; see the lines before this")};
    return self->host->fail(self->host, call, &error);
}

/* ---- the entry: the only exported function ----------------------------------------------- */

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    if (strcmp(plugin_id, "hello-c") != 0) return NULL;
    hello *self = calloc(1, sizeof *self); /* lives as long as the process */
    if (self == NULL) return NULL;
    self->host = host;
    self->http = host->query(host, EGG_HTTP_ID);
    self->loop = host->query(host, EGG_LOOP_ID);
    self->app = host->query(host, EGG_APP_ID);
    self->router = host->query(host, EGG_ROUTER_ID);
    /* What the manifest needs is always there; a test host may be stricter. */
    if (self->http == NULL || self->loop == NULL) {
        free(self);
        return NULL;
    }
    self->plugin = (egg_plugin){.size = sizeof(egg_plugin), .abi_major = EGG_ABI_MAJOR,
                                .abi_minor = EGG_ABI_MINOR, .id = "hello-c", .self = self,
                                .on_phase = on_phase};
    return &self->plugin;
}
