/* A library that is no plugin: no manifest. */
#define NO_MANIFEST
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }
