/*
 * Additions to nunjucks templates in C: a filter, a filter that answers on the next turn of the
 * loop, a test, a function, a variable, and the tag {% repeat n %} … {% between %} … {% endrepeat %}.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "egg_plugin.h"

EGG_MANIFEST("{\"egg\":1,\"id\":\"additions\",\"version\":\"1.0.0\","
             "\"abi\":{\"major\":1,\"min\":0},\"dependencies\":[\"nunjucks\"]}");

typedef struct {
    egg_plugin table;
    const egg_host *host;
    const egg_nunjucks *nunjucks;
} additions;

typedef struct {
    const egg_host *host;
    egg_call call;
    egg_value value;
} waiting;

static egg_str text(const char *bytes) {
    egg_str result = {bytes, strlen(bytes)};
    return result;
}

static egg_step refuse(const additions *self, egg_call call, const char *message) {
    egg_error error = {0};
    error.size = sizeof error;
    error.code = text("ADDITIONS");
    error.message = text(message);
    return self->host->fail(self->host, call, &error);
}

/* {{ x | backwards }} */
static egg_step backwards(void *state, egg_call call, const egg_value *args, uint32_t count,
                          egg_value *result) {
    additions *self = state;
    if (count == 0 || args[0].kind != EGG_STRING) return refuse(self, call, "backwards: no text");
    char *turned = self->host->alloc(self->host, call, args[0].count + 1u, 1);
    if (turned == NULL) return refuse(self, call, "no memory");
    for (uint32_t i = 0; i < args[0].count; i++)
        turned[i] = args[0].as.string[args[0].count - 1 - i];
    *result = args[0];
    result->flags = 0;
    result->as.string = turned;
    return EGG_STEP_DONE;
}

static void settle(void *state) {
    waiting *one = state;
    one->host->finish(one->host, one->call, &one->value);
    free(one);
}

/* {{ n | next }}: n + 1, later. */
static egg_step next(void *state, egg_call call, const egg_value *args, uint32_t count,
                     egg_value *result) {
    additions *self = state;
    (void)result;
    if (count == 0 || args[0].kind != EGG_INT) return refuse(self, call, "next: no number");
    const egg_loop *loop = self->host->query(self->host, EGG_LOOP_ID);
    waiting *one = calloc(1, sizeof *one);
    if (one == NULL) return refuse(self, call, "no memory");
    one->host = self->host;
    one->call = call;
    one->value.kind = EGG_INT;
    one->value.as.integer = args[0].as.integer + 1;
    loop->post(self->host, settle, one);
    return EGG_STEP_LATER;
}

/* {{ n is prime }} */
static egg_step prime(void *state, egg_call call, const egg_value *args, uint32_t count,
                      egg_value *result) {
    (void)state;
    (void)call;
    int64_t n = count > 0 && args[0].kind == EGG_INT ? args[0].as.integer : 0;
    result->kind = EGG_BOOL;
    result->as.boolean = n > 1;
    for (int64_t i = 2; i * i <= n; i++)
        if (n % i == 0) result->as.boolean = false;
    return EGG_STEP_DONE;
}

/* {{ argument_count(1, 2) }} */
static egg_step argument_count(void *state, egg_call call, const egg_value *args, uint32_t count,
                               egg_value *result) {
    (void)state;
    (void)call;
    (void)args;
    result->kind = EGG_INT;
    result->as.integer = count;
    return EGG_STEP_DONE;
}

