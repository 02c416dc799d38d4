/* Reading request bodies. */
#include "probe.h"

/* One reader: the call it answers for and what it has seen. */
struct reader {
    egg_call call;
    size_t bytes, pieces;
    uint32_t sum;
    uint64_t delay;
    bool is_asking;
};

static struct reader *new_reader(egg_call call) {
    struct reader *reader = host->alloc(host, call, sizeof *reader, 8);
    reader->call = call;
    return reader;
}

static void fail_like(egg_call call, const egg_outcome *outcome) {
    counters.reads_failed++;
    host->fail(host, call, outcome->error);
}

static void have_all(void *state, const egg_outcome *outcome) {
    struct reader *reader = state;
    egg_str body = {(const char *)outcome->value.as.bytes, outcome->value.count};
    counters.reads_done++;
    if (reader->is_asking) counters.late++;
    if (outcome->kind != EGG_OUTCOME_OK) return fail_like(reader->call, outcome);
    http->set_response(host, reader->call, EGG_BODY_BYTES, body);
    host->finish(host, reader->call, 0);
}

/* Echoes the whole body; `x-limit` bytes at most. */
static egg_step all(void *self, egg_call call) {
    struct reader *reader = new_reader(call);
    (void)self;
    reader->is_asking = true;
    http->read_all(host, call, (size_t)number(call, "x-limit", 1 << 20), have_all, reader);
    reader->is_asking = false;
    return EGG_STEP_LATER;
}

static void have_first(void *state, const egg_outcome *outcome) {
    struct reader *reader = state;
    char text[64];
    (void)outcome;
    snprintf(text, sizeof text, "%d",
             (int)http->read_all(host, reader->call, 1 << 20, have_first, reader));
    answer(reader->call, text);
    host->finish(host, reader->call, 0);
}

static egg_step twice(void *self, egg_call call) {
    (void)self;
    http->read_all(host, call, 1 << 20, have_first, new_reader(call));
    return EGG_STEP_LATER;
}

static void have_some(void *state, const egg_outcome *outcome);

static void ask_again(void *state) {
    struct reader *reader = state;
    reader->is_asking = true;
    http->read_some(host, reader->call, have_some, reader);
    reader->is_asking = false;
}

static void have_some(void *state, const egg_outcome *outcome) {
    struct reader *reader = state;
    char text[96];
    uint64_t timer;
    counters.reads_done++;
    if (reader->is_asking) counters.late++;
    if (outcome->kind != EGG_OUTCOME_OK) return fail_like(reader->call, outcome);
    if (outcome->value.kind == EGG_BYTES) {
        reader->bytes += outcome->value.count;
        reader->pieces++;
        for (uint32_t i = 0; i < outcome->value.count; i++)
            reader->sum = reader->sum * 31 + outcome->value.as.bytes[i];
        if (reader->delay > 0)
            loop->timer(host, reader->delay, 0, ask_again, reader, &timer);
        else
            ask_again(reader);
        return;
    }
    snprintf(text, sizeof text, "%zu bytes, sum %u", reader->bytes, reader->sum);
    answer(reader->call, text);
    host->finish(host, reader->call, 0);
}

/* Counts the body piece by piece, waiting `x-delay` ms between two. */
static egg_step some(void *self, egg_call call) {
    struct reader *reader = new_reader(call);
    (void)self;
    reader->delay = (uint64_t)number(call, "x-delay", 0);
    ask_again(reader);
    return EGG_STEP_LATER;
}

static void have_one(void *state, const egg_outcome *outcome) {
    struct reader *reader = state;
    counters.reads_done++;
    if (outcome->kind != EGG_OUTCOME_OK) return fail_like(reader->call, outcome);
    answer(reader->call, "one piece is enough");
    host->finish(host, reader->call, 0);
}

static egg_step one(void *self, egg_call call) {
    (void)self;
    http->read_some(host, call, have_one, new_reader(call));
    return EGG_STEP_LATER;
}

static void forgotten(void *state, const egg_outcome *outcome) {
    (void)state;
    counters.reads_done++;
    if (outcome->kind != EGG_OUTCOME_OK) counters.reads_failed++;
}

/* Answers while its read is still under way. */
static egg_step abandon(void *self, egg_call call) {
    (void)self;
    http->read_all(host, call, 1 << 20, forgotten, 0);
    return answer(call, "abandoned");
}

static egg_step ignore(void *self, egg_call call) {
    (void)self;
    return answer(call, "ignored");
}

/* The parsed body as JSON text. */
static void dump(char *out, size_t room, egg_value value) {
    size_t used;
    switch (value.kind) {
    case EGG_NULL: snprintf(out, room, "null"); return;
    case EGG_BOOL: snprintf(out, room, "%s", value.as.boolean ? "true" : "false"); return;
    case EGG_INT: snprintf(out, room, "%lld", (long long)value.as.integer); return;
    case EGG_DOUBLE: snprintf(out, room, "%g", value.as.number); return;
    case EGG_STRING: snprintf(out, room, "\"%.*s\"", (int)value.count, value.as.string); return;
    case EGG_LIST:
    case EGG_MAP:
        snprintf(out, room, value.kind == EGG_LIST ? "[" : "{");
        for (uint32_t i = 0; i < value.count && strlen(out) + 300 < room; i++) {
            used = strlen(out);
            if (value.kind == EGG_MAP) {
                egg_str key = value.as.pairs[i].key;
                snprintf(out + used, room - used, "%s\"%.*s\":", i ? "," : "", (int)key.len, key.ptr);
                used = strlen(out);
                dump(out + used, room - used, value.as.pairs[i].value);
            } else {
                snprintf(out + used, room - used, "%s", i ? "," : "");
                used = strlen(out);
                dump(out + used, room - used, value.as.items[i]);
            }
        }
        used = strlen(out);
        snprintf(out + used, room - used, value.kind == EGG_LIST ? "]" : "}");
        return;
    default: snprintf(out, room, "undefined");
    }
}

static egg_step parsed(void *self, egg_call call) {
    static char text[1 << 16];
    egg_value value;
    egg_str raw = {0};
    char length[32];
    (void)self;
    http->body(host, call, &value);
    dump(text, sizeof text, value);
    if (http->raw_body(host, call, &raw) == EGG_OK) {
        snprintf(length, sizeof length, "%zu", raw.len);
        http->set_header(host, call, TEXT("X-Raw"), text_of(length));
    }
    return answer(call, text);
}

void add_body_routes(void) {
    route("POST,PUT", "/all", all);
    route("POST", "/twice", twice);
    route("POST", "/some", some);
    route("POST", "/one", one);
    route("POST", "/abandon", abandon);
    route("POST", "/ignore", ignore);
    route("POST,PUT,DELETE", "/parsed", parsed);
}
