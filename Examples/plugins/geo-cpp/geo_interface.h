/*
 * geo_interface.h - "com.example.geo/1": what geo-cpp offers to other plugins.
 *
 * A published interface is a table of C functions, so that a plugin in any language
 * may use it. The revision is a part of the id: a function whose meaning changes gets a
 * new id, and the old table stays. It may grow at the end, which `size` tells.
 */
#ifndef GEO_INTERFACE_H
#define GEO_INTERFACE_H

#include "egg_plugin.h"

#define GEO_INTERFACE_ID "com.example.geo/1"

typedef struct geo_interface {
    uint32_t size;
    uint32_t reserved;
    void *self; /* to be passed to the functions */
    /* Two letters, or the configured text for an unknown address. [loop]; valid until
     * the caller returns to the kernel. */
    egg_str (*country)(void *self, egg_str address);
} geo_interface;

#endif /* GEO_INTERFACE_H */
