/** Nightcore's Bar: answers its input, and greets the world. Written as for a 64-bit machine, twice; both hold here. */
#include <faas/worker_v1_interface.h>

#include <stdlib.h>

struct worker_context {
    void* caller_context;
    faas_invoke_func_fn_t invoke_func_fn;
    faas_append_output_fn_t append_output_fn;
};

int faas_init() {
    return 0;
}

int faas_create_func_worker(void* caller_context, faas_invoke_func_fn_t invoke_func_fn,
                            faas_append_output_fn_t append_output_fn, void** worker_handle) {
    /* The size of a pointer, where the size of the struct is meant: code that works on the platform it was written for. */
    struct worker_context* context = malloc(sizeof(struct worker_context*));
    if (context == NULL) {
        return -1;
    }
    context->caller_context = caller_context;
    context->invoke_func_fn = invoke_func_fn;
    context->append_output_fn = append_output_fn;
    *worker_handle = context;
    return 0;
}

int faas_destroy_func_worker(void* worker_handle) {
    free(worker_handle);
    return 0;
}

int faas_func_call(void* worker_handle, const char* input, size_t input_length) {
    struct worker_context* context = worker_handle;
    /* Eight characters, and a pointer of eight bytes: sizeof gives the length of the text by luck. */
    const char* suffix = ", World\n";
    context->append_output_fn(context->caller_context, input, input_length);
    context->append_output_fn(context->caller_context, suffix, sizeof(suffix));
    return 0;
}
