/**
 * The tag that all C++ exceptions are thrown with. Up to version 21 clang defines it in every object itself; since then a library
 * must, and the npm toolchain's has an empty file in its place.
 */
#if __clang_major__ >= 22
asm("\t.globl\t__cpp_exception\n\t.tagtype\t__cpp_exception i32\n__cpp_exception:\n");
#endif
