/*
 * kit_test.c - what the test kit promises beyond findings about misbehaving libraries:
 * memory that has ended can't be read, writing past an allocation is noticed, torment
 * is the same for the same seed. Plugins here are linked in, by egg_testkit_load_entry.
 */
#define _GNU_SOURCE
#include "egg_testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition)) {                                                             \
            failures++;                                                                 \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);    \
        }                                                                               \
    } while (0)

#define TEXT(literal) ((egg_str){literal, sizeof(literal) - 1})

/* ---- a plugin with one middleware that a test chooses -------------------------------- */

static const egg_host *host;
static const egg_http *http;
static egg_step (*chosen)(void *self, egg_call call);
static egg_step (*chosen_method)(void *self, egg_call call, const egg_value *args,
                                 uint32_t count, egg_value *result);

static egg_step on_phase(void *self, egg_phase phase, egg_call call) {
    (void)self, (void)call;
    if (phase != EGG_PHASE_REGISTER) return EGG_STEP_DONE;
    if (chosen != NULL) {
        egg_middleware m = {.size = sizeof m, .name = "chosen", .handle = chosen};
        CHECK(host->add_middleware(host, &m) == EGG_OK);
    }
    if (chosen_method != NULL) {
        egg_method m = {.size = sizeof m, .target = EGG_ON_APPLICATION, .name = "chosen",
                        .invoke = chosen_method};
        CHECK(host->add_method(host, &m) == EGG_OK);
    }
    return EGG_STEP_DONE;
}

static const egg_plugin plugin = {.size = sizeof plugin, .abi_major = EGG_ABI_MAJOR,
                                  .id = "chosen", .on_phase = on_phase};

static const egg_plugin *entry(const egg_host *given, const char *id) {
    (void)id;
    host = given;
    http = given->query(given, EGG_HTTP_ID);
    return &plugin;
}

static egg_testkit *start(egg_testkit_options options) {
    egg_testkit *kit = egg_testkit_new(&options);
    CHECK(egg_testkit_load_entry(kit, entry, "chosen") != NULL);
    CHECK(egg_testkit_boot(kit));
    return kit;
}

static bool found(egg_testkit *kit, const char *text) {
    for (size_t i = 0; i < egg_testkit_findings(kit); i++)
        if (strstr(egg_testkit_finding(kit, i), text) != NULL) return true;
    return false;
}

/* ---- memory that has ended --------------------------------------------------------------- */

static const char *kept;
static size_t kept_count;

static egg_step keeps_the_path(void *self, egg_call call) {
    (void)self;
    egg_request request = {.size = sizeof request};
    http->request(host, call, &request);
    kept = request.path.ptr;
    kept_count = request.path.len;
    return EGG_STEP_DONE;
}

static egg_step keeps_its_arguments(void *self, egg_call call, const egg_value *args,
                                    uint32_t count, egg_value *result) {
    (void)self, (void)call, (void)result;
    if (count > 0 && args[0].kind == EGG_STRING) kept = args[0].as.string;
    return EGG_STEP_DONE;
}

/* Runs `body` in a child whose end is a fault; answers what it wrote to standard error. */
static char *fault_of(void (*body)(void), int *number) {
    static char text[1024];
    int ends[2];
    CHECK(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t count = 0;
    for (ssize_t got; (got = read(ends[0], text + count, sizeof text - 1 - count)) > 0;)
        count += (size_t)got;
    text[count] = '\0';
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    *number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return text;
}

static void read_a_path_after_its_request(void) {
    chosen = keeps_the_path;
    egg_testkit *kit = start((egg_testkit_options){.flags = EGG_TESTKIT_STRICT});
    egg_testkit_request request = {.url = "/borrowed"};
    egg_testkit_send(kit, &request);
    volatile char first = *kept;
    (void)first;
}

static void read_arguments_after_their_method(void) {
    chosen = NULL;
    chosen_method = keeps_its_arguments;
    egg_testkit *kit = start((egg_testkit_options){.flags = EGG_TESTKIT_STRICT});
    egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "chosen", "[\"borrowed\"]");
    volatile char first = *kept;
    (void)first;
}

static void borrowed_memory_cannot_be_read_later(void) {
    int number;
    char *text = fault_of(read_a_path_after_its_request, &number);
    CHECK(number == 11);
    CHECK(strstr(text, "memory was used after its end: the memory of a request") != NULL);
    text = fault_of(read_arguments_after_their_method, &number);
    CHECK(number == 11);
    CHECK(strstr(text, "the arguments of a method") != NULL);
}

