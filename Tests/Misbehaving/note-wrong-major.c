/* The manifest says that it was made for another major version. */
#define MANIFEST_ABI "{\"major\": 2, \"min\": 0}"
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }
