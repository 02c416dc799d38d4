/* The table that the entry returns lacks its function. */
#define OWN_ENTRY
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    egg_plugin *plugin = (egg_plugin *)make_plugin(host);
    plugin->on_phase = NULL;
    return plugin;
}
