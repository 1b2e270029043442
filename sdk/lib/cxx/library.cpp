/**
 * libc++ itself was compiled without exceptions: where it would throw, one of these functions ends the program. The linker puts ours
 * in their place (`--wrap` in link.json), and each is linked only with the part of libc++ that calls it. What a program
 * instantiates of libc++'s templates throws by itself.
 *
 * Their names say the ABI version of that libc++; test/cxx fails when one is no longer met.
 */
#include <future>
#include <ios>
#include <new>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

#include "instead-of.h"
#include "message.h"

INSTEAD_OF(_ZNSt3__220__throw_length_errorB9nqn220100EPKc)(const char *what) { throw std::length_error(what); }
INSTEAD_OF(_ZNSt3__220__throw_out_of_rangeB9nqn220100EPKc)(const char *what) { throw std::out_of_range(what); }
INSTEAD_OF(_ZNSt3__224__throw_invalid_argumentB9nqn220100EPKc)(const char *what) { throw std::invalid_argument(what); }
INSTEAD_OF(_ZNSt3__222__throw_overflow_errorB9nqn220100EPKc)(const char *what) { throw std::overflow_error(what); }
INSTEAD_OF(_ZNSt3__221__throw_runtime_errorEPKc)(const char *what) { throw std::runtime_error(what); }
INSTEAD_OF(_ZNSt3__215__throw_failureB9nqn220100EPKc)(const char *what) { throw std::ios_base::failure(what); }
INSTEAD_OF(_ZNSt3__216__throw_bad_castB9nqn220100Ev)() { throw std::bad_cast(); }
INSTEAD_OF(_ZSt17__throw_bad_allocv)() { throw std::bad_alloc(); }
INSTEAD_OF(_ZSt28__throw_bad_array_new_lengthB9nqn220100v)() { throw std::bad_array_new_length(); }
INSTEAD_OF(_ZNSt3__220__throw_system_errorEiPKc)(int code, const char *what) {
  throw std::system_error(std::error_code(code, std::generic_category()), what);
}
INSTEAD_OF(_ZNSt3__220__throw_future_errorB9nqn220100ENS_11future_errcE)(std::future_errc code) { throw std::future_error(code); }

/** What cannot be an exception: a broken precondition that libc++'s hardening found. Its own function would bring printf along. */
[[noreturn, gnu::weak]] void std::__libcpp_verbose_abort(const char *format, ...) noexcept {
  va_list arguments;
  va_start(arguments, format);
  weft::end_with(format, arguments);
}
