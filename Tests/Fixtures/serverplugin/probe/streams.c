/* Bodies that take time or are lent: streams, payloads, files. */
#include "probe.h"
#include <fcntl.h>
#include <unistd.h>

static void release(void *state) {
    counters.released++;
    free(state);
}

static egg_payload payload_of(size_t count, char fill) {
    char *bytes = malloc(count ? count : 1);
    memset(bytes, fill, count);
    return (egg_payload){(const uint8_t *)bytes, count, release, bytes};
}

static egg_step payload(void *self, egg_call call) {
    (void)self;
    http->set_response_payload(host, call, EGG_BODY_BYTES,
                               payload_of((size_t)param_number(call, "count"), 'p'));
    return EGG_STEP_DONE;
}

/* Three payloads are replaced or refused, the fourth is sent. */
static egg_step payload_replaced(void *self, egg_call call) {
    (void)self;
    http->set_response_payload(host, call, EGG_BODY_BYTES, payload_of(9000, 'a'));
    http->set_response_payload(host, call, EGG_BODY_UNSET, payload_of(9000, 'b'));
    http->set_response_payload(host, call, EGG_BODY_STREAM, payload_of(9000, 'c'));
    http->set_response_payload(host, call, EGG_BODY_TEXT, payload_of(9000, 'd'));
    return EGG_STEP_DONE;
}

static egg_step payload_then_failure(void *self, egg_call call) {
    egg_error error = SIZED(egg_error);
    (void)self;
    http->set_response_payload(host, call, EGG_BODY_BYTES, payload_of(9000, 'a'));
    error.message = TEXT("after all");
    return host->fail(host, call, &error);
}

static egg_step payload_without_body(void *self, egg_call call) {
    (void)self;
    http->set_response_payload(host, call, EGG_BODY_BYTES, payload_of(9000, 'a'));
    http->set_status(host, call, 204);
    return EGG_STEP_DONE;
}

/* A piece of the file `x-path`. */
static egg_step file(void *self, egg_call call) {
    char path[512];
    egg_str name = header(call, "x-path");
    (void)self;
    snprintf(path, sizeof path, "%.*s", (int)name.len, name.ptr);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (http->set_response_file(host, call, descriptor, number(call, "x-offset", 0),
                                number(call, "x-length", -1)) != EGG_OK)
        return answer(call, "refused");
    return EGG_STEP_DONE;
}

/* -- streams ---------------------------------------------------------------- */

struct producer {
    uint64_t stream;
    long pieces, size;
    bool lends, holds, aborts;
    bool is_inside;
    egg_status last;
};

static void produce(struct producer *producer) {
    static char bytes[1 << 16];
    egg_status status = EGG_OK;
    memset(bytes, 's', sizeof bytes);
    while (producer->pieces > 0 && status == EGG_OK) {
        producer->pieces--;
        producer->is_inside = true;
        status = producer->lends
                     ? http->stream_write_payload(host, producer->stream,
                                                  payload_of((size_t)producer->size, 's'))
                     : http->stream_write(host, producer->stream,
                                          (egg_str){bytes, (size_t)producer->size});
        producer->is_inside = false;
    }
    if (status == EGG_E_AGAIN) {
        counters.again++;
        return;
    }
    if (producer->holds) return;
    if (producer->aborts)
        http->stream_abort(host, producer->stream);
    else
        http->stream_end(host, producer->stream);
    /* The token is dead from here on. */
    if (http->stream_write(host, producer->stream, TEXT("late")) != EGG_E_STALE) counters.late++;
}

static void started(void *self, uint64_t stream) {
    struct producer *producer = self;
    producer->stream = stream;
    produce(producer);
}

static void writable(void *self, uint64_t stream) {
    struct producer *producer = self;
    (void)stream;
    counters.writable++;
    if (producer->is_inside) counters.late++;
    if (producer->pieces == 0 && producer->holds) return;
    produce(producer);
}

static void closed(void *self, bool complete) {
    struct producer *producer = self;
    if (producer->is_inside) counters.late++;
    if (complete)
        counters.streams_whole++;
    else
        counters.streams_cut++;
    free(producer);
}

static struct producer *set_stream(egg_call call, int64_t length) {
    struct producer *producer = calloc(1, sizeof *producer);
    egg_stream_source source = SIZED(egg_stream_source);
    source.length = length;
    source.self = producer;
    source.start = started;
    source.writable = writable;
    source.closed = closed;
    http->set_response_stream(host, call, &source);
    return producer;
}

/* `count` pieces of `size` bytes; `x-length` is what the head promises. */
static egg_step stream(void *self, egg_call call) {
    struct producer *producer = set_stream(call, number(call, "x-length", -1));
    (void)self;
    producer->pieces = param_number(call, "count");
    producer->size = param_number(call, "size");
    producer->lends = number(call, "x-lends", 0) != 0;
    producer->holds = number(call, "x-holds", 0) != 0;
    producer->aborts = number(call, "x-aborts", 0) != 0;
    return EGG_STEP_DONE;
}

static egg_step stream_replaced(void *self, egg_call call) {
    (void)self;
    set_stream(call, -1);
    return answer(call, "replaced");
}

