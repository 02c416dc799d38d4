/*
 * late_crypto.c - libcrypto, opened by the first call of one of its functions.
 *
 * Linked as usual it is mapped, relocated and initialised before main: 1.4 MB and more than a millisecond for
 * every process, most of which never sign a cookie or speak TLS. So the functions that the kernel calls are
 * defined here, each as one jump through a slot. At first all slots lead to `open_then_jump`, which opens the
 * library, fills them, and goes on as if nothing had been in between. The symbols are hidden: libraries that
 * link libcrypto themselves find the real ones.
 *
 * A function that is missing in the list is an undefined symbol when the command is linked: add it.
 */
#define _GNU_SOURCE
#include "late_crypto.h"

#include <dlfcn.h>
#include <openssl/opensslv.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUNCTIONS(X)                                                                               \
    X(ASN1_OCTET_STRING_cmp) X(ASN1_STRING_get0_data) X(ASN1_STRING_length)                        \
    X(ASN1_STRING_to_UTF8) X(ASN1_TIME_diff) X(ASN1_TIME_to_tm) X(BIO_clear_flags) X(BIO_free) X(BIO_get_data)      \
    X(BIO_get_new_index) X(BIO_meth_new) X(BIO_meth_set_ctrl) X(BIO_meth_set_read_ex)              \
    X(BIO_meth_set_write_ex) X(BIO_new) X(BIO_read) X(BIO_s_mem) X(BIO_set_data) X(BIO_set_flags)              \
    X(BIO_set_init) X(BIO_write) X(CRYPTO_free) X(CRYPTO_memcmp) X(ERR_clear_error) X(ERR_get_error)              \
    X(ERR_peek_error) X(ERR_peek_last_error) X(ERR_reason_error_string) X(EVP_CIPHER_CTX_free)     \
    X(EVP_CIPHER_CTX_new) X(EVP_CIPHER_fetch) X(EVP_CIPHER_get_iv_length)                          \
    X(EVP_CIPHER_get_key_length) X(EVP_CipherFinal_ex) X(EVP_CipherInit_ex) X(EVP_CipherUpdate)    \
    X(EVP_DecryptInit_ex) X(EVP_Digest) X(EVP_DigestFinal_ex) X(EVP_DigestInit_ex)                 \
    X(EVP_DigestUpdate) X(EVP_EncryptInit_ex) X(EVP_MAC_CTX_set_params) X(EVP_MD_CTX_free)         \
    X(EVP_MD_CTX_new) X(EVP_MD_get_size) X(EVP_PKEY_free) X(EVP_PKEY_get_base_id)                  \
    X(EVP_aes_256_cbc) X(EVP_md5) X(EVP_sha1) X(EVP_sha256) X(EVP_sha512) X(HMAC) X(OBJ_nid2sn) X(OBJ_obj2nid)                  \
    X(OSSL_PARAM_construct_end) X(OSSL_PARAM_construct_octet_string)                               \
    X(OSSL_PARAM_construct_utf8_string) X(PEM_read_bio_PrivateKey) X(PEM_read_bio_X509)            \
    X(RAND_bytes) X(X509_NAME_ENTRY_get_data) X(X509_NAME_ENTRY_get_object)                        \
    X(X509_NAME_entry_count) X(X509_NAME_get_entry) X(X509_EXTENSION_get_data) X(X509_STORE_add_cert) X(X509_check_host)             \
    X(X509_check_private_key) X(X509_digest) X(X509_free) X(X509_get0_notAfter)                    \
    X(X509_get0_notBefore) X(X509_get0_serialNumber) X(X509_get_ext) X(X509_get_ext_by_NID)        \
    X(X509_get_issuer_name) X(X509_get_subject_name) X(i2d_X509)

#define TEXT_(number) #number
#define FILE_(number) "libcrypto.so." TEXT_(number)

/* Where each function jumps to; NULL until the library is open. */
#define SLOT(name) __attribute__((visibility("hidden"))) void *late_crypto_slot_##name;
FUNCTIONS(SLOT)

static const struct {
    const char *name;
    void **slot;
} functions[] = {
#define ENTRY(name) {#name, &late_crypto_slot_##name},
    FUNCTIONS(ENTRY)};

static void fill(void) {
    const char *file = FILE_(OPENSSL_SHLIB_VERSION);
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library != NULL && i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(library, functions[i].name);
        if (found == NULL) library = NULL;
        __atomic_store_n(functions[i].slot, found, __ATOMIC_RELEASE);
    }
    if (library != NULL) return;
    fprintf(stderr, "egg: %s can't be used: %s; install libssl3\n", file, dlerror());
    abort();
}

__attribute__((visibility("hidden"), used)) void late_crypto_open(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
}

/* Arguments are integers and pointers, in registers or on the stack. */
#if defined(__x86_64__)
__asm__(".text\n"
        ".type late_crypto_open_then_jump, @function\n"
        "late_crypto_open_then_jump:\n" /* r11: the slot */
        "  push %rdi\n  push %rsi\n  push %rdx\n  push %rcx\n  push %r8\n  push %r9\n  push %r11\n"
        "  call late_crypto_open\n"
        "  pop %r11\n  pop %r9\n  pop %r8\n  pop %rcx\n  pop %rdx\n  pop %rsi\n  pop %rdi\n"
        "  jmp *(%r11)\n");
#define DEFINE(name)                                                                               \
    __asm__(".text\n.globl " #name "\n.hidden " #name "\n.type " #name ", @function\n" #name ":\n" \
            "  mov late_crypto_slot_" #name "(%rip), %r10\n"                                       \
            "  test %r10, %r10\n"                                                                  \
            "  jz 1f\n"                                                                            \
            "  jmp *%r10\n"                                                                        \
            "1: lea late_crypto_slot_" #name "(%rip), %r11\n"                                      \
            "  jmp late_crypto_open_then_jump\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".type late_crypto_open_then_jump, %function\n"
        "late_crypto_open_then_jump:\n" /* x17: the slot; x8: where a struct goes */
        "  stp x29, x30, [sp, #-96]!\n"
        "  stp x0, x1, [sp, #16]\n  stp x2, x3, [sp, #32]\n  stp x4, x5, [sp, #48]\n"
        "  stp x6, x7, [sp, #64]\n  stp x8, x17, [sp, #80]\n"
        "  bl late_crypto_open\n"
        "  ldp x0, x1, [sp, #16]\n  ldp x2, x3, [sp, #32]\n  ldp x4, x5, [sp, #48]\n"
        "  ldp x6, x7, [sp, #64]\n  ldp x8, x17, [sp, #80]\n"
        "  ldp x29, x30, [sp], #96\n"
        "  ldr x16, [x17]\n"
        "  br x16\n");
#define DEFINE(name)                                                                               \
    __asm__(".text\n.globl " #name "\n.hidden " #name "\n.type " #name ", %function\n" #name ":\n" \
            "  adrp x17, late_crypto_slot_" #name "\n"                                             \
            "  add x17, x17, :lo12:late_crypto_slot_" #name "\n"                                   \
            "  ldr x16, [x17]\n"                                                                   \
            "  cbz x16, 1f\n"                                                                      \
            "  br x16\n"                                                                           \
            "1: b late_crypto_open_then_jump\n");
#else
#error "late_crypto.c knows x86-64 and arm64"
#endif
FUNCTIONS(DEFINE)
