/* The functions of libssl as a table that is filled when the library is opened: a process that serves
   no HTTPS never maps it. The types are OpenSSL's own, so the compiler checks each call. */
#ifndef EGG_LIBSSL_H
#define EGG_LIBSSL_H

#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define EGG_LIBSSL_FUNCTIONS(X)                                                                    \
    X(TLS_server_method) X(SSL_CTX_new) X(SSL_CTX_free) X(SSL_CTX_ctrl) X(SSL_CTX_callback_ctrl)   \
    X(SSL_CTX_set_options) X(SSL_CTX_set_verify) X(SSL_CTX_set_cipher_list)                        \
    X(SSL_CTX_set_ciphersuites) X(SSL_CTX_use_certificate) X(SSL_CTX_use_PrivateKey)               \
    X(SSL_CTX_set_session_id_context) X(SSL_CTX_set_timeout) X(SSL_CTX_set_alpn_select_cb)         \
    X(SSL_CTX_set_tlsext_ticket_key_evp_cb) X(SSL_CTX_get_cert_store) X(SSL_CTX_add_client_CA)     \
    X(SSL_new) X(SSL_free) X(SSL_set_bio) X(SSL_set_accept_state) X(SSL_do_handshake) X(SSL_read)  \
    X(SSL_write) X(SSL_shutdown) X(SSL_get_error) X(SSL_has_pending) X(SSL_get_servername)         \
    X(SSL_set_SSL_CTX) X(SSL_get_version) X(SSL_get_current_cipher) X(SSL_CIPHER_get_name)         \
    X(SSL_get1_peer_certificate) X(SSL_get_verify_result) X(SSL_session_reused)

struct egg_libssl {
#define EGG_LIBSSL_MEMBER(name) __typeof__(name) *name;
    EGG_LIBSSL_FUNCTIONS(EGG_LIBSSL_MEMBER)
#undef EGG_LIBSSL_MEMBER
};

/* The file whose interface the headers describe: that of the libcrypto which is linked. */
#define EGG_LIBSSL_TEXT_(number) #number
#define EGG_LIBSSL_FILE_(number) "libssl.so." EGG_LIBSSL_TEXT_(number)
static inline const char *egg_libssl_file(void) { return EGG_LIBSSL_FILE_(OPENSSL_SHLIB_VERSION); }

/* Fills the table. Returns NULL, or the name of a function that the library does not have. */
static inline const char *egg_libssl_fill(struct egg_libssl *table, void *library) {
#define EGG_LIBSSL_FIND(name)                                                                      \
    table->name = (__typeof__(name) *)dlsym(library, #name);                                       \
    if (table->name == NULL) return #name;
    EGG_LIBSSL_FUNCTIONS(EGG_LIBSSL_FIND)
#undef EGG_LIBSSL_FIND
    return NULL;
}

/* What OpenSSL has as macros over casts. */
static inline void egg_tls_on_server_name(const struct egg_libssl *tls, SSL_CTX *context,
                                          int (*chosen)(SSL *, int *, void *), void *state) {
    tls->SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                               (void (*)(void))chosen);
    tls->SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, state);
}

/* No renegotiation and no compression; an end without close_notify is an end, which the reader of the
   socket sees for itself. */
static inline void egg_tls_set_options(const struct egg_libssl *tls, SSL_CTX *context) {
    tls->SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                          SSL_OP_IGNORE_UNEXPECTED_EOF |
                                          SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
}

static inline long egg_tls_set_mode(const struct egg_libssl *tls, SSL_CTX *context, long mode) {
    return tls->SSL_CTX_ctrl(context, SSL_CTRL_MODE, mode, NULL);
}

/* The context owns the certificate afterwards. */
static inline long egg_tls_add_chain(const struct egg_libssl *tls, SSL_CTX *context, X509 *one) {
    return tls->SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 0, one);
}

static inline long egg_tls_set_versions(const struct egg_libssl *tls, SSL_CTX *context, long least,
                                        long most) {
    return tls->SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, least, NULL) &&
           tls->SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, most, NULL);
}

static inline void egg_tls_set_cache(const struct egg_libssl *tls, SSL_CTX *context, long mode) {
    tls->SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, mode, NULL);
}

static inline void egg_tls_read_ahead(const struct egg_libssl *tls, SSL_CTX *context) {
    tls->SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, NULL);
}

/* The parameters keep pointers to their names. */
static inline int egg_mac_set_key(EVP_MAC_CTX *mac, const unsigned char *key, size_t count) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, parameters);
}

static inline void egg_bio_retry(BIO *bio, int direction) {
    BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY);
}

static inline void egg_bio_no_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

#endif
