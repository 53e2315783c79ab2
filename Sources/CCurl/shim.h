#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H
#include <curl/curl.h>

// Swift cannot call C's variadic functions: one typed wrapper for each kind of argument.

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl_easy_setopt(easy, option, (void *)value);
}

static inline CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_receiver(CURL *easy, CURLoption option, curl_write_callback value) {
  return curl_easy_setopt(easy, option, value);
}

/// Has `value` called when the connection stands and the request is about to be sent.
static inline CURLcode ccurl_set_ready_callback(CURL *easy, curl_prereq_callback value, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
  return code ? code : curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

/// Lets a handle go away while its name look-up still runs, instead of waiting for it (libcurl 7.87 and later).
static inline void ccurl_set_quick_exit(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)easy;
#endif
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

/// How a transfer ended. Only for messages of kind `CURLMSG_DONE`: `data` is a union.
static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

/// The file of certificates libcurl was built to use, or NULL.
static inline const char *ccurl_built_in_authorities(void) { return curl_version_info(CURLVERSION_NOW)->cainfo; }

// Macros with a cast in them are not imported.
static const long ccurl_http_1_1 = (long)CURL_HTTP_VERSION_1_1;
static const long ccurl_http_2_over_tls = (long)CURL_HTTP_VERSION_2TLS;
static const size_t ccurl_pause_receiving = (size_t)CURL_WRITEFUNC_PAUSE;
#endif
