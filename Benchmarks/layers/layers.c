/*
 * layers.c - a plugin that is only there to be measured: a hundred layers that pass
 * ("p00" to "p99"), a hundred that work before and after the rest of the chain ("w00"
 * to "w99"), and as many routes as config.layers.routes says. See the script `run`.
 */
#include "egg_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEN(c, d)                                                                          \
    "\"" c d "0\",\"" c d "1\",\"" c d "2\",\"" c d "3\",\"" c d "4\",\"" c d "5\",\"" c d \
    "6\",\"" c d "7\",\"" c d "8\",\"" c d "9\""
#define HUNDRED(c)                                                                         \
    TEN(c, "0") "," TEN(c, "1") "," TEN(c, "2") "," TEN(c, "3") "," TEN(c, "4") ","        \
    TEN(c, "5") "," TEN(c, "6") "," TEN(c, "7") "," TEN(c, "8") "," TEN(c, "9")

EGG_MANIFEST("{\"egg\":1,\"id\":\"layers\",\"version\":\"1.0.0\","
             "\"abi\":{\"major\":1,\"min\":0,\"built\":0},"
             "\"needs\":[\"egg.http/1\",\"egg.router/1\"],\"routes\":{\"prefix\":\"/layers\"},"
             "\"provides\":{\"middleware\":[" HUNDRED("p") "," HUNDRED("w") "]}}");

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

typedef struct layers {
    egg_plugin plugin;
    const egg_host *host;
    const egg_http *http;
    const egg_router *router;
    uint64_t entered, left; /* the work */
} layers;

static egg_step pass(void *instance, egg_call call) {
    (void)instance, (void)call;
    return EGG_STEP_PASS;
}

static egg_step after(egg_call call, void *state, const egg_outcome *outcome) {
    layers *self = state;
    self->left++;
    if (outcome->kind == EGG_OUTCOME_FAILED)
        return self->host->fail(self->host, call, outcome->error);
    return EGG_STEP_DONE;
}

static egg_step work(void *instance, egg_call call) {
    layers *self = instance;
    self->entered++;
    return self->host->next(self->host, call, after, self);
}

static egg_step answer(void *instance, egg_call call) {
    layers *self = instance;
    self->http->set_response(self->host, call, EGG_BODY_TEXT, TEXT("Hello, World!"));
    return EGG_STEP_DONE;
}

static egg_status add_middlewares(layers *self) {
    for (int i = 0; i < 200; i++) {
        /* The kernel keeps the pointer; so do we, for ever. */
        char *name = malloc(4);
        if (name == NULL) return EGG_E_LIMIT;
        snprintf(name, 4, "%c%02d", i < 100 ? 'p' : 'w', i % 100);
        egg_middleware item = {.size = sizeof item, .name = name, .self = self,
                               .handle = i < 100 ? pass : work};
        egg_status status = self->host->add_middleware(self->host, &item);
        if (status != EGG_OK) return status;
    }
    return EGG_OK;
}

/* Routes of many prefixes, as large applications have them. */
static egg_status add_routes(layers *self) {
    egg_value count = {0};
    if (self->host->config(self->host, TEXT("layers.routes"), &count) != EGG_OK ||
        count.kind != EGG_INT)
        return EGG_OK;
    egg_handler handler = {self, answer};
    for (int64_t i = 0; i < count.as.integer; i++) {
        char path[64];
        int length = snprintf(path, sizeof path, "/layers/group%d/item%d/:id", (int)(i / 100),
                              (int)i);
        egg_route route = {.size = sizeof route, .methods = TEXT("GET"),
                           .path = {path, (size_t)length}, .handler_count = 1,
                           .handlers = &handler};
        egg_str message = {"", 0};
        egg_status status = self->router->add_route(self->host, &route, &message);
        if (status != EGG_OK) return status;
    }
    return EGG_OK;
}

static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
    layers *self = instance;
    egg_status status = EGG_OK;
    if (phase == EGG_PHASE_REGISTER) status = add_middlewares(self);
    if (phase == EGG_PHASE_LOAD) status = add_routes(self);
    if (status == EGG_OK) return EGG_STEP_DONE;
    egg_error error = {.size = sizeof error, .code = TEXT("LAYERS_START"),
                       .message = TEXT("a layer or route was refused")};
    return self->host->fail(self->host, call, &error);
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    if (strcmp(plugin_id, "layers") != 0) return NULL;
    layers *self = calloc(1, sizeof *self); /* lives as long as the process */
    if (self == NULL) return NULL;
    self->host = host;
    self->http = host->query(host, EGG_HTTP_ID);
    self->router = host->query(host, EGG_ROUTER_ID);
    self->plugin = (egg_plugin){.size = sizeof(egg_plugin), .abi_major = EGG_ABI_MAJOR,
                                .abi_minor = EGG_ABI_MINOR, .id = "layers", .self = self,
                                .on_phase = on_phase};
    return &self->plugin;
}
