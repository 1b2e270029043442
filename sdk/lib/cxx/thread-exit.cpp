/** There is one thread, and it ends with the program: its variables are destroyed like the others. */
extern "C" {

int __cxa_atexit(void (*destroy)(void *), void *object, void *library);

int __cxa_thread_atexit(void (*destroy)(void *), void *object, void *library) { return __cxa_atexit(destroy, object, library); }

}  // extern "C"
