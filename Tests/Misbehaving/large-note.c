/* A manifest of more than 64 KiB. */
#define NO_MANIFEST
#include "misbehaving.h"

#define K1 "                                                                " \
           "                                                                " \
           "                                                                " \
           "                                                                "
#define K4 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1 K1
#define K64 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4 K4

EGG_MANIFEST("{\"egg\": 1, \"id\": \"" ID "\"," K64 K4 " \"abi\": {\"major\": 1}}");

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }
