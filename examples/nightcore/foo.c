/** Nightcore's Foo: hands its input to Bar and says where the answer came from. */
#include <faas/worker_v1_interface.h>

#include <stdlib.h>
#include <string.h>

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
    static const char prefix[] = "From function Bar: ";
    struct worker_context* context = worker_handle;
    const char* answer;
    size_t answer_length;
    if (context->invoke_func_fn(context->caller_context, "Bar", input, input_length, &answer, &answer_length) != 0) {
        return -1;
    }
    size_t length = strlen(prefix) + answer_length;
    char* output = malloc(length);
    if (output == NULL) {
        return -1;
    }
    memcpy(output, prefix, strlen(prefix));
    memcpy(output + strlen(prefix), answer, answer_length);
    context->append_output_fn(context->caller_context, output, length);
    free(output);
    return 0;
}
