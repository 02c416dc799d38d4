/* testing.h - the few lines that the tests of the example plugins share. */
#ifndef EXAMPLE_TESTING_H
#define EXAMPLE_TESTING_H

#include "egg_testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition)) {                                                             \
            failures++;                                                                 \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);    \
        }                                                                               \
    } while (0)

#define CHECK_TEXT(found, wanted)                                                       \
    do {                                                                                \
        const char *found_text = (found);                                               \
        if (found_text == NULL || strcmp(found_text, (wanted)) != 0) {                  \
            failures++;                                                                 \
            fprintf(stderr, "%s:%d: expected \"%s\", found \"%s\"\n", __FILE__,          \
                    __LINE__, (wanted), found_text == NULL ? "(nothing)" : found_text); \
        }                                                                               \
    } while (0)

/* Ends a kit: everything the strict host has found is a failure. */
static void end_kit(egg_testkit *kit) {
    egg_testkit_finish(kit);
    for (size_t i = 0; i < egg_testkit_findings(kit); i++) {
        failures++;
        fprintf(stderr, "finding: %s\n", egg_testkit_finding(kit, i));
    }
    egg_testkit_free(kit);
}

/* The same plugin under a host that may do anything, 60 times. */
static inline void torment_library(const char *file) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        egg_testkit_options options = {.flags = EGG_TESTKIT_TORMENT, .seed = seed};
        egg_testkit *kit = egg_testkit_new(&options);
        CHECK(egg_testkit_open(kit, file) != NULL);
        if (egg_testkit_exercise(kit) > 0)
            fprintf(stderr, "with seed %llu:\n", (unsigned long long)seed);
        end_kit(kit);
    }
}

static int finish_tests(const char *name) {
    if (failures == 0) printf("%s: all tests passed\n", name);
    return failures == 0 ? 0 : 1;
}

#endif /* EXAMPLE_TESTING_H */
