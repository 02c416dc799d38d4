/* geo_test.c - unit tests of geo-cpp against the test kit. */
#include "../testing.h"
#include "geo_interface.h"

static egg_testkit *start(uint32_t flags) {
    egg_testkit_options options = {.flags = EGG_TESTKIT_STRICT | flags, .base_dir = "."};
    egg_testkit *kit = egg_testkit_new(&options);
    CHECK(egg_testkit_open(kit, "./libgeo-cpp.so") != NULL);
    egg_testkit_file(kit, 0, ".", "app/geo/documentation.csv", NULL);
    egg_testkit_file(kit, 2, "fixtures", "app/geo/more_places.csv", NULL);
    egg_testkit_file(kit, 2, "fixtures", "app/geo/README.md", NULL); /* no *.csv */
    egg_testkit_config(kit, "geo", "{\"unknown\": \"??\"}");
    CHECK(egg_testkit_boot(kit));
    return kit;
}

static egg_testkit_exchange *get(egg_testkit *kit, const char *url, const char *headers) {
    egg_testkit_request request = {.url = url, .headers = headers};
    return egg_testkit_send(kit, &request);
}

static void tables_of_all_units_count(void) {
    egg_testkit *kit = start(0);
    CHECK_TEXT(egg_testkit_body(get(kit, "/geo/198.51.100.4", NULL), NULL),
               "{\"country\":\"DE\"}");
    CHECK_TEXT(egg_testkit_body(get(kit, "/geo/192.0.2.1", NULL), NULL), "{\"country\":\"SE\"}");
    /* The longest prefix, and the configured text for the unknown. */
    CHECK_TEXT(egg_testkit_body(get(kit, "/geo/203.0.113.7", NULL), NULL),
               "{\"country\":\"NZ\"}");
    CHECK_TEXT(egg_testkit_body(get(kit, "/geo/10.0.0.1", NULL), NULL), "{\"country\":\"??\"}");
    end_kit(kit);
}

static void the_middleware_names_the_country(void) {
    egg_testkit *kit = start(0);
    CHECK_TEXT(egg_testkit_header(get(kit, "/", NULL), "x-country"), "LO");
    egg_testkit_exchange *context = egg_testkit_context(kit);
    egg_value country;
    CHECK(egg_testkit_get(kit, context, EGG_ON_CONTEXT, "country", &country) == EGG_OK);
    CHECK_TEXT(egg_testkit_json(kit, &country), "\"LO\"");
    egg_testkit_context_end(context);
    end_kit(kit);
}

static void lookups_run_on_a_thread(uint32_t flags) {
    egg_testkit *kit = start(flags);
    const egg_testkit_result *result =
        egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "geoLookup", "[\"203.0.113.9\"]");
    while (!result->settled && egg_testkit_wait(kit, 5000)) continue;
    CHECK(result->settled);
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "\"AU\"");
    result = egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "geoLookup", "[7]");
    CHECK_TEXT(result->code, "GEO_ADDRESS");
    end_kit(kit);
}

static void a_reload_comes_back_from_its_thread(void) {
    egg_testkit *kit = start(0);
    const egg_testkit_result *result =
        egg_testkit_call(kit, NULL, EGG_ON_APPLICATION, "geoReload", NULL);
    for (int i = 0; i < 10 && !result->settled; i++) egg_testkit_wait(kit, 1000);
    CHECK(result->settled);
    CHECK_TEXT(egg_testkit_json(kit, &result->value), "5");
    end_kit(kit);
}

static void an_upgraded_connection_echoes(void) {
    egg_testkit *kit = start(0);
    CHECK(egg_testkit_status(get(kit, "/geo/echo", NULL)) == 426);
    egg_testkit_exchange *x =
        get(kit, "/geo/echo", "Connection: Upgrade\nUpgrade: echo");
    CHECK(egg_testkit_status(x) == 101);
    CHECK(egg_testkit_upgraded(x));
    CHECK_TEXT(egg_testkit_header(x, "Upgrade"), "echo");
    egg_testkit_receive(x, "one ", 4);
    egg_testkit_receive(x, "two", 3);
    CHECK_TEXT(egg_testkit_body(x, NULL), "welcome\none two");
    egg_testkit_hang_up(x, EGG_CLOSED_BY_PEER);
    CHECK(egg_testkit_ended(x));
    end_kit(kit);
}

static void a_slow_peer_is_not_read_from(void) {
    egg_testkit *kit = start(0);
    egg_testkit_request request = {.url = "/geo/echo", .hold = true,
                                   .headers = "Connection: Upgrade\nUpgrade: echo"};
    egg_testkit_exchange *x = egg_testkit_send(kit, &request);
    static char many[300 * 1024];
    memset(many, 'x', sizeof many);
    egg_testkit_receive(x, many, sizeof many);
    CHECK(egg_testkit_paused(x));
    egg_testkit_take(x, sizeof many);
    CHECK(!egg_testkit_paused(x));
    end_kit(kit);
}

static void other_plugins_may_ask(void) {
    egg_testkit *kit = start(0);
    const egg_host *host = egg_testkit_host(kit);
    const geo_interface *geo = host->query(host, GEO_INTERFACE_ID);
    CHECK(geo != NULL);
    egg_str country = geo->country(geo->self, (egg_str){"198.51.100.200", 14});
    CHECK(country.len == 2 && memcmp(country.ptr, "DE", 2) == 0);
    end_kit(kit);
}

int main(void) {
    tables_of_all_units_count();
    the_middleware_names_the_country();
    lookups_run_on_a_thread(0);
    lookups_run_on_a_thread(EGG_TESTKIT_THREADS);
    a_reload_comes_back_from_its_thread();
    an_upgraded_connection_echoes();
    a_slow_peer_is_not_read_from();
    other_plugins_may_ask();
    torment_library("./libgeo-cpp.so");
    return finish_tests("geo-cpp");
}
