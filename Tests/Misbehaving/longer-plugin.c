/* The table that the entry returns is of a later minor, with a field set that this
 * kernel does not know. */
#define OWN_ENTRY
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

static struct {
    egg_plugin known;
    uint64_t later;
} table;

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    table.known = *make_plugin(host);
    table.known.size = sizeof table;
    table.later = 1;
    return &table.known;
}
