/**
 * A function development kit for Fn in C (C11), which the Fn project has for other languages only. It needs nothing but <stddef.h>
 * and <stdint.h>.
 *
 * A function defines fn_handle, and may define fn_init; the rest is there to be called. The same source becomes
 *   - a program that serves Fn's contract (http-stream), for an image of Fn's or Weft's, or for a process of Weft's: compile it
 *     together with sdk/lib/contracts/fn-native.c, which brings `main`;
 *   - a WebAssembly context of Weft's: contract fn in the manifest, and nothing else.
 *
 * Results: functions that return int give FN_OK (0) or a number above it, or one of the negative errors below.
 *
 * Lifetimes: each pointer says how long it stays valid. "The request" is the call of fn_handle that is running. A program lives on
 * after it, with all that it has allocated; a context goes back to what fn_init left (unless the manifest says otherwise). So
 * what is meant to run everywhere frees what it allocates, or takes it from fn_alloc.
 *
 * One request runs at a time: no locks are needed. stdout and stderr are the function's log.
 */
#ifndef FN_FDK_H
#define FN_FDK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fn_error {
  FN_OK = 0,
  /** No memory. */
  FN_NO_MEMORY = -1,
  /** An argument is not legal here: a header name with a line break, a status of 42. */
  FN_INVALID = -2
};

/* ---- What a function defines ---------------------------------------------------------------------------------------- */

typedef struct fn_request fn_request;
typedef struct fn_response fn_response;

/**
 * Handles one request. Both handles are valid until it returns. 0: the answer is what was put into `response`. Anything else: the
 * function failed; its caller gets a 502, and what was put into `response` is dropped. The next request comes all the same.
 */
int fn_handle(fn_request *request, fn_response *response);

/**
 * Optional. Runs once, before the first request; in a program before it listens, for which Fn gives it five seconds. Anything but 0:
 * the program exits with status 1, a deploy as a context is refused.
 */
int fn_init(void);

/* ---- Request -------------------------------------------------------------------------------------------------------- */

/* All text below ends in NUL, is never NULL unless it says so, and is valid until the request ends. */

/** The body, not NUL-terminated; `length` gets its length. Valid, and yours to change, until the request ends. Never NULL. */
void *fn_request_body(fn_request *request, size_t *length);

/** Content-Type of the body; "" when it was not told. */
const char *fn_request_content_type(fn_request *request);

/** What names this call in logs; "" for a call from a function of the same app, from context to context. */
const char *fn_request_call_id(fn_request *request);

/** When the call ends, as Fn tells it (RFC 3339); "" where the call id is. */
const char *fn_request_deadline(fn_request *request);

/** The same in milliseconds since 1970-01-01T00:00:00Z; 0 when there is none, or it is none. */
int64_t fn_request_deadline_ms(fn_request *request);

/** "httprequest" for a client's HTTP request (Fn: one that came through a trigger); "" for other calls. */
const char *fn_request_intent(fn_request *request);

/** Method of the client's request; "POST" for other calls. */
const char *fn_request_method(fn_request *request);

/** URL of the client's request: "http://host/path?query"; "" for other calls. */
const char *fn_request_url(fn_request *request);

/**
 * Value of a header of the client's request, or else of the call, upper and lower case being the same in its name; NULL when it was
 * not sent. The first, if there are several.
 */
const char *fn_request_header(fn_request *request, const char *name);

/** Where an iteration stands. Starts as {0}; its member is no concern of yours. */
typedef struct fn_header_cursor {
  size_t at_;
} fn_header_cursor;

/** Puts the next header that fn_request_header knows into `name` and `value`: 1; or 0 when there is none left. */
int fn_request_next_header(fn_request *request, fn_header_cursor *cursor, const char **name, const char **value);

/** Memory that is given back by itself when the request ends, aligned for any type; NULL when there is none. Not for free(). */
void *fn_alloc(fn_request *request, size_t size);

/* ---- Response ------------------------------------------------------------------------------------------------------- */

/** Sets the status that an HTTP client sees (Fn-Http-Status), 200 to 599; 200 when it is never called. */
int fn_response_status(fn_response *response, int status);

/** Sets the Content-Type; the text is copied. The last one counts. */
int fn_response_content_type(fn_response *response, const char *type);

/** Adds a header for the client; both texts are copied. A name can be added more than once. Lengths and connections are not yours to set. */
int fn_response_header(fn_response *response, const char *name, const char *value);

/** Appends to the body; the bytes are copied. */
int fn_response_write(fn_response *response, const void *data, size_t length);

/**
 * Makes these bytes the whole body, without copying them: they must stay as they are after fn_handle has returned, until the next
 * request, so they must be static, from fn_alloc, or part of the request's body; not a local variable. Replaces what was written before.
 */
int fn_response_body(fn_response *response, const void *data, size_t length);

/* ---- Configuration -------------------------------------------------------------------------------------------------- */

/** Value of a key of the function's or the app's configuration, which Fn gives as environment; NULL when there is none. Do not change it. */
const char *fn_config(const char *name);

#ifdef __cplusplus
}
#endif

#endif
