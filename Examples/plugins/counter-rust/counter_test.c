/* counter_test.c - unit tests of counter-rust against the test kit. */
#include "../geo-cpp/geo_interface.h"
#include "../testing.h"

static egg_str country(void *self, egg_str address) {
    (void)address;
    return *(egg_str *)self;
}

static egg_str sweden = {"SE", 2};
static const geo_interface fake_geo = {.size = sizeof fake_geo, .self = &sweden,
                                       .country = country};

static egg_testkit *start(bool with_geo) {
    egg_testkit_options options = {.flags = EGG_TESTKIT_STRICT};
    egg_testkit *kit = egg_testkit_new(&options);
    if (with_geo) egg_testkit_offer(kit, GEO_INTERFACE_ID, &fake_geo);
    CHECK(egg_testkit_open(kit, "./libcounter-rust.so") != NULL);
    egg_testkit_config(kit, "counter", "{\"flushMs\": 100}");
    CHECK(egg_testkit_boot(kit));
    return kit;
}

static egg_testkit_exchange *get(egg_testkit *kit, const char *url, bool hold) {
    egg_testkit_request request = {.url = url, .hold = hold};
    return egg_testkit_send(kit, &request);
}

static const char *report(egg_testkit *kit) {
    egg_value value;
    CHECK(egg_testkit_get(kit, NULL, EGG_ON_APPLICATION, "counter", &value) == EGG_OK);
    return egg_testkit_json(kit, &value);
}

static void requests_are_counted(void) {
    egg_testkit *kit = start(false);
    CHECK_TEXT(egg_testkit_header(get(kit, "/", false), "x-request-count"), "1");
    CHECK_TEXT(egg_testkit_header(get(kit, "/", false), "x-request-count"), "2");
    CHECK_TEXT(report(kit),
               "{\"requests\":2,\"responses\":2,\"errors\":0,\"countries\":{}}");
    end_kit(kit);
}

static void countries_are_counted_with_another_plugins_interface(void) {
    egg_testkit *kit = start(true);
    get(kit, "/", false);
    CHECK_TEXT(report(kit),
               "{\"requests\":1,\"responses\":1,\"errors\":0,\"countries\":{\"SE\":1}}");
    end_kit(kit);
}

static void methods_answer_at_once(void) {
    egg_testkit *kit = start(false);
    const egg_testkit_result *result =
        egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "count", "[40]");
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "40");
    result = egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "count", "[9223372036854775807]");
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "9223372036854775807");
    egg_testkit_exchange *context = egg_testkit_context(kit);
    result = egg_testkit_call(kit, context, EGG_ON_CONTEXT, "countSince",
                              "[9223372036854775800]");
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "7");
    egg_testkit_context_end(context);
    end_kit(kit);
}

static void a_stream_ends_when_all_is_written(void) {
    egg_testkit *kit = start(false);
    egg_testkit_exchange *x = get(kit, "/counter/stream/3", false);
    CHECK(egg_testkit_ended(x));
    CHECK_TEXT(egg_testkit_body(x, NULL), "line 1 of 3\nline 2 of 3\nline 3 of 3\n");
    CHECK(egg_testkit_status(get(kit, "/counter/stream/many", false)) == 400);
    end_kit(kit);
}

static void a_slow_client_slows_the_stream_down(void) {
    egg_testkit *kit = start(false);
    egg_testkit_exchange *x = get(kit, "/counter/stream/100000", true);
    size_t first;
    egg_testkit_body(x, &first);
    CHECK(!egg_testkit_ended(x));
    CHECK(first > 64 * 1024 && first < 80 * 1024); /* the kernel's high-water mark */
    egg_testkit_take(x, 1000);
    size_t second;
    egg_testkit_body(x, &second);
    CHECK(second == first); /* not before all was taken */
    egg_testkit_take(x, 1 << 20);
    egg_testkit_body(x, &second);
    CHECK(second > first);
    egg_testkit_hang_up(x, EGG_CLOSED_RESET);
    CHECK(egg_testkit_ended(x));
    end_kit(kit);
}

static void the_timer_writes_to_the_log(void) {
    egg_testkit *kit = start(false);
    get(kit, "/", false);
    egg_testkit_advance(kit, 100);
    CHECK(egg_testkit_log_lines(kit) == 1);
    CHECK_TEXT(egg_testkit_log_line(kit, 0), "INFO counter-rust: 1 requests, 0 errors");
    end_kit(kit);
}

int main(void) {
    requests_are_counted();
    countries_are_counted_with_another_plugins_interface();
    methods_answer_at_once();
    a_stream_ends_when_all_is_written();
    a_slow_client_slows_the_stream_down();
    the_timer_writes_to_the_log();
    torment_library("./libcounter-rust.so");
    return finish_tests("counter-rust");
}
