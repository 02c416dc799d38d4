/* The entry declines. */
#define OWN_ENTRY
#include "misbehaving.h"

static egg_step misbehave(bad *self, egg_call call) { return answer(self, call); }

const egg_plugin *egg_plugin_entry_v1(const egg_host *host, const char *plugin_id) {
    (void)plugin_id;
    (void)make_plugin;
    host->log(host, (egg_call){0}, EGG_LOG_WARN, TEXT("entry-null does not want to"), NULL);
    return NULL;
}
