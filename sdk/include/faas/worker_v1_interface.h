/**
 * Nightcore's interface for functions written in C, version 1. Written from its description, so that functions made for
 * that platform compile here as they are.
 *
 * A function is a worker: the platform initialises the library once, creates a worker, and hands it one call after the other.
 * Every function below returns 0 for success.
 */
#ifndef _FAAS_WORKER_V1_INTERFACE_H_
#define _FAAS_WORKER_V1_INTERFACE_H_

#include <stddef.h>

#ifdef __FAAS_SRC
#define API_EXPORT
#else
#define API_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Given to the worker. Adds bytes to the output of the call that is running; they are copied before it returns. */
typedef void (*faas_append_output_fn_t)(void* caller_context, const char* data, size_t length);

/**
 * Given to the worker. Calls a function by its NUL-terminated name and waits for it. On success the output belongs to the
 * platform and is valid until the running faas_func_call returns. On failure: -1, NULL and 0.
 */
typedef int (*faas_invoke_func_fn_t)(void* caller_context, const char* func_name, const char* input_data, size_t input_length,
                                     const char** output_data, size_t* output_length);

/* The following four are the function's to define, all of them. */

/** Once, before anything else. */
API_EXPORT int faas_init(void);

/** Makes a worker. It keeps the two functions, and `caller_context` to pass back to them unchanged. */
API_EXPORT int faas_create_func_worker(void* caller_context, faas_invoke_func_fn_t invoke_func_fn,
                                       faas_append_output_fn_t append_output_fn, void** worker_handle);

/** Frees a worker. */
API_EXPORT int faas_destroy_func_worker(void* worker_handle);

/**
 * Serves one call; never two at a time for a worker. `input` is valid until it returns, and does not end in NUL. Anything
 * but 0: the call failed, and what was appended is dropped.
 */
API_EXPORT int faas_func_call(void* worker_handle, const char* input, size_t input_length);

#ifdef __cplusplus
#ifdef __FAAS_SRC
typedef decltype(faas_init)* faas_init_fn_t;
typedef decltype(faas_create_func_worker)* faas_create_func_worker_fn_t;
typedef decltype(faas_destroy_func_worker)* faas_destroy_func_worker_fn_t;
typedef decltype(faas_func_call)* faas_func_call_fn_t;
#endif
}
#endif

#undef API_EXPORT

#endif
