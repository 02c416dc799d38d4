/* The manifest needs a minor version that this kernel does not have. */
#define MANIFEST_ABI "{\"major\": 1, \"min\": 999}"
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }
