#include <curl/curl.h>

/* Functions with a variable list of arguments are not imported by Swift. */
static inline CURLcode egg_curl_number(CURL *h, CURLoption o, long v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode egg_curl_size(CURL *h, CURLoption o, curl_off_t v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode egg_curl_text(CURL *h, CURLoption o, const char *v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode egg_curl_pointer(CURL *h, CURLoption o, void *v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode egg_curl_on_bytes(CURL *h, CURLoption o, curl_write_callback f) {
    return curl_easy_setopt(h, o, f);
}
static inline CURLcode egg_curl_on_socket(CURL *h, curl_opensocket_callback f) {
    return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, f);
}
static inline CURLcode egg_curl_on_connected(CURL *h, curl_prereq_callback f) {
    return curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, f);
}
static inline long egg_curl_info_number(CURL *h, CURLINFO i) {
    long v = 0;
    curl_easy_getinfo(h, i, &v);
    return v;
}
static inline curl_off_t egg_curl_info_size(CURL *h, CURLINFO i) {
    curl_off_t v = 0;
    curl_easy_getinfo(h, i, &v);
    return v;
}
static inline const char *egg_curl_info_text(CURL *h, CURLINFO i) {
    char *v = NULL;
    curl_easy_getinfo(h, i, &v);
    return v;
}
static inline void *egg_curl_info_private(CURL *h) {
    char *v = NULL;
    curl_easy_getinfo(h, CURLINFO_PRIVATE, &v);
    return v;
}
static inline CURLMcode egg_multi_number(CURLM *m, CURLMoption o, long v) {
    return curl_multi_setopt(m, o, v);
}
static inline void egg_multi_start(CURLM *m, void *state, curl_socket_callback socket,
                                   curl_multi_timer_callback timer) {
    curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, state);
    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, timer);
    curl_multi_setopt(m, CURLMOPT_TIMERDATA, state);
}
/* The union of a message is read here. */
static inline CURL *egg_multi_done(CURLM *m, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(m, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
/* Neither are macros with a cast. */
static const long egg_curl_basic = (long)CURLAUTH_BASIC;
static const long egg_curl_digest = (long)CURLAUTH_DIGEST;
