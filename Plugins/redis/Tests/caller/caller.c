/* A plugin in C that uses app.redis: GET /c answers what it has set and read. */
#include "egg_plugin.h"

#include <stdlib.h>
#include <string.h>

EGG_MANIFEST("{\"egg\": 1, \"id\": \"caller\", \"version\": \"1.0.0\","
             " \"abi\": {\"major\": 1, \"min\": 0},"
             " \"needs\": [\"egg.http/1\"], \"provides\": {\"middleware\": [\"caller\"]}}");

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

typedef struct caller {
    egg_plugin plugin;
    const egg_host *host;
    const egg_http *http;
} caller;

typedef struct job {
    caller *self;
    egg_call call;
    egg_object *redis;
} job;

static egg_value text(const char *string) {
    egg_value value = {.kind = EGG_STRING, .count = (uint32_t)strlen(string)};
    value.as.string = string;
    return value;
}

/* What went wrong ends the request. */
static void settle(job *job, const egg_outcome *outcome) {
    const egg_host *host = job->self->host;
    if (outcome->error != NULL) host->fail(host, job->call, outcome->error);
    else host->finish(host, job->call, NULL);
}

static void got(void *state, const egg_outcome *outcome) {
    job *job = state;
    const egg_host *host = job->self->host;
    const egg_value *value = &outcome->value;
    if (outcome->kind == EGG_OUTCOME_OK && value->kind == EGG_STRING) {
        egg_str body = {value->as.string, value->count};
        job->self->http->set_response(host, job->call, EGG_BODY_TEXT, body);
        host->finish(host, job->call, NULL);
    } else {
        settle(job, outcome);
    }
}

static void set(void *state, const egg_outcome *outcome) {
    job *job = state;
    const egg_host *host = job->self->host;
    egg_value key = text("from c");
    if (outcome->kind != EGG_OUTCOME_OK) {
        settle(job, outcome);
        return;
    }
    host->invoke_object(host, job->call, job->redis, TEXT("get"), &key, 1, got, job);
}

static egg_step handle(void *instance, egg_call call) {
    caller *self = instance;
    const egg_host *host = self->host;
    egg_request request = {.size = sizeof request};
    egg_member member;
    egg_value redis;
    egg_value args[2] = {text("from c"), text("hello from C")};
    job *job;
    if (self->http->request(host, call, &request) != EGG_OK || request.path.len != 2 ||
        memcmp(request.path.ptr, "/c", 2) != 0)
        return EGG_STEP_PASS;
    if (host->resolve(host, EGG_ON_APPLICATION, TEXT("redis"), &member) != EGG_OK ||
        host->get(host, call, member, &redis) != EGG_OK || redis.kind != EGG_OBJECT)
        return EGG_STEP_PASS;
    job = host->alloc(host, call, sizeof *job, sizeof(void *));
    if (job == NULL) return EGG_STEP_PASS;
    job->self = self;
    job->call = call;
    job->redis = redis.as.object; /* lives as long as the call's context */
    if (host->invoke_object(host, call, job->redis, TEXT("set"), args, 2, set, job) != EGG_OK)
        return EGG_STEP_PASS;
    return EGG_STEP_LATER;
}

static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
    caller *self = instance;
    egg_middleware item = {.size = sizeof item, .name = "caller", .self = self, .handle = handle};
    (void)call;
    if (phase == EGG_PHASE_REGISTER) self->host->add_middleware(self->host, &item);
    return EGG_STEP_DONE;
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *id) {
    caller *self = calloc(1, sizeof *self);
    (void)id;
    if (self == NULL) return NULL;
    self->host = host;
    self->http = host->query(host, EGG_HTTP_ID);
    self->plugin = (egg_plugin){.size = sizeof self->plugin, .abi_major = EGG_ABI_MAJOR,
                                .abi_minor = EGG_ABI_MINOR, .id = "caller", .self = self,
                                .on_phase = on_phase};
    return &self->plugin;
}
