/*
 * caller.c - a plugin in C for tests: members that Swift units call, and one that
 * calls a member of another unit and waits for it.
 */
#include "egg_plugin.h"

#include <stdlib.h>
#include <string.h>

EGG_MANIFEST("{\"egg\": 1, \"id\": \"callerC\", \"version\": \"1.0.0\","
             " \"abi\": {\"major\": 1, \"min\": 0, \"built\": 0},"
             " \"provides\": {\"context\": [\"shout\", \"callBack\"],"
             " \"application\": [\"callerName\"]}}");

typedef struct caller {
    egg_plugin plugin;
    const egg_host *host;
} caller;

static egg_status get_name(void *instance, egg_call call, egg_value *out) {
    (void)instance, (void)call;
    *out = (egg_value){.kind = EGG_STRING, .count = 6, .as.string = "caller"};
    return EGG_OK;
}

/* ctx.shout(text): upper case and "!", in the request's memory. */
static egg_step shout(void *instance, egg_call call, const egg_value *args, uint32_t count,
                      egg_value *result) {
    caller *self = instance;
    if (count < 1 || args[0].kind != EGG_STRING) return EGG_STEP_DONE;
    char *text = self->host->alloc(self->host, call, (size_t)args[0].count + 1, 1);
    if (text == NULL) return EGG_STEP_DONE;
    for (uint32_t i = 0; i < args[0].count; i++) {
        char c = args[0].as.string[i];
        text[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    text[args[0].count] = '!';
    *result = (egg_value){.kind = EGG_STRING, .count = args[0].count + 1, .as.string = text};
    return EGG_STEP_DONE;
}

typedef struct waiting {
    caller *self;
    egg_call call;
} waiting;

static void answered(void *state, const egg_outcome *outcome) {
    waiting *job = state;
    const egg_host *host = job->self->host;
    if (outcome->kind == EGG_OUTCOME_FAILED)
        host->fail(host, job->call, outcome->error);
    else
        host->finish(host, job->call, &outcome->value);
    free(job);
}

/* ctx.callBack(name, argument): app.<name>(argument) of whichever unit has it. */
static egg_step call_back(void *instance, egg_call call, const egg_value *args, uint32_t count,
                          egg_value *result) {
    caller *self = instance;
    (void)result;
    egg_member member;
    waiting *job = malloc(sizeof *job);
    if (job == NULL || count < 2 || args[0].kind != EGG_STRING) goto nothing;
    egg_str name = {args[0].as.string, args[0].count};
    if (self->host->resolve(self->host, EGG_ON_APPLICATION, name, &member) != EGG_OK)
        goto nothing;
    *job = (waiting){self, call};
    if (self->host->invoke(self->host, call, member, args + 1, 1, answered, job) != EGG_OK)
        goto nothing;
    return EGG_STEP_LATER;
nothing:
    free(job);
    return EGG_STEP_DONE;
}

static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
    caller *self = instance;
    const egg_host *host = self->host;
    (void)call;
    if (phase != EGG_PHASE_REGISTER) return EGG_STEP_DONE;
    const egg_method methods[] = {
        {.size = sizeof(egg_method), .flags = EGG_METHOD_IMMEDIATE, .target = EGG_ON_CONTEXT,
         .name = "shout", .self = self, .invoke = shout},
        {.size = sizeof(egg_method), .target = EGG_ON_CONTEXT, .name = "callBack",
         .self = self, .invoke = call_back},
    };
    const egg_property name = {.size = sizeof name, .target = EGG_ON_APPLICATION,
                               .name = "callerName", .self = self, .get = get_name};
    host->add_method(host, &methods[0]);
    host->add_method(host, &methods[1]);
    host->add_property(host, &name);
    return EGG_STEP_DONE;
}

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    caller *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->host = host;
    self->plugin = (egg_plugin){.size = sizeof(egg_plugin), .abi_major = EGG_ABI_MAJOR,
                                .abi_minor = EGG_ABI_MINOR, .id = "callerC", .self = self,
                                .on_phase = on_phase};
    return &self->plugin;
}