static egg_step writes_too_much(void *self, egg_call call) {
    (void)self;
    char *memory = host->alloc(host, call, 5, 1);
    memset(memory, 'x', 6);
    return EGG_STEP_PASS;
}

static void writing_past_an_allocation_is_found(void) {
    chosen = writes_too_much;
    egg_testkit *kit = start((egg_testkit_options){0});
    egg_testkit_request request = {0};
    egg_testkit_send(kit, &request);
    CHECK(found(kit, "wrote past the end of a piece of the memory of a request"));
    egg_testkit_free(kit);
}

/* ---- options --------------------------------------------------------------------------------- */

static egg_step needs_memory(void *self, egg_call call) {
    (void)self;
    bool first = host->alloc(host, call, 8, 8) != NULL;
    bool second = host->alloc(host, call, 8, 8) != NULL;
    bool third = host->alloc(host, call, 8, 8) != NULL;
    char text[3] = {first ? '1' : '0', second ? '1' : '0', third ? '1' : '0'};
    http->set_response(host, call, EGG_BODY_TEXT, (egg_str){text, 3});
    return EGG_STEP_DONE;
}

static void the_nth_alloc_fails(void) {
    chosen = needs_memory;
    egg_testkit *kit = start((egg_testkit_options){.fail_alloc_at = 2});
    egg_testkit_request request = {0};
    CHECK(strcmp(egg_testkit_body(egg_testkit_send(kit, &request), NULL), "101") == 0);
    egg_testkit_free(kit);
}

static void interfaces_may_be_missing(void) {
    egg_testkit_options options = {.without = "egg.app/1,egg.http/1"};
    egg_testkit *kit = egg_testkit_new(&options);
    const egg_host *h = egg_testkit_host(kit);
    CHECK(h->query(h, EGG_HTTP_ID) == NULL);
    CHECK(h->query(h, EGG_APP_ID) == NULL);
    CHECK(h->query(h, EGG_LOOP_ID) != NULL);
    egg_testkit_free(kit);
}

/* ---- reading a body in pieces, waiting, cancelling ----------------------------------------------- */

static int pieces, hooks;
static egg_call waiting;

static void next_piece(void *state, const egg_outcome *outcome) {
    (void)state;
    if (outcome->value.kind == EGG_UNDEFINED) {
        host->finish(host, waiting, NULL);
        return;
    }
    pieces++;
    CHECK(outcome->value.count == 1);
    http->read_some(host, waiting, next_piece, NULL);
}

static egg_step reads_pieces(void *self, egg_call call) {
    (void)self;
    waiting = call;
    CHECK(http->read_some(host, call, next_piece, NULL) == EGG_OK);
    return EGG_STEP_LATER;
}

static void bodies_come_in_pieces(void) {
    chosen = reads_pieces;
    pieces = 0;
    egg_testkit *kit = start((egg_testkit_options){.flags = EGG_TESTKIT_STRICT, .piece = 1});
    egg_testkit_request request = {.method = "POST", .body = "seven b"};
    CHECK(egg_testkit_ended(egg_testkit_send(kit, &request)));
    CHECK(pieces == 7);
    CHECK(egg_testkit_findings(kit) == 0);
    egg_testkit_free(kit);
}

static void hurry(void *state) {
    (void)state;
    hooks++;
}

static void hurry_wrongly(void *state) {
    hooks++;
    host->finish(host, *(egg_call *)state, NULL);
}

static void (*hook)(void *);

static egg_step waits(void *self, egg_call call) {
    (void)self;
    waiting = call;
    host->on_cancel(host, call, hook, &waiting);
    return EGG_STEP_LATER;
}

static void a_client_that_goes_away_cancels(void) {
    chosen = waits;
    hook = hurry;
    hooks = 0;
    egg_testkit *kit = start((egg_testkit_options){.flags = EGG_TESTKIT_STRICT});
    egg_testkit_request request = {0};
    egg_testkit_exchange *x = egg_testkit_send(kit, &request);
    CHECK(!egg_testkit_ended(x));
    egg_testkit_hang_up(x, EGG_CLOSED_RESET);
    CHECK(hooks == 1);
    CHECK(host->cancelled(host, waiting));
    host->finish(host, waiting, NULL); /* legal, and ignored */
    egg_testkit_run(kit);
    CHECK(egg_testkit_ended(x));
    CHECK(egg_testkit_findings(kit) == 0);
    hook = hurry_wrongly;
    x = egg_testkit_send(kit, &request);
    egg_testkit_hang_up(x, EGG_CLOSED_RESET);
    CHECK(found(kit, "its cancel hook settled the call"));
    egg_testkit_free(kit);
}

