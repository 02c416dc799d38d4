/* json.c - JSON text to values and back, for configuration, manifests and tests. */
#define _GNU_SOURCE
#include "kit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    arena *arena;
    const char *at, *end, *error;
    int depth;
} reader;

static bool value(reader *r, egg_value *out);

static bool refuse(reader *r, const char *why) {
    if (r->error == NULL) r->error = why;
    return false;
}

static void blanks(reader *r) {
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(reader *r, char c) {
    blanks(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static int hex4(reader *r) {
    int number = 0;
    for (int i = 0; i < 4; i++) {
        if (r->at == r->end) return -1;
        char c = *r->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        number = number * 16 + digit;
    }
    return number;
}

static size_t utf8(char *out, uint32_t c) {
    if (c < 0x80) return out[0] = (char)c, 1;
    if (c < 0x800)
        return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)),
               out[2] = (char)(0x80 | (c & 63)), 3;
    return out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63)),
           out[2] = (char)(0x80 | (c >> 6 & 63)), out[3] = (char)(0x80 | (c & 63)), 4;
}

/* After the opening quote. An escape is never shorter than what it stands for. */
static bool text(reader *r, egg_str *out) {
    const char *close = r->at;
    while (close < r->end && *close != '"') close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    if (close >= r->end) return refuse(r, "a string without its closing quote");
    char *copy = arena_alloc(r->arena, (size_t)(close - r->at) + 1, 1);
    if (copy == NULL) return refuse(r, "a string that is too long");
    size_t count = 0;
    while (r->at < close) {
        unsigned char c = (unsigned char)*r->at++;
        if (c < 0x20) return refuse(r, "a control character in a string");
        if (c != '\\') {
            copy[count++] = (char)c;
            continue;
        }
        static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
        char letter = *r->at++;
        const char *found = letter == '\0' ? NULL : strchr(plain, letter);
        if (found != NULL) {
            copy[count++] = means[found - plain];
        } else if (letter == 'u') {
            int unit = hex4(r);
            uint32_t point = (uint32_t)unit;
            if (unit >= 0xD800 && unit < 0xDC00 && close - r->at >= 6 && r->at[0] == '\\' &&
                r->at[1] == 'u') {
                r->at += 2;
                int low = hex4(r);
                if (low < 0xDC00 || low > 0xDFFF) return refuse(r, "half a surrogate pair");
                point = 0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
            } else if (unit < 0 || (unit >= 0xD800 && unit <= 0xDFFF)) {
                return refuse(r, "an unknown escape in a string");
            }
            count += utf8(copy + count, point);
        } else {
            return refuse(r, "an unknown escape in a string");
        }
    }
    r->at = close + 1;
    *out = (egg_str){copy, count};
    return true;
}

static bool number(reader *r, egg_value *out) {
    char digits[64];
    size_t count = 0;
    bool whole = true;
    while (r->at < r->end && strchr("+-0123456789.eE", *r->at) != NULL) {
        if (count + 1 == sizeof digits) return refuse(r, "a number that is too long");
        if (strchr(".eE", *r->at) != NULL) whole = false;
        digits[count++] = *r->at++;
    }
    digits[count] = '\0';
    char *end = digits;
    if (whole) {
        out->kind = EGG_INT;
        out->as.integer = strtoll(digits, &end, 10);
    } else {
        out->kind = EGG_DOUBLE;
        out->as.number = strtod(digits, &end);
    }
    return count > 0 && *end == '\0' ? true : refuse(r, "text that is no JSON");
}

static bool word(reader *r, const char *name, egg_kind kind, bool flag, egg_value *out) {
    size_t count = strlen(name);
    if ((size_t)(r->end - r->at) < count || memcmp(r->at, name, count) != 0)
        return refuse(r, "text that is no JSON");
    r->at += count;
    out->kind = kind;
    if (kind == EGG_BOOL) out->as.boolean = flag;
    return true;
}

