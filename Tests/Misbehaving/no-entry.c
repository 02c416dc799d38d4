/* A manifest, but no exported entry function. */
#define OWN_FRAME
#include "misbehaving.h"

int misbehaving_no_entry(void);
int misbehaving_no_entry(void) { return 0; }