/* The bodies in turn, n times; with a word, its first letter in front: [r] or [b]. */
static egg_step repeat(void *state, egg_call call, egg_nunjucks_use use, const egg_value *args,
                       uint32_t count, egg_value *result) {
    additions *self = state;
    const egg_nunjucks *nunjucks = self->nunjucks;
    if (count == 0 || args[0].kind != EGG_INT) return refuse(self, call, "repeat: no number");
    char *page = self->host->alloc(self->host, call, 4096, 1);
    size_t length = 0;
    if (page == NULL) return refuse(self, call, "no memory");
    for (int64_t round = 0; round < args[0].as.integer; round++) {
        for (uint32_t index = 0;; index++) {
            egg_str word;
            egg_value body;
            egg_status status = nunjucks->body(self->host, use, index, &word, &body);
            if (status == EGG_E_NOT_FOUND) break;
            if (status != EGG_OK) return refuse(self, call, "repeat: a body failed");
            if (length + body.count + 4 > 4096) return refuse(self, call, "repeat: too long");
            page[length++] = '[';
            page[length++] = word.ptr[0];
            page[length++] = ']';
            memcpy(page + length, body.as.string, body.count);
            length += body.count;
        }
    }
    egg_value gone;
    if (nunjucks->body(self->host, 0, 0, NULL, &gone) != EGG_E_STALE)
        return refuse(self, call, "use 0 is a use");
    result->kind = EGG_STRING;
    result->flags = EGG_VALUE_SAFE;
    result->count = (uint32_t)length;
    result->as.string = page;
    return EGG_STEP_DONE;
}

static egg_method method(additions *self, const char *name, uint32_t flags,
                         egg_step (*invoke)(void *, egg_call, const egg_value *, uint32_t,
                                            egg_value *)) {
    egg_method result = {0};
    result.size = sizeof result;
    result.flags = flags;
    result.name = name;
    result.self = self;
    result.invoke = invoke;
    return result;
}

static egg_step on_phase(void *state, egg_phase phase, egg_call call) {
    additions *self = state;
    if (phase != EGG_PHASE_LOAD) return EGG_STEP_DONE;
    const egg_host *host = self->host;
    const egg_nunjucks *nunjucks = host->query(host, EGG_NUNJUCKS_ID);
    if (nunjucks == NULL) return refuse(self, call, "additions needs the plugin nunjucks");
    self->nunjucks = nunjucks;
    egg_method filter = method(self, "backwards", EGG_METHOD_IMMEDIATE, backwards);
    egg_method later = method(self, "next", 0, next);
    egg_method test = method(self, "prime", EGG_METHOD_IMMEDIATE, prime);
    egg_method function = method(self, "argument_count", EGG_METHOD_IMMEDIATE, argument_count);
    egg_value answer = {0};
    answer.kind = EGG_INT;
    answer.as.integer = 42;
    egg_nunjucks_tag tag = {0};
    tag.size = sizeof tag;
    tag.name = "repeat";
    tag.end = "endrepeat";
    tag.middle = "between";
    tag.self = self;
    tag.run = repeat;
    if (nunjucks->add_filter(host, &filter) != EGG_OK ||
        nunjucks->add_filter(host, &later) != EGG_OK ||
        nunjucks->add_test(host, &test) != EGG_OK ||
        nunjucks->add_function(host, &function) != EGG_OK ||
        nunjucks->add_global(host, text("answer"), &answer) != EGG_OK ||
        nunjucks->add_tag(host, &tag) != EGG_OK)
        return refuse(self, call, "nunjucks refused an addition");
    /* What cannot be: a test that waits, words between bodies without a body, no name. */
    later.name = "";
    egg_nunjucks_tag bodiless = tag;
    bodiless.end = NULL;
    if (nunjucks->add_test(host, &later) != EGG_E_ARGUMENT ||
        nunjucks->add_tag(host, &bodiless) != EGG_E_UNSUPPORTED)
        return refuse(self, call, "nunjucks took what cannot be");
    later.name = "never";
    if (nunjucks->add_test(host, &later) != EGG_E_UNSUPPORTED)
        return refuse(self, call, "nunjucks took a test that waits");
    return EGG_STEP_DONE;
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    additions *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->host = host;
    self->table.size = sizeof self->table;
    self->table.abi_major = EGG_ABI_MAJOR;
    self->table.abi_minor = EGG_ABI_MINOR;
    self->table.id = "additions";
    self->table.self = self;
    self->table.on_phase = on_phase;
    return &self->table;
}
