/*
 * The smallest engine for the plugin `view`: it prints a template in capitals and knows no language
 * but C. A template whose name begins with "later" is settled on the next turn of the loop, one
 * whose text is "fails" is refused; so the tests see every way in which an engine may answer.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egg_plugin.h"

EGG_MANIFEST("{\"egg\":1,\"id\":\"upper\",\"version\":\"1.0.0\",\"abi\":{\"major\":1,\"min\":0},"
             "\"dependencies\":[\"view\"],\"provides\":{\"engines\":[\"upper\"]}}");

typedef struct {
    egg_plugin table;
    const egg_host *host;
} upper;

typedef struct {
    const egg_host *host;
    egg_call call;
    egg_value page;
} waiting;

static egg_str text(const char *bytes) {
    egg_str result = {bytes, strlen(bytes)};
    return result;
}

static egg_step refuse(const upper *self, egg_call call, const char *message) {
    egg_error error = {0};
    error.size = sizeof error;
    error.http_status = 502;
    error.code = text("UPPER");
    error.message = text(message);
    return self->host->fail(self->host, call, &error);
}

/* The capitals of `count` bytes, in the request's memory. */
static egg_step answer(const upper *self, egg_call call, const char *bytes, size_t count,
                       egg_value *result) {
    if (count == 5 && memcmp(bytes, "fails", 5) == 0) return refuse(self, call, "upper fails");
    char *page = self->host->alloc(self->host, call, count + 1, 1);
    if (page == NULL) return refuse(self, call, "no memory");
    for (size_t i = 0; i < count; i++) page[i] = (char)toupper((unsigned char)bytes[i]);
    result->kind = EGG_STRING;
    result->count = (uint32_t)count;
    result->as.string = page;
    return EGG_STEP_DONE;
}

static void settle(void *state) {
    waiting *one = state;
    one->host->finish(one->host, one->call, &one->page);
    free(one);
}

static egg_step render(void *state, egg_call call, egg_str path, egg_str name,
                       const egg_value *locals, egg_value *result) {
    upper *self = state;
    if (locals->kind != EGG_MAP) return refuse(self, call, "locals are no map");
    char file_name[4096], bytes[4096];
    if (path.len >= sizeof file_name) return refuse(self, call, "the path is too long");
    memcpy(file_name, path.ptr, path.len);
    file_name[path.len] = 0;
    FILE *file = fopen(file_name, "rb");
    if (file == NULL) return refuse(self, call, "the file cannot be read");
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    egg_step step = answer(self, call, bytes, count, result);
    if (step != EGG_STEP_DONE || name.len < 5 || memcmp(name.ptr, "later", 5) != 0) return step;

    const egg_loop *loop = self->host->query(self->host, EGG_LOOP_ID);
    waiting *one = calloc(1, sizeof *one);
    one->host = self->host;
    one->call = call;
    one->page = *result;
    loop->post(self->host, settle, one);
    return EGG_STEP_LATER;
}

static egg_step render_string(void *state, egg_call call, egg_str source,
                              const egg_value *locals, egg_value *result) {
    (void)locals;
    return answer(state, call, source.ptr, source.len, result);
}

static egg_step on_phase(void *state, egg_phase phase, egg_call call) {
    upper *self = state;
    if (phase != EGG_PHASE_LOAD) return EGG_STEP_DONE;
    const egg_view *view = self->host->query(self->host, EGG_VIEW_ID);
    if (view == NULL) return refuse(self, call, "upper needs the plugin view");
    egg_view_engine engine = {0};
    engine.size = sizeof engine;
    engine.name = "upper";
    engine.self = self;
    engine.render = render;
    engine.render_string = render_string;
    if (view->use(self->host, &engine) != EGG_OK) return refuse(self, call, "view refused upper");
    /* A name is taken once. */
    if (view->use(self->host, &engine) != EGG_E_EXISTS) return refuse(self, call, "taken twice");
    return EGG_STEP_DONE;
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    upper *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->host = host;
    self->table.size = sizeof self->table;
    self->table.abi_major = EGG_ABI_MAJOR;
    self->table.abi_minor = EGG_ABI_MINOR;
    self->table.id = "upper";
    self->table.self = self;
    self->table.on_phase = on_phase;
    return &self->table;
}
