#include "linked_unit.h"

/* Weak: a test program without a unit links too, and finds NULL here. */
#pragma weak egg_plugin_entry_v1

egg_plugin_entry_fn egg_linked_unit(void) { return egg_plugin_entry_v1; }

/* In the Swift module EggMock. */
void egg_mock_install_loop(void);

__attribute__((constructor)) static void before_main(void) { egg_mock_install_loop(); }
