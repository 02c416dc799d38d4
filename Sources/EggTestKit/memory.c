/* memory.c - arenas whose pages lose their access when they end, deep copies. */
#define _GNU_SOURCE
#include "kit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATTERN = 0xA5, GUARD = 16, SMALLEST = 1 << 14 };

typedef struct chunk {
    struct chunk *next;
    uint8_t *base;
    size_t size, used;
    /* Where the guard zones begin: what lies there must still be the pattern. */
    size_t *guards;
    size_t guards_count;
} chunk;

/* Pages that have ended. The list is read by the signal handler, so entries are
 * complete before they are linked, and the links never change while a kit lives. */
typedef struct ended {
    struct ended *next;
    kit *kit;
    uint8_t *base;
    size_t size;
    const char *what;
} ended;

static ended *all_ended;
static pthread_mutex_t ended_lock = PTHREAD_MUTEX_INITIALIZER; /* kits of several threads */
static struct sigaction before_us;

void *must_alloc(size_t size) {
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (memory == NULL) abort();
    return memory;
}

void *grow(void *items, size_t count, size_t item_size) {
    if ((count & (count + 1)) == 0 || count == 0) {
        /* Room for the next power of two; at 0, 1, 3, 7, … elements. */
        items = realloc(items, ((count + 1) * 2) * item_size);
        if (items == NULL) abort();
    }
    memset((char *)items + count * item_size, 0, item_size);
    return items;
}

static void fault(int number, siginfo_t *info, void *context) {
    const uint8_t *address = info->si_addr;
    for (const ended *e = all_ended; e != NULL; e = e->next) {
        if (address < e->base || address >= e->base + e->size) continue;
        static const char before[] = "egg_testkit: memory was used after its end: ";
        static const char after[] =
            "; borrowed memory is good until the function it came with returns, memory of a "
            "request until the call is settled; copy what must survive (egg_host.copy)\n";
        if (write(2, before, sizeof before - 1) < 0 || write(2, e->what, strlen(e->what)) < 0 ||
            write(2, after, sizeof after - 1) < 0)
            break;
        break;
    }
    (void)context;
    /* The same instruction runs into the handler of whoever was there before. */
    sigaction(number, &before_us, NULL);
}

static void watch_faults(void) {
    static bool done;
    if (done) return;
    done = true;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &before_us);
}

void arena_begin(kit *k, arena *a, const char *what) {
    *a = (arena){k, what, NULL, 0};
}

static chunk *chunk_new(size_t least) {
    size_t size = SMALLEST;
    while (size < least) size *= 2;
    chunk *c = must_alloc(sizeof *c);
    c->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c->base == MAP_FAILED) abort();
    c->size = size;
    memset(c->base, PATTERN, size);
    return c;
}

void *arena_alloc(arena *a, size_t size, size_t alignment) {
    if (alignment == 0) alignment = 1;
    if (alignment > 4096 || (alignment & (alignment - 1)) != 0 || size > (size_t)1 << 30)
        return NULL;
    chunk *c = a->chunks;
    size_t at = c == NULL ? 0 : (c->used + alignment - 1) & ~(alignment - 1);
    if (c == NULL || at + size + GUARD > c->size) {
        chunk *fresh = chunk_new(size + GUARD);
        fresh->next = c;
        a->chunks = c = fresh;
        at = 0;
    }
    memset(c->base + at, 0, size);
    c->used = at + size + GUARD;
    a->used += size;
    *APPEND(c, guards) = at + size;
    return c->base + at;
}

