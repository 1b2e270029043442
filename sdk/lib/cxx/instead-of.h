/** What the linker puts in the place of a function of libc++ that would throw, were it compiled with exceptions. */
#pragma once

#define INSTEAD_OF(name) extern "C" [[noreturn]] void __wrap_##name
