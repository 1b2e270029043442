/**
 * Where malloc begins, in place of what the linker leaves over of the last page: a function whose addresses are moved
 * (docs/guest-abi.md) has nothing behind its variables but what it asks for. `heap` in link.json.
 */
#define HEAP_BYTES 6144
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

char __heap_base[HEAP_BYTES] __attribute__((aligned(16)));

__asm__(".globl __heap_end\n"
        ".set __heap_end, __heap_base + " TEXT(HEAP_BYTES) "\n");