/* Writes more than it promised: refused, and what was promised still goes through. */
static void start_too_much(void *self, uint64_t stream) {
    (void)self;
    egg_status first = http->stream_write(host, stream, TEXT("0123456789ab"));
    egg_status second = http->stream_write_payload(host, stream, payload_of(12, 'x'));
    if (first == EGG_E_LIMIT && second == EGG_E_LIMIT)
        http->stream_write(host, stream, TEXT("0123456789"));
    http->stream_end(host, stream);
}

static egg_step stream_too_much(void *self, egg_call call) {
    egg_stream_source source = SIZED(egg_stream_source);
    (void)self;
    source.length = 10;
    source.self = calloc(1, sizeof(struct producer));
    source.start = start_too_much;
    source.closed = closed;
    http->set_response_stream(host, call, &source);
    return EGG_STEP_DONE;
}

/* Each payload's release writes the next one: the kernel is called from inside its own sending. */
struct chained {
    uint64_t stream;
    long left;
    uint8_t bytes[8192];
};

static void write_next(struct chained *chained);

static void link_sent(void *state) {
    counters.released++;
    write_next(state);
}

static void write_next(struct chained *chained) {
    egg_payload payload = {chained->bytes, sizeof chained->bytes, link_sent, chained};
    if (chained->left-- > 0)
        http->stream_write_payload(host, chained->stream, payload);
    else
        http->stream_end(host, chained->stream);
}

static void start_chained(void *self, uint64_t stream) {
    ((struct chained *)self)->stream = stream;
    write_next(self);
}

static void chained_closed(void *self, bool complete) {
    if (complete) counters.streams_whole++;
    free(self);
}

static egg_step stream_chained(void *self, egg_call call) {
    struct chained *chained = calloc(1, sizeof *chained);
    egg_stream_source source = SIZED(egg_stream_source);
    (void)self;
    chained->left = param_number(call, "count");
    source.length = -1;
    source.self = chained;
    source.start = start_chained;
    source.closed = chained_closed;
    http->set_response_stream(host, call, &source);
    return EGG_STEP_DONE;
}

/* -- bodies taken from another layer ------------------------------------------ */

struct taker {
    uint64_t taken, out;
};

static egg_status taker_write(void *self, egg_str bytes) {
    return http->stream_write(host, ((struct taker *)self)->out, bytes);
}

static void taker_ended(void *self, bool complete) {
    if (complete)
        http->stream_end(host, ((struct taker *)self)->out);
    else
        http->stream_abort(host, ((struct taker *)self)->out);
}

static void taker_start(void *self, uint64_t stream) {
    struct taker *taker = self;
    taker->out = stream;
    http->stream_resume(host, taker->taken);
}

static void taker_writable(void *self, uint64_t stream) {
    (void)stream;
    http->stream_resume(host, ((struct taker *)self)->taken);
}

static void taker_closed(void *self, bool complete) {
    http->stream_drop(host, ((struct taker *)self)->taken, complete);
    free(self);
}

/* The same as /stream, through a second stream that reads the first. */
static egg_step stream_taken(void *self, egg_call call) {
    struct taker *taker = calloc(1, sizeof *taker);
    egg_stream_sink sink = SIZED(egg_stream_sink);
    egg_stream_source source = SIZED(egg_stream_source);
    int64_t length = 0;
    stream(self, call);
    sink.self = source.self = taker;
    sink.write = taker_write;
    sink.ended = taker_ended;
    source.start = taker_start;
    source.writable = taker_writable;
    source.closed = taker_closed;
    if (http->response_length(host, call, &length) != EGG_OK ||
        http->take_response_stream(host, call, &sink, &taker->taken) != EGG_OK)
        return answer(call, "nothing to take");
    source.length = length;
    http->set_response_stream(host, call, &source);
    int file = -1; /* a stream is no file */
    int64_t offset = 0;
    if (http->take_response_file(host, call, &file, &offset, &length) != EGG_E_NOT_FOUND)
        counters.late++;
    return EGG_STEP_DONE;
}

/* The first bytes of the file that another layer has set. */
static egg_step file_taken(void *self, egg_call call) {
    char bytes[64];
    int descriptor = -1;
    int64_t offset = 0, length = 0, known = 0;
    file(self, call);
    http->response_length(host, call, &known);
    if (http->take_response_file(host, call, &descriptor, &offset, &length) != EGG_OK ||
        known != length)
        return answer(call, "nothing to take");
    ssize_t count = pread(descriptor, bytes, length < 64 ? (size_t)length : 64, offset);
    close(descriptor);
    return answer_text(call, (egg_str){bytes, count < 0 ? 0 : (size_t)count});
}

void add_stream_routes(void) {
    route("GET", "/stream-taken/:count/:size", stream_taken);
    route("GET", "/file-taken", file_taken);
    route("GET", "/stream-chained/:count", stream_chained);
    route("GET", "/payload/:count", payload);
    route("GET", "/payload-replaced", payload_replaced);
    route("GET", "/payload-then-failure", payload_then_failure);
    route("GET", "/payload-without-body", payload_without_body);
    route("GET", "/file", file);
    route("GET", "/stream/:count/:size", stream);
    route("GET", "/stream-replaced", stream_replaced);
    route("GET", "/stream-too-much", stream_too_much);
}