static bool list(reader *r, egg_value *out) {
    egg_value *items = NULL;
    size_t count = 0;
    bool good = true;
    if (!take(r, ']')) {
        do {
            items = grow(items, count, sizeof *items);
            good = value(r, &items[count++]);
        } while (good && take(r, ','));
        if (good && !take(r, ']')) good = refuse(r, "a list without \"]\"");
    }
    if (good) {
        egg_value *copy = arena_alloc(r->arena, count * sizeof *copy, _Alignof(egg_value));
        if (copy != NULL && count > 0) memcpy(copy, items, count * sizeof *copy);
        *out = (egg_value){.kind = EGG_LIST, .count = (uint32_t)count, .as.items = copy};
    }
    free(items);
    return good;
}

static bool map(reader *r, egg_value *out) {
    egg_pair *pairs = NULL;
    size_t count = 0;
    bool good = true;
    if (!take(r, '}')) {
        do {
            pairs = grow(pairs, count, sizeof *pairs);
            good = take(r, '"') ? text(r, &pairs[count].key) : refuse(r, "a key without quotes");
            if (good && !take(r, ':')) good = refuse(r, "a key without \":\"");
            if (good) good = value(r, &pairs[count++].value);
        } while (good && take(r, ','));
        if (good && !take(r, '}')) good = refuse(r, "an object without \"}\"");
    }
    if (good) {
        egg_pair *copy = arena_alloc(r->arena, count * sizeof *copy, _Alignof(egg_pair));
        if (copy != NULL && count > 0) memcpy(copy, pairs, count * sizeof *copy);
        *out = (egg_value){.kind = EGG_MAP, .count = (uint32_t)count, .as.pairs = copy};
    }
    free(pairs);
    return good;
}

static bool value(reader *r, egg_value *out) {
    *out = (egg_value){0};
    blanks(r);
    if (r->at == r->end) return refuse(r, "an end where a value was expected");
    if (++r->depth > 100) return refuse(r, "too many levels");
    bool good;
    egg_str string;
    switch (*r->at) {
    case '{': r->at++, good = map(r, out); break;
    case '[': r->at++, good = list(r, out); break;
    case '"':
        r->at++;
        good = text(r, &string);
        if (good)
            *out = (egg_value){
                .kind = EGG_STRING, .count = (uint32_t)string.len, .as.string = string.ptr};
        break;
    case 't': good = word(r, "true", EGG_BOOL, true, out); break;
    case 'f': good = word(r, "false", EGG_BOOL, false, out); break;
    case 'n': good = word(r, "null", EGG_NULL, false, out); break;
    default: good = number(r, out); break;
    }
    r->depth--;
    return good;
}

const char *json_parse(arena *a, egg_str source, egg_value *out) {
    reader r = {a, source.ptr, source.ptr + source.len, NULL, 0};
    if (value(&r, out)) {
        blanks(&r);
        if (r.at != r.end) refuse(&r, "more text after the value");
    }
    if (r.error != NULL) *out = (egg_value){0};
    return r.error;
}

/* ---- writing ------------------------------------------------------------------ */

static void write_text(FILE *to, const char *bytes, size_t count) {
    fputc('"', to);
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < 0x20)
            fprintf(to, "\\u%04x", c);
        else
            fputc(c, to);
    }
    fputc('"', to);
}

static void write_value(FILE *to, const egg_value *v, int depth) {
    if (depth > 128) {
        fputs("\"…\"", to);
        return;
    }
    switch (v->kind) {
    case EGG_NULL: fputs("null", to); break;
    case EGG_BOOL: fputs(v->as.boolean ? "true" : "false", to); break;
    case EGG_INT: fprintf(to, "%lld", (long long)v->as.integer); break;
    case EGG_TIME: fprintf(to, "\"<time %lld>\"", (long long)v->as.integer); break;
    case EGG_DOUBLE:
        if (isfinite(v->as.number))
            fprintf(to, "%.17g", v->as.number);
        else
            fputs("null", to);
        break;
    case EGG_STRING: write_text(to, v->as.string, v->count); break;
    case EGG_BYTES: fprintf(to, "\"<%u bytes>\"", v->count); break;
    case EGG_OBJECT: fprintf(to, "\"<%s>\"", v->as.object->ops->type); break;
    case EGG_LIST:
        fputc('[', to);
        for (uint32_t i = 0; i < v->count; i++) {
            if (i > 0) fputc(',', to);
            write_value(to, &v->as.items[i], depth + 1);
        }
        fputc(']', to);
        break;
    case EGG_MAP:
        fputc('{', to);
        for (uint32_t i = 0; i < v->count; i++) {
            if (i > 0) fputc(',', to);
            write_text(to, v->as.pairs[i].key.ptr, v->as.pairs[i].key.len);
            fputc(':', to);
            write_value(to, &v->as.pairs[i].value, depth + 1);
        }
        fputc('}', to);
        break;
    default: fputs("undefined", to); break;
    }
}

char *json_write(arena *a, const egg_value *v) {
    char *bytes = NULL;
    size_t count = 0;
    FILE *to = open_memstream(&bytes, &count);
    if (to == NULL) abort();
    write_value(to, v, 0);
    fclose(to);
    char *copy = arena_cstring(a, (egg_str){bytes, count});
    free(bytes);
    return copy;
}

/* ---- maps ---------------------------------------------------------------------- */

const egg_value *map_get(const egg_value *m, egg_str key) {
    if (m == NULL || m->kind != EGG_MAP) return NULL;
    for (uint32_t i = 0; i < m->count; i++)
        if (same(m->as.pairs[i].key, key)) return &m->as.pairs[i].value;
    return NULL;
}

static egg_str first_segment(egg_str *path) {
    egg_str head = *path;
    const char *dot = path->len == 0 ? NULL : memchr(path->ptr, '.', path->len);
    if (dot == NULL) {
        *path = (egg_str){"", 0};
        return head;
    }
    head.len = (size_t)(dot - path->ptr);
    *path = (egg_str){dot + 1, path->len - head.len - 1};
    return head;
}

const egg_value *map_at(const egg_value *m, egg_str path) {
    while (path.len > 0 && m != NULL) m = map_get(m, first_segment(&path));
    return m;
}

/* A new map with `value` at `path`; maps merge, everything else is replaced. */
static egg_value with(kit *k, const egg_value *old, egg_str path, const egg_value *fresh) {
    if (path.len == 0) {
        egg_value result;
        if (fresh->kind != EGG_MAP || old == NULL || old->kind != EGG_MAP) {
            arena_value(&k->memory, fresh, &result, &k->objects);
            return result;
        }
        result = *old;
        for (uint32_t i = 0; i < fresh->count; i++) {
            egg_str key = fresh->as.pairs[i].key;
            /* One member at a time, so that a key may contain a dot. */
            const egg_value *inner = map_get(&result, key);
            egg_value merged = with(k, inner, (egg_str){"", 0}, &fresh->as.pairs[i].value);
            egg_pair *pairs = arena_alloc(&k->memory, (result.count + 1u) * sizeof *pairs,
                                          _Alignof(egg_pair));
            if (pairs == NULL) abort();
            if (result.count > 0)
                memcpy(pairs, result.as.pairs, result.count * sizeof *pairs);
            uint32_t at = 0;
            while (at < result.count && !same(pairs[at].key, key)) at++;
            pairs[at] = (egg_pair){arena_text(&k->memory, key), merged};
            if (at == result.count) result.count++;
            result.as.pairs = pairs;
        }
        return result;
    }
    egg_str head = first_segment(&path);
    egg_value inner = with(k, map_get(old, head), path, fresh);
    egg_pair pair = {head, inner};
    egg_value single = {.kind = EGG_MAP, .count = 1, .as.pairs = &pair};
    egg_value empty = {.kind = EGG_MAP};
    return with(k, old != NULL && old->kind == EGG_MAP ? old : &empty, (egg_str){"", 0}, &single);
}

void config_set(kit *k, egg_str path, const egg_value *v) {
    k->config = with(k, &k->config, path, v);
}