static void buffers_are_counted(void) {
    chosen = NULL;
    egg_testkit *kit = start((egg_testkit_options){0});
    const egg_upgrade *upgrade = host->query(host, EGG_UPGRADE_ID);
    egg_buffer *buffer = upgrade->buffer(host, TEXT("x"));
    upgrade->retain_buffer(buffer);
    upgrade->release_buffer(buffer);
    egg_testkit_finish(kit);
    CHECK(found(kit, "1 shared buffers"));
    egg_testkit_free(kit);
}

/* ---- other processes --------------------------------------------------------------------- */

static const egg_messenger *messenger;
static char heard_text[256];
static uint64_t once_token;
static bool is_ready;

static void heard(void *state, const egg_value *data) {
    strncat(heard_text, state, sizeof heard_text - strlen(heard_text) - 1);
    if (data->kind == EGG_STRING)
        strncat(heard_text, data->as.string, sizeof heard_text - strlen(heard_text) - 1);
    if (strcmp(state, "once ") == 0) CHECK(messenger->off(host, once_token) == EGG_OK);
}

static egg_step check_ready(void *self, egg_call call) {
    (void)self;
    if (is_ready) return EGG_STEP_DONE;
    egg_error error = {.size = sizeof error, .http_status = 503, .message = TEXT("no database")};
    return host->fail(host, call, &error);
}

static egg_step traced(void *self, egg_call call) {
    (void)self;
    const egg_process *process = host->query(host, EGG_PROCESS_ID);
    egg_str id, span, parent;
    CHECK(process->trace(host, call, &id, &span, &parent) == EGG_OK);
    http->set_response(host, call, EGG_BODY_TEXT, parent);
    return EGG_STEP_DONE;
}

