/*
 * finds_them.c - the strict test kit says what is wrong with each misbehaving plugin:
 * a finding with this text, and, where a request is answered, this body.
 */
#include "egg_testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct expectation {
    const char *id;
    const char *finding; /* NULL: none is due */
    int status;          /* of GET /<id>; 0: it does not come that far */
    const char *body;    /* NULL: not looked at */
} expectation;

static const expectation all[] = {
    {"no-entry", "expected the exported function egg_plugin_entry_v1", 0, NULL},
    {"no-note", "not a plugin", 0, NULL},
    {"note-wrong-major", "expected \"abi\": {\"major\": 1}", 0, NULL},
    {"newer-minor", "needs plugin interface 1.999", 0, NULL},
    {"unknown-interface", "needs the interface \"egg.telepathy/1\"", 0, NULL},
    {"bad-json-note", "the manifest is not JSON", 0, NULL},
    {"large-note", "larger than 65536 bytes", 0, NULL},
    {"text-file", "expected an ELF library", 0, NULL},
    {"other-machine", "another processor", 0, NULL},
    {"truncated", "ends before its notes", 0, NULL},
    {"short-header", "ends inside its header", 0, NULL},
    {"wrong-major", "another major version", 0, NULL},
    {"wrong-id", "another id than its manifest", 0, NULL},
    {"entry-null", "declined to load", 0, NULL},
    {"no-on-phase", "no id or no on_phase", 0, NULL},
    {"longer-plugin", "fields that this kit does not know", 0, NULL},
    {"phase-fails", "didLoad: failed: the database does not answer (NO_DATABASE)", 0, NULL},
    {"phase-garbage", "load: returned an unknown step (42)", 0, NULL},
    {"phase-never-settles", "didLoad: its call was never settled", 0, NULL},
    {"close-never-settles", "beforeClose: its call was never settled", 200, "add_middleware=0\n"},
    {"null-table", "egg_method: needs a name", 200,
     "add_middleware=0\nno_handle=-1\nno_name=-1\nno_size=-1\nno_invoke=-1\nno_get=-1\n"
     "no_loaded=-1\n"},
    {"longer-struct", "egg_method: of 48 bytes", 200, "add_middleware=0\nset=-2\nzero=0\n"},
    {"duplicate-names", "registered already", 200,
     "add_middleware=0\nagain=-3\nproperty=0\nproperty_again=-3\n"},
    {"unannounced", "is not announced", 200,
     "add_middleware=0\nmiddleware=-7\nproperty=-7\npublish=-7\npublish_egg=-1\nroute=-7\n"},
    {"settles-twice", "finish: the call was settled or handed on before", 200, "settled"},
    {"never-settles", "its call was never settled", 404, NULL},
    {"next-twice", "next: called a second time by the same layer", 200,
     "add_middleware=0\nnext=-1\nnext_in_resume=-1\n"},
    {"garbage-step", "returned an unknown step (42)", 500, NULL},
    {"pass-in-resume", "returned PASS (1), which means nothing on the way back", 500, NULL},
    {"done-after-settling", "returned DONE after settling", 418, "short and stout"},
    {"other-thread", "called on another thread than the loop's", 200,
     "add_middleware=0\nfinish=-1\nnext=-1\nset_status=-9\nconfig=-9\nalloc=0\n"},
    {"header-crlf", "no CR, LF or NUL", 200,
     "add_middleware=0\ncrlf=-1\nlf=-1\nnul=-1\nname=-1\nblank=-1\nempty=-1\nstatus=-1\n"
     "kind=-1\n"},
    {"huge-value", "too many levels", 200,
     "add_middleware=0\nadd_method=0\ndeep=-8\nendless=-8\nlong=-1\nwide=-8\nalloc=0\n"
     "resolve=0\ninvoke=0\noutcome=1\n"},
    {"null-pointers", NULL, 200,
     "add_middleware=0\nstring=-1\nbytes=-1\nlist=-1\nmap=-1\nobject=-1\nkey=-1\nname=-1\n"
     "header=-1\nbody=-1\npayload=-1\n"},
    {"boot-while-serving", "is for boot", 200,
     "add_middleware=0\nadd_middleware=-5\npublish=-5\nset_config=-5\nmake_middleware=-5\n"
     "add_route=-5\n"},
    {"made-up-tokens", "finish: was given no call", 200, NULL},
    {"world-writable", NULL, 0, NULL}, /* the kit opens what it is given */
};

static int failures;

static void fail(const expectation *e, const char *what, const char *wanted, const char *found) {
    failures++;
    fprintf(stderr, "%s: expected %s \"%s\", found \"%s\"\n", e->id, what, wanted, found);
}

static void check(const expectation *e, const char *folder) {
    char file[1024], url[128];
    snprintf(file, sizeof file, "%s/%s.so", folder, e->id);
    snprintf(url, sizeof url, "/%s", e->id);
    egg_testkit_options options = {.flags = EGG_TESTKIT_STRICT};
    egg_testkit *kit = egg_testkit_new(&options);
    bool up = egg_testkit_open(kit, file) != NULL && egg_testkit_boot(kit);
    if (e->status != 0 && !up) fail(e, "a start", "up", "refused");
    if (e->status != 0 && up) {
        egg_testkit_request request = {.url = url};
        egg_testkit_exchange *x = egg_testkit_send(kit, &request);
        char status[16], wanted[16];
        snprintf(status, sizeof status, "%d", egg_testkit_status(x));
        snprintf(wanted, sizeof wanted, "%d", e->status);
        if (egg_testkit_status(x) != e->status) fail(e, "the status", wanted, status);
        if (e->body != NULL && strcmp(egg_testkit_body(x, NULL), e->body) != 0)
            fail(e, "the body", e->body, egg_testkit_body(x, NULL));
        /* The kit, and with it the kernel's design, survives: the next request is served. */
        request.url = "/";
        x = egg_testkit_send(kit, &request);
        if (!egg_testkit_ended(x)) fail(e, "the next request", "ended", "hanging");
    }
    egg_testkit_finish(kit);
    bool found = e->finding == NULL;
    for (size_t i = 0; i < egg_testkit_findings(kit); i++)
        found |= e->finding != NULL && strstr(egg_testkit_finding(kit, i), e->finding) != NULL;
    if (!found)
        fail(e, "the finding", e->finding,
             egg_testkit_findings(kit) == 0 ? "none" : egg_testkit_finding(kit, 0));
    egg_testkit_free(kit);
}

int main(int count, char **arguments) {
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check(&all[i], count > 1 ? arguments[1] : ".build");
    if (failures == 0) printf("misbehaving plugins: the test kit finds all %zu\n",
                              sizeof all / sizeof *all);
    return failures == 0 ? 0 : 1;
}
