/*
 * misbehaving.h - what the misbehaving plugins share: a well-behaved frame around one
 * wrong thing.
 *
 * Each registers a middleware under its own id. It passes every request on, except
 * those whose path begins with "/<id>": there the plugin's `misbehave` runs. What
 * host functions answered is collected with `note` and sent as the body, one
 * "name=status" a line.
 */
#ifndef MISBEHAVING_H
#define MISBEHAVING_H

#include "egg_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ID
#error "the Makefile defines ID as the file's name without .c"
#endif

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

/* Files may say otherwise before they include this. */
#ifndef MANIFEST_ID
#define MANIFEST_ID ID
#endif
#ifndef MANIFEST_ABI
#define MANIFEST_ABI "{\"major\": 1, \"min\": 0}"
#endif
#ifndef MANIFEST_PROVIDES
#define MANIFEST_PROVIDES ""
#endif

#ifndef NO_MANIFEST
EGG_MANIFEST("{\"egg\": 1, \"id\": \"" MANIFEST_ID "\", \"abi\": " MANIFEST_ABI ","
             " \"needs\": [\"egg.http/1\"],"
             " \"provides\": {\"middleware\": [\"" ID "\"]" MANIFEST_PROVIDES "}}");
#endif

typedef struct bad {
    egg_plugin plugin;
    const egg_host *host;
    const egg_http *http;
    char report[2048];
} bad;

static inline void note(bad *self, const char *name, int status) {
    size_t used = strlen(self->report);
    snprintf(self->report + used, sizeof self->report - used, "%s=%d\n", name, status);
}

/* Answers with what was noted. */
static inline egg_step answer(bad *self, egg_call call) {
    self->http->set_response(self->host, call, EGG_BODY_TEXT,
                             (egg_str){self->report, strlen(self->report)});
    return EGG_STEP_DONE;
}

#ifndef OWN_FRAME

/* What a file provides: the wrong thing in a request … */
static egg_step misbehave(bad *self, egg_call call);
/* … and, if it says WRONG_AT_BOOT, in a phase. */
#ifdef WRONG_AT_BOOT
static egg_step misbehave_at_boot(bad *self, egg_phase phase, egg_call call);
#endif

static egg_step handle(void *instance, egg_call call) {
    bad *self = instance;
    egg_request request = {.size = sizeof request};
    if (self->http->request(self->host, call, &request) != EGG_OK ||
        request.path.len < sizeof ID || memcmp(request.path.ptr, "/" ID, sizeof ID) != 0)
        return EGG_STEP_PASS;
    return misbehave(self, call);
}

static egg_step on_phase(void *instance, egg_phase phase, egg_call call) {
    bad *self = instance;
    if (phase == EGG_PHASE_REGISTER) {
        egg_middleware middleware = {
            .size = sizeof middleware, .name = ID, .self = self, .handle = handle};
        note(self, "add_middleware", self->host->add_middleware(self->host, &middleware));
    }
#ifdef WRONG_AT_BOOT
    return misbehave_at_boot(self, phase, call);
#else
    (void)call;
    return EGG_STEP_DONE;
#endif
}

static const egg_plugin *make_plugin(const egg_host *host) {
    bad *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->host = host;
    self->http = host->query(host, EGG_HTTP_ID);
    self->plugin = (egg_plugin){.size = sizeof(egg_plugin), .abi_major = EGG_ABI_MAJOR,
                                .abi_minor = EGG_ABI_MINOR, .id = MANIFEST_ID, .self = self,
                                .on_phase = on_phase};
    return &self->plugin;
}

#ifndef OWN_ENTRY
const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    return make_plugin(host);
}
#endif

#endif /* OWN_FRAME */

#endif /* MISBEHAVING_H */
