/* Connections as raw byte streams. */
#include "probe.h"

struct peer {
    bool floods, resumes;
    uint64_t connection, timer;
};

static void opened(void *self, uint64_t connection) {
    struct peer *peer = self;
    counters.opened++;
    peer->connection = connection;
}

static void unpause(void *state) {
    struct peer *peer = state;
    upgrade->pause(host, peer->connection, false);
}

/* Sends until the kernel takes no more. */
static void flood(uint64_t connection) {
    static char bytes[1 << 16];
    egg_buffer *shared = upgrade->buffer(host, (egg_str){bytes, sizeof bytes});
    egg_status status;
    bool was_told = false;
    uint64_t waiting = 0;
    do {
        status = upgrade->write_buffer(host, connection, shared);
        if (status == EGG_E_AGAIN) was_told = true;
    } while (status == EGG_OK || status == EGG_E_AGAIN);
    upgrade->release_buffer(shared);
    upgrade->waiting(host, connection, &waiting);
    if (status != EGG_E_LIMIT || !was_told || waiting > (16u << 20)) counters.late++;
}

/* Shared bytes, short and long ones, before, between and behind others: a plan of letters. */
static void share(uint64_t connection, egg_str plan) {
    static char many[6000];
    memset(many, 'L', sizeof many);
    egg_buffer *small = upgrade->buffer(host, TEXT("small,"));
    egg_buffer *large = upgrade->buffer(host, (egg_str){many, sizeof many});
    for (size_t i = 0; i < plan.len; i++) {
        switch (plan.ptr[i]) {
        case 's': upgrade->write_buffer(host, connection, small); break;
        case 'l': upgrade->write_buffer(host, connection, large); break;
        default: upgrade->write(host, connection, TEXT("text,"));
        }
    }
    upgrade->release_buffer(small);
    upgrade->release_buffer(large);
}

static void received(void *self, uint64_t connection, egg_str bytes) {
    struct peer *peer = self;
    if (bytes.len >= 4 && memcmp(bytes.ptr, "stop", 4) == 0) {
        upgrade->write(host, connection, TEXT("bye"));
        upgrade->close(host, connection, false);
        if (upgrade->write(host, connection, TEXT("late")) != EGG_E_STALE) counters.late++;
        return;
    }
    if (bytes.len >= 4 && memcmp(bytes.ptr, "drop", 4) == 0) {
        upgrade->write(host, connection, TEXT("never seen"));
        upgrade->close(host, connection, true);
        return;
    }
    if (bytes.len >= 5 && memcmp(bytes.ptr, "flood", 5) == 0) return flood(connection);
    if (bytes.len >= 6 && memcmp(bytes.ptr, "share ", 6) == 0)
        return share(connection, (egg_str){bytes.ptr + 6, bytes.len - 6});
    if (bytes.len >= 5 && memcmp(bytes.ptr, "pause", 5) == 0) {
        upgrade->pause(host, connection, true);
        loop->timer(host, 30, 0, unpause, peer, &peer->timer);
    }
    upgrade->write(host, connection, bytes);
}

static void can_write(void *self, uint64_t connection) {
    (void)self, (void)connection;
    counters.writable++;
}

static void was_closed(void *self, egg_close_reason reason) {
    counters.closed++;
    counters.last_reason = reason;
    free(self);
}

static egg_step take(void *self, egg_call call) {
    egg_connection_ops ops = SIZED(egg_connection_ops);
    struct peer *peer = calloc(1, sizeof *peer);
    (void)self;
    ops.opened = opened;
    ops.received = received;
    ops.writable = can_write;
    ops.closed = was_closed;
    http->set_header(host, call, TEXT("Connection"), TEXT("Upgrade"));
    http->set_header(host, call, TEXT("Upgrade"), TEXT("echo"));
    if (upgrade->take(host, call, &ops, peer) != EGG_OK) return answer(call, "not taken");
    /* Nobody takes it twice. */
    if (upgrade->take(host, call, &ops, peer) != EGG_E_PHASE) counters.late++;
    return EGG_STEP_DONE;
}

static egg_step take_and_fail(void *self, egg_call call) {
    egg_error error = SIZED(egg_error);
    take(self, call);
    error.http_status = 403;
    error.message = TEXT("not you");
    return host->fail(host, call, &error);
}

void add_upgrade_routes(void) {
    route("GET", "/upgrade", take);
    route("GET", "/upgrade-refused", take_and_fail);
}
