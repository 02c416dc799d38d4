/* The manifest is not JSON. */
#define NO_MANIFEST
#include "misbehaving.h"

EGG_MANIFEST("{\"egg\": 1, \"id\": \"" ID "\", \"abi\": {\"major\": 1},, oops");

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }
