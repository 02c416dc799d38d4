#ifndef EGG_LINKED_UNIT_H
#define EGG_LINKED_UNIT_H

#include "egg_plugin.h"

/* The entry point of the unit that this program is linked with; NULL when there is none. */
egg_plugin_entry_fn EGG_NULLABLE egg_linked_unit(void);

#endif
