/* The plugin `probe`: one route or middleware for each thing that EggServerTests looks at. */
#ifndef PROBE_H
#define PROBE_H

#include "egg_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})
#define SIZED(type) {.size = sizeof(type)}

extern const egg_host *host;
extern const egg_http *http;
extern const egg_router *router;
extern const egg_loop *loop;
extern const egg_app *app;
extern const egg_upgrade *upgrade;

/* What happened so far; GET /counters shows it. */
struct counters {
    long released;        /* payloads */
    long streams_whole;   /* closed(true) */
    long streams_cut;     /* closed(false) */
    long again;           /* EGG_E_AGAIN of stream writes */
    long writable;
    long cancelled;       /* cancel hooks */
    long locals;          /* releases of set_local */
    long objects;         /* live objects */
    long reads_done;
    long reads_failed;
    long opened;          /* upgrades */
    long closed;
    long last_reason;
    long requests;        /* events */
    long responses;
    long errors;
    long late;            /* a done or hook that ran inside the function that asked for it */
};
extern struct counters counters;

egg_str text_of(const char *text);
/* A header's value as a number, or `fallback`. */
long number(egg_call call, const char *header, long fallback);
egg_str header(egg_call call, const char *name);
long param_number(egg_call call, const char *name);
egg_step answer(egg_call call, const char *text);
egg_step answer_text(egg_call call, egg_str text);
void route(const char *methods, const char *path, egg_step (*handle)(void *, egg_call));

void add_body_routes(void);
void add_stream_routes(void);
void add_response_routes(void);
void add_chain_routes(void);
void add_extension_routes(void);
void add_upgrade_routes(void);
void register_middlewares(void);
void register_extensions(void);

#endif