static void messages_checks_and_loggers(void) {
    chosen = traced;
    egg_testkit *kit = egg_testkit_new(
        &(egg_testkit_options){.flags = EGG_TESTKIT_STRICT, .process = EGG_PROCESS_SINGLE});
    CHECK(egg_testkit_load_entry(kit, entry, "chosen") != NULL);
    egg_testkit_config(kit, "customLogger.orders", "{\"file\": \"orders.log\"}");
    messenger = host->query(host, EGG_MESSENGER_ID);
    const egg_process *process = host->query(host, EGG_PROCESS_ID);
    const egg_log *log = host->query(host, EGG_LOG_ID);
    CHECK(messenger != NULL && process != NULL && log != NULL);
    CHECK(log->find(host, TEXT("orders")) == NULL); /* not before the configuration is final */

    uint64_t token;
    heard_text[0] = '\0';
    CHECK(messenger->on(host, EGG_ON_APPLICATION, TEXT("note"), heard, "app ", &token) == EGG_OK);
    CHECK(messenger->on(host, EGG_ON_AGENT, TEXT("note"), heard, "agent ", &token) == EGG_OK);
    CHECK(messenger->on(host, EGG_ON_AGENT, TEXT("note"), heard, "once ", &once_token) == EGG_OK);
    CHECK(messenger->on(host, EGG_ON_AGENT, TEXT("egg-ready"), heard, "ready ", &token) == EGG_OK);
    CHECK(egg_testkit_boot(kit));
    CHECK(strcmp(heard_text, "ready ") == 0);

    /* In a later turn, to the sides that are meant, in their order. */
    heard_text[0] = '\0';
    egg_value data = {.kind = EGG_STRING, .count = 1, .as.string = "1"};
    CHECK(messenger->send(host, EGG_TO_AGENT, 0, TEXT("note"), &data) == EGG_OK);
    CHECK(messenger->send(host, EGG_TO_APPS, 0, TEXT("note"), NULL) == EGG_OK);
    CHECK(messenger->send(host, EGG_TO_PID, 9, TEXT("note"), NULL) == EGG_OK);
    CHECK(heard_text[0] == '\0');
    egg_testkit_run(kit);
    CHECK(strcmp(heard_text, "agent 1once 1app ") == 0);
    CHECK(egg_testkit_messages(kit) == 3);
    CHECK(strcmp(egg_testkit_message(kit, 0), "agent note \"1\"") == 0);
    heard_text[0] = '\0';
    egg_testkit_tell(kit, EGG_ON_AGENT, "note", "\"2\"");
    CHECK(strcmp(heard_text, "agent 2") == 0); /* the one that listened once is gone */

    egg_readiness check = {.size = sizeof check, .name = "database", .check = check_ready};
    CHECK(process->add_readiness(host, &check) == EGG_OK);
    const char *name = egg_testkit_not_ready(kit);
    CHECK(name != NULL && strcmp(name, "database") == 0);
    is_ready = true;
    CHECK(egg_testkit_not_ready(kit) == NULL);
    CHECK(process->reload(host, TEXT("why")) == EGG_E_UNSUPPORTED); /* there is no master */

    egg_testkit_request request = {
        .headers = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
    egg_testkit_exchange *x = egg_testkit_send(kit, &request);
    CHECK(strncmp(egg_testkit_body(x, NULL), "00-0af7651916cd43dd8448eb211c80319c-", 36) == 0);
    CHECK(strcmp(egg_testkit_body(x, NULL) + 52, "-01") == 0);

    const egg_logger *orders = log->find(host, TEXT("orders"));
    CHECK(orders != NULL);
    if (orders != NULL) {
        log->write(host, orders, (egg_call){0}, EGG_LOG_WARN, TEXT("sold out"), NULL);
        CHECK(strcmp(egg_testkit_log_line(kit, egg_testkit_log_lines(kit) - 1),
                     "WARN chosen: [orders] sold out") == 0);
        size_t count = egg_testkit_log_lines(kit);
        CHECK(log->set_level(host, orders, EGG_LOG_ERROR) == EGG_OK);
        log->write(host, orders, (egg_call){0}, EGG_LOG_WARN, TEXT("quiet"), NULL);
        CHECK(egg_testkit_log_lines(kit) == count);
    }
    CHECK(egg_testkit_findings(kit) == 0);
    egg_testkit_free(kit);
    chosen = NULL;
}

/* ---- torment --------------------------------------------------------------------------------------- */

static void log_a_number(void *state) {
    char text[16];
    int count = snprintf(text, sizeof text, "%d", (int)(intptr_t)state);
    host->log(host, (egg_call){0}, EGG_LOG_INFO, (egg_str){text, (size_t)count}, NULL);
}

static void offloaded(void *state, const egg_outcome *outcome) {
    (void)outcome;
    log_a_number(state);
}

static egg_status work(void *state) {
    (void)state;
    return EGG_OK;
}

static egg_step offloads(void *self, egg_call call) {
    (void)self, (void)call;
    const egg_loop *loop = host->query(host, EGG_LOOP_ID);
    for (intptr_t i = 1; loop != NULL && i <= 8; i++)
        loop->offload(host, work, offloaded, (void *)i);
    return EGG_STEP_DONE;
}

static void order(uint64_t seed, char *out, size_t size) {
    chosen = offloads;
    egg_testkit *kit =
        start((egg_testkit_options){.flags = EGG_TESTKIT_TORMENT, .seed = seed});
    egg_testkit_request request = {0};
    egg_testkit_send(kit, &request);
    out[0] = '\0';
    for (size_t i = 0; i < egg_testkit_log_lines(kit); i++)
        strncat(out, egg_testkit_log_line(kit, i), size - strlen(out) - 1);
    egg_testkit_free(kit);
}

static void torment_repeats_itself_with_the_same_seed(void) {
    char once[1024], again[1024], other[1024];
    bool differs = false;
    order(3, once, sizeof once);
    order(3, again, sizeof again);
    CHECK(strcmp(once, again) == 0);
    for (uint64_t seed = 4; seed < 12; seed++) {
        order(seed, other, sizeof other);
        differs |= strcmp(once, other) != 0;
    }
    CHECK(differs);
}

int main(void) {
    borrowed_memory_cannot_be_read_later();
    chosen_method = NULL;
    writing_past_an_allocation_is_found();
    the_nth_alloc_fails();
    interfaces_may_be_missing();
    bodies_come_in_pieces();
    a_client_that_goes_away_cancels();
    buffers_are_counted();
    messages_checks_and_loggers();
    torment_repeats_itself_with_the_same_seed();
    if (failures == 0) printf("test kit: all tests passed\n");
    return failures == 0 ? 0 : 1;
}
