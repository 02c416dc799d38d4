/* hello_test.c - unit tests of hello-c against the test kit: no kernel, no sockets. */
#include "../testing.h"

static egg_testkit *start(const char *config) {
    egg_testkit_options options = {.flags = EGG_TESTKIT_STRICT};
    egg_testkit *kit = egg_testkit_new(&options);
    CHECK(egg_testkit_open(kit, "./libhello-c.so") != NULL);
    if (config != NULL) egg_testkit_config(kit, "", config);
    CHECK(egg_testkit_boot(kit));
    return kit;
}

static egg_step inner(void *instance, egg_call call) {
    egg_testkit *kit = instance;
    const egg_host *host = egg_testkit_host(kit);
    const egg_http *http = host->query(host, EGG_HTTP_ID);
    http->set_response(host, call, EGG_BODY_TEXT, (egg_str){"inner", 5});
    return EGG_STEP_DONE;
}

static egg_step thrower(void *instance, egg_call call) {
    const egg_host *host = egg_testkit_host(instance);
    egg_error error = {.size = sizeof error, .http_status = 418, .code = {"TEAPOT", 6},
                       .message = {"short and stout", 15}};
    return host->fail(host, call, &error);
}

static egg_testkit_exchange *get(egg_testkit *kit, const char *middlewares, const char *url,
                                 egg_step (*handle)(void *, egg_call)) {
    egg_testkit_request request = {.url = url, .middlewares = middlewares,
                                   .inner = {kit, handle}};
    return egg_testkit_send(kit, &request);
}

static void the_time_is_measured_around_the_inner_layers(void) {
    egg_testkit *kit = start(NULL);
    egg_testkit_exchange *x = get(kit, "responseTime", "/", inner);
    CHECK(egg_testkit_status(x) == 200);
    CHECK_TEXT(egg_testkit_body(x, NULL), "inner");
    CHECK_TEXT(egg_testkit_header(x, "x-hello-time"), "0us"); /* the clock stands still */
    x = get(kit, "responseTime", "/", thrower);
    CHECK(egg_testkit_status(x) == 418);
    CHECK_TEXT(egg_testkit_error_code(x), "TEAPOT");
    CHECK(egg_testkit_header(x, "x-hello-time") != NULL);
    end_kit(kit);
}

static void maintenance_answers_without_the_inner_layers(void) {
    egg_testkit *kit = start("{\"maintenance\": {\"enabled\": true}}");
    egg_testkit_exchange *x = get(kit, "maintenance", "/", inner);
    CHECK(egg_testkit_status(x) == 503);
    CHECK_TEXT(egg_testkit_body(x, NULL), "Back in a minute.");
    CHECK_TEXT(egg_testkit_header(x, "Retry-After"), "60");
    end_kit(kit);
    kit = start(NULL);
    CHECK_TEXT(egg_testkit_body(get(kit, "maintenance", "/", inner), NULL), "inner");
    end_kit(kit);
}

static void rescue_answers_its_own_error_and_no_other(void) {
    egg_testkit *kit = start(NULL);
    egg_testkit_exchange *x = get(kit, "", "/hello-c/nobody", NULL);
    CHECK(egg_testkit_status(x) == 404);
    CHECK_TEXT(egg_testkit_body(x, NULL), "{\"error\":\"nobody of that name\"}");
    CHECK(egg_testkit_error_code(x) == NULL);
    x = get(kit, "rescue", "/", thrower);
    CHECK(egg_testkit_status(x) == 418);
    end_kit(kit);
}

static void the_route_greets(void) {
    egg_testkit *kit = start("{\"hello\": {\"greeting\": \"Moin\"}}");
    CHECK_TEXT(egg_testkit_body(get(kit, "", "/hello-c/ada", NULL), NULL), "Moin, ada\n");
    CHECK(egg_testkit_status(get(kit, "", "/other", NULL)) == 404);
    end_kit(kit);
}

static void members_answer(void) {
    egg_testkit *kit = start(NULL);
    egg_testkit_exchange *context = egg_testkit_context(kit);
    const egg_testkit_result *result =
        egg_testkit_call(kit, context, EGG_ON_CONTEXT, "greet", "[\"ada\"]");
    CHECK(result->settled);
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "\"Hello, ada\"");
    result = egg_testkit_call(kit, context, EGG_ON_HELPER, "shout", "[\"egg\"]");
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "\"EGG!\"");

    egg_value number;
    egg_testkit_get(kit, context, EGG_ON_CONTEXT, "requestNumber", &number);
    egg_testkit_get(kit, context, EGG_ON_CONTEXT, "requestNumber", &number);
    CHECK(number.as.integer == 1); /* once per context */
    egg_testkit_context_end(context);
    context = egg_testkit_context(kit);
    egg_testkit_get(kit, context, EGG_ON_CONTEXT, "requestNumber", &number);
    CHECK(number.as.integer == 2);
    egg_testkit_context_end(context);
    end_kit(kit);
}

static void the_late_answer_comes_later(void) {
    egg_testkit *kit = start(NULL);
    const egg_testkit_result *result =
        egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "helloLater", "[\"ada\"]");
    CHECK(!result->settled);
    egg_testkit_advance(kit, 20);
    CHECK(result->settled);
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "\"Hello later, ada\"");
    result = egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "helloLater", "[]");
    CHECK(result->kind == EGG_OUTCOME_FAILED);
    CHECK_TEXT(result->code, "HELLO_ARGUMENT");
    end_kit(kit);
}

static void the_timer_ticks_and_errors_are_counted(void) {
    egg_testkit *kit = start("{\"hello\": {\"tickMs\": 10}}");
    egg_testkit_advance(kit, 35);
    get(kit, "", "/", thrower);
    egg_value report;
    CHECK(egg_testkit_get(kit, NULL, EGG_ON_APPLICATION, "hello", &report) == EGG_OK);
    CHECK_TEXT(egg_testkit_json(kit, &report),
               "{\"greeting\":\"Hello\",\"ticks\":3,\"requests\":0,\"errors\":1}");
    CHECK(egg_testkit_timers(kit) == 1);
    egg_testkit_close(kit);
    CHECK(egg_testkit_timers(kit) == 0);
    end_kit(kit);
}

int main(void) {
    the_time_is_measured_around_the_inner_layers();
    maintenance_answers_without_the_inner_layers();
    rescue_answers_its_own_error_and_no_other();
    the_route_greets();
    members_answer();
    the_late_answer_comes_later();
    the_timer_ticks_and_errors_are_counted();
    torment_library("./libhello-c.so");
    return finish_tests("hello-c");
}