void arena_end(arena *a, unit *who) {
    kit *k = a->kit;
    for (chunk *c = a->chunks, *next; c != NULL; c = next) {
        next = c->next;
        for (size_t g = 0; g < c->guards_count; g++) {
            for (size_t i = 0; i < GUARD; i++) {
                if (c->base[c->guards[g] + i] == PATTERN) continue;
                finding(k, who,
                        "wrote past the end of a piece of %s; ask alloc for as many bytes as "
                        "are written",
                        a->what);
                break;
            }
        }
        if (strict(k)) {
            pthread_mutex_lock(&ended_lock);
            watch_faults();
            mmap(c->base, c->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            ended *e = must_alloc(sizeof *e);
            *e = (ended){all_ended, k, c->base, c->size, a->what};
            all_ended = e;
            pthread_mutex_unlock(&ended_lock);
        } else {
            munmap(c->base, c->size);
        }
        free(c->guards);
        free(c);
    }
    a->chunks = NULL;
}

/* The kit goes, and with it the address ranges that it kept. */
void memory_forget(kit *k) {
    pthread_mutex_lock(&ended_lock);
    for (ended **link = &all_ended; *link != NULL;) {
        ended *e = *link;
        if (e->kit != k) {
            link = &e->next;
            continue;
        }
        *link = e->next;
        munmap(e->base, e->size);
        free(e);
    }
    pthread_mutex_unlock(&ended_lock);
}

/* ---- copies ------------------------------------------------------------------ */

bool same(egg_str a, egg_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool same_nocase(egg_str a, egg_str b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.ptr[i], y = b.ptr[i];
        if (x >= 'A' && x <= 'Z') x = (char)(x + 32);
        if (y >= 'A' && y <= 'Z') y = (char)(y + 32);
        if (x != y) return false;
    }
    return true;
}

char *arena_cstring(arena *a, egg_str text) {
    char *copy = arena_alloc(a, text.len + 1, 1);
    if (copy == NULL) abort();
    if (text.len > 0) memcpy(copy, text.ptr, text.len);
    return copy;
}

egg_str arena_text(arena *a, egg_str text) {
    if (!plausible(text)) return (egg_str){"", 0};
    return (egg_str){arena_cstring(a, text), text.len};
}

void objects_keep(object_list *list, egg_object *object) {
    object->ops->retain(object);
    list->items = grow(list->items, list->count, sizeof *list->items);
    list->items[list->count++] = object;
}

void objects_release(object_list *list) {
    for (size_t i = list->count; i > 0; i--) list->items[i - 1]->ops->release(list->items[i - 1]);
    free(list->items);
    *list = (object_list){NULL, 0};
}

static egg_status copy_value(arena *a, const egg_value *value, egg_value *out,
                             object_list *objects, int depth) {
    *out = *value;
    size_t count = value->count;
    if (a->used > ARENA_LIMIT && a != &a->kit->memory) return EGG_E_LIMIT;
    switch (value->kind) {
    case EGG_STRING:
    case EGG_BYTES: {
        if (count > 0 && value->as.string == NULL) return EGG_E_ARGUMENT;
        char *copy = arena_alloc(a, count + 1, 1);
        if (copy == NULL) return EGG_E_LIMIT;
        if (count > 0) memcpy(copy, value->as.string, count);
        out->as.string = copy;
        return EGG_OK;
    }
    case EGG_LIST: {
        if (depth >= 128) return EGG_E_LIMIT;
        if (count > 0 && value->as.items == NULL) return EGG_E_ARGUMENT;
        egg_value *items = arena_alloc(a, count * sizeof *items, _Alignof(egg_value));
        if (items == NULL) return EGG_E_LIMIT;
        for (size_t i = 0; i < count; i++) {
            egg_status status = copy_value(a, &value->as.items[i], &items[i], objects, depth + 1);
            if (status != EGG_OK) return status;
        }
        out->as.items = items;
        return EGG_OK;
    }
    case EGG_MAP: {
        if (depth >= 128) return EGG_E_LIMIT;
        if (count > 0 && value->as.pairs == NULL) return EGG_E_ARGUMENT;
        egg_pair *pairs = arena_alloc(a, count * sizeof *pairs, _Alignof(egg_pair));
        if (pairs == NULL) return EGG_E_LIMIT;
        for (size_t i = 0; i < count; i++) {
            const egg_pair *from = &value->as.pairs[i];
            if (!plausible(from->key)) return EGG_E_ARGUMENT;
            pairs[i].key = arena_text(a, from->key);
            egg_status status =
                copy_value(a, &from->value, &pairs[i].value, objects, depth + 1);
            if (status != EGG_OK) return status;
        }
        out->as.pairs = pairs;
        return EGG_OK;
    }
    case EGG_OBJECT: {
        egg_object *object = value->as.object;
        if (object == NULL || object->ops == NULL || object->ops->retain == NULL ||
            object->ops->release == NULL)
            return EGG_E_ARGUMENT;
        if (objects != NULL) objects_keep(objects, object);
        return EGG_OK;
    }
    default:
        return EGG_OK;
    }
}

egg_status arena_value(arena *a, const egg_value *value, egg_value *out, object_list *objects) {
    egg_value copy;
    egg_status status = copy_value(a, value, &copy, objects, 0);
    *out = status == EGG_OK ? copy : (egg_value){0};
    return status;
}

egg_error *make_error(arena *a, int32_t http_status, const char *code, const char *message) {
    egg_error *error = arena_alloc(a, sizeof *error, _Alignof(egg_error));
    if (error == NULL) abort();
    error->size = sizeof *error;
    error->http_status = http_status;
    error->code = arena_text(a, str(code));
    error->message = arena_text(a, str(message));
    return error;
}

static const egg_error *copy_error(arena *a, const egg_error *error, object_list *objects,
                                   int depth) {
    if (error == NULL || error->size < 4 || error->size > 4096)
        return make_error(a, 500, "EGG_BAD_ERROR", "an egg_error without its size");
    egg_error *copy = make_error(a, 0, "", "");
    size_t known = error->size < sizeof *copy ? error->size : sizeof *copy;
    memcpy(copy, error, known);
    copy->size = sizeof *copy;
    copy->code = arena_text(a, copy->code);
    copy->message = arena_text(a, copy->message);
    copy->detail = arena_text(a, copy->detail);
    if (copy->properties != NULL) {
        egg_value *map = arena_alloc(a, sizeof *map, _Alignof(egg_value));
        if (map == NULL || arena_value(a, copy->properties, map, objects) != EGG_OK) map = NULL;
        copy->properties = map;
    }
    /* One cause is kept; a chain of them could be endless. */
    const egg_error *cause = copy->cause;
    copy->cause = cause == NULL || depth > 0 ? NULL : copy_error(a, cause, objects, depth + 1);
    return copy;
}

const egg_error *arena_error(arena *a, const egg_error *error, object_list *objects) {
    return copy_error(a, error, objects, 0);
}
