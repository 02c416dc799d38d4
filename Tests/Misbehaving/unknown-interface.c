/* The manifest needs an interface of the kernel that does not exist. */
#define NO_MANIFEST
#include "misbehaving.h"

EGG_MANIFEST("{\"egg\": 1, \"id\": \"" ID "\", \"abi\": {\"major\": 1},"
             " \"needs\": [\"egg.telepathy/1\"]}");

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }
