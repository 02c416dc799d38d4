/* note.c - the manifest in a library's ELF note, read without loading the library. */
#include "kit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    const unsigned char *at;
    size_t count;
} bytes;

static char *find(arena *a, bytes file, uint64_t offset, uint64_t count, const char *id,
                  const char **why) {
    if (offset > file.count || count > file.count - offset) {
        *why = "the library ends before its notes; copy or build it again";
        return NULL;
    }
    const unsigned char *at = file.at + offset, *end = at + count;
    while ((size_t)(end - at) >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr head;
        memcpy(&head, at, sizeof head);
        size_t name = ((size_t)head.n_namesz + 3) & ~(size_t)3;
        size_t text = ((size_t)head.n_descsz + 3) & ~(size_t)3;
        at += sizeof head;
        if (name > (size_t)(end - at) || text > (size_t)(end - at) - name) break;
        if (head.n_type == EGG_NOTE_TYPE && head.n_namesz == 4 && memcmp(at, "EGG", 4) == 0) {
            if (text > 65536) {
                *why = "its manifest is larger than 65536 bytes";
                return NULL;
            }
            char *json = arena_cstring(a, (egg_str){(const char *)at + name, text});
            egg_value manifest;
            if (id == NULL) return json;
            if (json_parse(a, str(json), &manifest) == NULL) {
                const egg_value *said = map_get(&manifest, str("id"));
                if (said != NULL && said->kind == EGG_STRING &&
                    same((egg_str){said->as.string, said->count}, str(id)))
                    return json;
            }
        }
        at += name + text;
    }
    return NULL;
}

static char *search(arena *a, bytes file, const char *id, const char **why) {
    Elf64_Ehdr head;
    if (file.count < 4 || memcmp(file.at, ELFMAG, 4) != 0) {
        *why = "not a plugin: expected an ELF library, found another kind of file";
        return NULL;
    }
    if (file.count < sizeof head) {
        *why = "the library ends inside its header";
        return NULL;
    }
    memcpy(&head, file.at, sizeof head);
#if defined(__x86_64__)
    const Elf64_Half machine = EM_X86_64;
#else
    const Elf64_Half machine = EM_AARCH64;
#endif
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_type != ET_DYN ||
        head.e_phentsize != sizeof(Elf64_Phdr)) {
        *why = "expected a 64-bit shared library";
        return NULL;
    }
    if (head.e_machine != machine) {
        *why = "a library for another processor; build it on this machine";
        return NULL;
    }
    *why = id == NULL ? "not a plugin: it has no note \"EGG\"; is EGG_MANIFEST compiled in?"
                      : "it has no manifest with this id";
    for (size_t i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr segment;
        uint64_t at = head.e_phoff + i * sizeof segment;
        if (head.e_phoff > file.count || at + sizeof segment > file.count) {
            *why = "the library ends before its program headers; copy or build it again";
            return NULL;
        }
        memcpy(&segment, file.at + at, sizeof segment);
        if (segment.p_type != PT_NOTE) continue;
        char *json = find(a, file, segment.p_offset, segment.p_filesz, id, why);
        if (json != NULL) return json;
    }
    return NULL;
}

char *note_read(arena *a, const char *path, const char *id, const char **why) {
    FILE *from = fopen(path, "rb");
    if (from == NULL) {
        *why = "can't be read";
        return NULL;
    }
    unsigned char *all = NULL;
    size_t count = 0, got;
    do {
        all = realloc(all, count + (1 << 16));
        if (all == NULL) abort();
        got = fread(all + count, 1, 1 << 16, from);
        count += got;
    } while (got > 0 && count < (size_t)256 << 20);
    fclose(from);
    char *json = search(a, (bytes){all, count}, id, why);
    free(all);
    return json;
}
