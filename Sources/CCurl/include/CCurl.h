#ifndef CCURL_H
#define CCURL_H
#include <curl/curl.h>

// libcurl, loaded when it is first needed: it and the three dozen libraries behind it would take longer to load than
// everything else at the start of the program. Its header gives types and constants; its functions are called by way
// of these, each named after the one it calls.

/// Loads and initialises libcurl, once; from any thread, and it takes some milliseconds. NULL when libcurl is there,
/// else why not. Nothing else here may be called before it has returned NULL.
const char *ccurl_load(void);

CURL *ccurl_easy_init(void);
void ccurl_easy_cleanup(CURL *easy);
CURLcode ccurl_easy_pause(CURL *easy, int action);
const char *ccurl_easy_strerror(CURLcode code);

CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_cleanup(CURLM *multi);
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_perform(CURLM *multi, int *running);
/// Waits for the sockets of `multi` and, unless it is -1, until `other` can be read. Returns whether it can.
int ccurl_multi_poll(CURLM *multi, int other, int milliseconds);
CURLMcode ccurl_multi_wakeup(CURLM *multi);
CURLMsg *ccurl_multi_info_read(CURLM *multi, int *remaining);

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);

CURLU *ccurl_url(void);
void ccurl_url_cleanup(CURLU *url);
CURLUcode ccurl_url_get(CURLU *url, CURLUPart part, char **text, unsigned flags);
CURLUcode ccurl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags);
void ccurl_free(void *text);

// Swift cannot call C's variadic functions: one typed wrapper for each kind of argument.

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value);
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value);
CURLcode ccurl_set_receiver(CURL *easy, CURLoption option, curl_write_callback value);
CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value);
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);

/// Has `value` called when the connection stands and the request is about to be sent.
CURLcode ccurl_set_ready_callback(CURL *easy, curl_prereq_callback value, void *context);

/// Lets a handle go away while its name look-up still runs, instead of waiting for it (libcurl 7.87 and later).
void ccurl_set_quick_exit(CURL *easy);

/// How a transfer ended. Only for messages of kind `CURLMSG_DONE`: `data` is a union.
static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

/// The file of certificates libcurl was built to use, or NULL.
const char *ccurl_built_in_authorities(void);

// Macros with a cast in them are not imported.
static const long ccurl_http_1_1 = (long)CURL_HTTP_VERSION_1_1;
static const long ccurl_http_2_over_tls = (long)CURL_HTTP_VERSION_2TLS;
static const size_t ccurl_pause_receiving = (size_t)CURL_WRITEFUNC_PAUSE;
#endif
