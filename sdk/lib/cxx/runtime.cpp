/** Exceptions in one piece, compiled at once. The linker leaves out what a function does not use. */
#include "catch.cpp"
#include "emergency.cpp"
#include "exception-ptr.cpp"
#include "message.cpp"
#include "new.cpp"
#include "personality.cpp"
#include "terminate.cpp"
#include "throw.cpp"
