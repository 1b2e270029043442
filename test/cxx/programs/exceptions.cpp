// Every way to throw and catch; each line of the output is one.
#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>

#define NOINLINE __attribute__((noinline))

namespace {

std::string trace;

struct Noisy {
  explicit Noisy(const char *name) : name(name) {}
  ~Noisy() { trace += std::string("~") + name + " "; }
  const char *name;
};

struct Base {
  virtual ~Base() = default;
  int base = 1;
};
struct Left : virtual Base {
  int left = 2;
};
struct Right : virtual Base {
  int right = 3;
};
struct Both : Left, Right {
  int both = 4;
};
struct First {
  virtual ~First() = default;
  int first = 10;
};
struct Second {
  virtual ~Second() = default;
  int second = 20;
};
struct Multiple : First, Second {
  int own = 30;
};
struct Twice1 : First {};
struct Twice2 : First {};
struct Ambiguous : Twice1, Twice2 {};
struct Hidden : private First {};
struct alignas(16) Aligned {
  double value[2] = {1.5, 2.5};
};

struct Counted {
  Counted() { alive++; }
  Counted(const Counted &other) : value(other.value) {
    alive++;
    copies++;
  }
  ~Counted() { alive--; }
  int value = 7;
  static int alive, copies;
};
int Counted::alive = 0, Counted::copies = 0;

template <typename T>
NOINLINE void raise(T value) {
  Noisy frame("frame");
  throw value;
}

void say(const char *name, const std::string &text) { std::printf("%s: %s\n", name, text.c_str()); }
std::string take() { return std::exchange(trace, ""); }

// By value, reference, pointer

void by_value() {
  try {
    raise(42);
  } catch (double) {
    say("int", "as double");
  } catch (int value) {
    say("int", std::to_string(value) + " " + take());
  }
  try {
    raise(2.5);
  } catch (int) {
    say("double", "as int");
  } catch (double value) {
    say("double", std::to_string(value) + " " + take());
  }
  try {
    raise("text");
  } catch (const char *text) {
    say("pointer", std::string(text) + " " + take());
  }
  try {
    raise(1LL << 40);
  } catch (long long value) {
    say("long long", std::to_string(value) + " " + take());
  }
  try {
    throw Aligned();
  } catch (const Aligned &aligned) {
    say("aligned", std::to_string(reinterpret_cast<uintptr_t>(&aligned) % 16) + " " + std::to_string(aligned.value[1]));
  }
  enum class Color { red, green };
  try {
    throw Color::green;
  } catch (Color color) {
    say("enum", std::to_string(static_cast<int>(color)));
  }
  try {
    throw nullptr;
  } catch (const char *pointer) {
    say("nullptr", pointer == nullptr ? "null" : "not null");
  }
}

void by_reference() {
  try {
    throw Counted();
  } catch (Counted &counted) {
    counted.value++;
    say("reference", std::to_string(counted.value) + " copies " + std::to_string(Counted::copies));
  }
  try {
    try {
      throw Counted();
    } catch (Counted &counted) {
      counted.value = 99;
      throw;
    }
  } catch (Counted counted) {
    say("rethrown by reference", std::to_string(counted.value) + " copies " + std::to_string(Counted::copies));
  }
  say("alive", std::to_string(Counted::alive));
}

void by_pointer() {
  static Multiple object;
  try {
    throw &object;
  } catch (Second *second) {
    say("pointer to base", std::to_string(second->second));
  }
  try {
    throw &object;
  } catch (void *pointer) {
    say("void pointer", pointer == &object ? "same" : "other");
  }
  try {
    throw static_cast<const Multiple *>(&object);
  } catch (Multiple *) {
    say("pointer to const", "lost const");
  } catch (const First *first) {
    say("pointer to const", std::to_string(first->first));
  }
  try {
    throw static_cast<Both *>(nullptr);
  } catch (Base *base) {
    say("null of a virtual base", base == nullptr ? "null" : "not null");
  }
  using Member = int Multiple::*;
  try {
    throw static_cast<Member>(&Multiple::own);
  } catch (Member member) {
    say("member pointer", std::to_string(object.*member));
  }
  using Function = int (*)(int);
  try {
    throw static_cast<Function>([](int x) { return x * 2; });
  } catch (Function function) {
    say("function pointer", std::to_string(function(21)));
  }
  Multiple *const *where = nullptr;
  Multiple *pointer = &object;
  try {
    throw pointer;
  } catch (Multiple *&caught) {
    where = &caught;
    say("reference to pointer", caught == &object && where != &pointer ? "same" : "other");
  }
}

// Classes

void classes() {
  try {
    throw Multiple();
  } catch (Second &second) {
    say("second base", std::to_string(second.second) + " " + std::to_string(dynamic_cast<Multiple &>(second).own));
  }
  try {
    throw Both();
  } catch (Base &base) {
    say("virtual base", std::to_string(base.base) + " " + std::to_string(dynamic_cast<Right &>(base).right));
  }
  try {
    throw Both();
  } catch (Right right) {
    say("sliced", std::to_string(right.right) + std::to_string(right.base));
  }
  try {
    throw Ambiguous();
  } catch (First &) {
    say("ambiguous base", "caught");
  } catch (...) {
    say("ambiguous base", "passed by");
  }
  try {
    throw Hidden();
  } catch (First &) {
    say("private base", "caught");
  } catch (...) {
    say("private base", "passed by");
  }
  try {
    throw std::out_of_range("far");
  } catch (const std::runtime_error &) {
    say("hierarchy", "runtime_error");
  } catch (const std::logic_error &error) {
    say("hierarchy", error.what());
  }
}

// Unwinding

NOINLINE void deep(int depth) {
  Noisy level(depth % 2 == 0 ? "even" : "odd");
  if (depth == 0) throw std::runtime_error("bottom");
  deep(depth - 1);
}

struct Member {
  Member(const char *name, bool fails) : noisy(name) {
    if (fails) throw std::runtime_error(name);
  }
  Noisy noisy;
};

struct Whole {
  explicit Whole(bool fails) try : first("first", false), second("second", fails) {
  } catch (const std::exception &error) {
    trace += std::string("handler(") + error.what() + ") ";
  }
  ~Whole() { trace += "~Whole "; }
  Member first, second;
};

NOINLINE int guarded(int x) try {
  if (x > 0) throw x;
  return 0;
} catch (int value) {
  return value + 100;
}

struct InArray {
  InArray() : number(++made) {
    if (number == 3) throw number;
  }
  ~InArray() { trace += "~" + std::to_string(number) + " "; }
  int number;
  static int made;
};
int InArray::made = 0;

void unwinding() {
  try {
    deep(3);
  } catch (const std::exception &error) {
    say("deep", take() + error.what());
  }
  try {
    Whole whole(true);
  } catch (const std::exception &error) {
    say("constructor", take() + error.what());
  }
  {
    Whole whole(false);
  }
  say("no throw", take());
  say("function try", std::to_string(guarded(5)) + " " + std::to_string(guarded(-1)));
  try {
    delete[] new InArray[5];
  } catch (int number) {
    say("array", take() + std::to_string(number));
  }
  std::string order;
  for (int i = 0; i < 5; i++) {
    try {
      Noisy noisy("loop");
      if (i == 1) continue;
      if (i == 3) throw i;
      order += std::to_string(i);
    } catch (int) {
      order += "x";
      continue;
    }
  }
  say("loop", order + " " + take());
  struct Thrower {
    ~Thrower() noexcept(false) { throw std::runtime_error("destructor"); }
  };
  try {
    Noisy outer("outer");
    Thrower thrower;
    Noisy inner("inner");
  } catch (const std::exception &error) {
    say("throwing destructor", take() + error.what());
  }
}

// Handlers in handlers

void nested() {
  try {
    try {
      throw 1;
    } catch (int) {
      try {
        throw std::string("inner");
      } catch (const std::string &inner) {
        trace += inner + " ";
      }
      throw;
    }
  } catch (int value) {
    say("nested", take() + std::to_string(value));
  }
  try {
    try {
      throw 1;
    } catch (...) {
      throw 2.5;
    }
  } catch (double) {
    say("replaced", "double");
  }
  try {
    try {
      try {
        throw std::runtime_error("first");
      } catch (...) {
        std::throw_with_nested(std::logic_error("second"));
      }
    } catch (...) {
      std::throw_with_nested(std::runtime_error("third"));
    }
  } catch (const std::exception &third) {
    std::string text = third.what();
    try {
      std::rethrow_if_nested(third);
    } catch (const std::exception &second) {
      text += std::string(" < ") + second.what();
      try {
        std::rethrow_if_nested(second);
      } catch (const std::exception &first) {
        text += std::string(" < ") + first.what();
      }
    }
    say("with nested", text);
  }
  int rounds = 0;
  try {
    try {
      throw 0;
    } catch (int &value) {
      for (; value < 3; value++) {
        try {
          throw;
        } catch (int &same) {
          rounds += &same == &value;
        }
      }
      throw;
    }
  } catch (int value) {
    say("rethrown often", std::to_string(rounds) + " " + std::to_string(value));
  }
}

NOINLINE std::string lippincott() {
  try {
    throw;
  } catch (const std::out_of_range &) {
    return "out_of_range";
  } catch (const std::exception &error) {
    return error.what();
  } catch (int) {
    return "int";
  } catch (...) {
    return "unknown";
  }
}

void current() {
  std::string all;
  for (int i = 0; i < 4; i++) {
    try {
      if (i == 0) throw std::out_of_range("");
      if (i == 1) throw std::runtime_error("runtime");
      if (i == 2) throw 3;
      throw 'c';
    } catch (...) {
      all += lippincott() + " ";
    }
  }
  say("dispatcher", all);
  try {
    throw 1.5f;
  } catch (...) {
    say("current type", abi::__cxa_current_exception_type()->name());
  }
  say("no current", std::current_exception() == nullptr && abi::__cxa_current_exception_type() == nullptr ? "none" : "some");
}

struct OnUnwind {
  ~OnUnwind() { trace += std::to_string(std::uncaught_exceptions()) + " "; }
};
struct Nesting {
  ~Nesting() {
    try {
      OnUnwind inner;
      throw 1;
    } catch (...) {
      trace += std::to_string(std::uncaught_exceptions()) + " ";
    }
  }
};

void counting() {
  { OnUnwind quiet; }
  try {
    OnUnwind unwound;
    Nesting nesting;
    throw 1;
  } catch (...) {
    trace += std::to_string(std::uncaught_exceptions());
  }
  say("uncaught", take());
}

// exception_ptr

std::string text_of(const std::exception_ptr &pointer) {
  try {
    std::rethrow_exception(pointer);
  } catch (const std::exception &error) {
    return error.what();
  } catch (int value) {
    return std::to_string(value);
  } catch (...) {
    return "unknown";
  }
}

void pointers() {
  std::exception_ptr kept;
  try {
    throw std::runtime_error("kept");
  } catch (...) {
    kept = std::current_exception();
  }
  say("exception_ptr", text_of(kept) + " " + text_of(kept));
  std::exception_ptr copy = kept, other = std::make_exception_ptr(5);
  say("make_exception_ptr", text_of(other) + (copy == kept ? " same" : " different") + (copy == other ? " same" : " different"));
  {
    std::exception_ptr counted;
    try {
      throw Counted();
    } catch (...) {
      counted = std::current_exception();
    }
    std::string alive = std::to_string(Counted::alive);
    try {
      std::rethrow_exception(counted);
    } catch (Counted &first) {
      try {
        std::rethrow_exception(counted);
      } catch (Counted &second) {
        alive += &first == &second ? " same" : " other";
      }
    }
    counted = nullptr;
    say("references", alive + " " + std::to_string(Counted::alive));
  }
  std::exception_ptr inside;
  try {
    try {
      throw Multiple();
    } catch (...) {
      inside = std::current_exception();
      throw;
    }
  } catch (Second &second) {
    inside = nullptr;
    say("pointer dropped in handler", std::to_string(second.second));
  }
}

// Specifications and casts

NOINLINE void may(bool fails) noexcept(false) {
  if (fails) throw 1;
}
NOINLINE bool contained() noexcept {
  try {
    may(true);
  } catch (...) {
    return true;
  }
  return false;
}

void specifications() {
  say("noexcept", std::string(contained() ? "contained" : "lost") + (noexcept(may(true)) ? " noexcept" : ""));
  Left left;
  Base &base = left;
  try {
    (void)dynamic_cast<Both &>(base);
  } catch (const std::bad_cast &error) {
    say("bad_cast", error.what());
  }
  say("dynamic_cast", dynamic_cast<Right *>(&base) == nullptr ? "null" : "found");
  Base *none = nullptr;
  try {
    (void)typeid(*none);
  } catch (const std::bad_typeid &error) {
    say("bad_typeid", error.what());
  }
  Both both;
  Left &view = both;
  say("typeid", std::string(typeid(view) == typeid(Both) ? "dynamic" : "static"));
  Right *across = dynamic_cast<Right *>(&view);
  say("cross cast", std::to_string(across->right));
}

// Memory

NOINLINE size_t launder(size_t n) {
  volatile size_t v = n;
  return v;
}

void memory() {
  try {
    ::operator delete(::operator new(launder(size_t{1} << 31)));
  } catch (const std::bad_alloc &error) {
    say("bad_alloc", error.what());
  }
  say("nothrow", ::operator new(launder(size_t{1} << 31), std::nothrow) == nullptr ? "null" : "memory");
  try {
    int *many = new int[launder(~size_t{0} / 2)];
    many[launder(0)] = 1;
    say("overflow", std::to_string(many[launder(0)]));
  } catch (const std::bad_alloc &) {  // clang asks for more than there is; gcc has std::bad_array_new_length
    say("overflow", "bad_alloc");
  }
  struct alignas(256) Wide {
    char bytes[256];
  };
  auto *wide = new Wide;
  say("aligned new", std::to_string(reinterpret_cast<uintptr_t>(wide) % 256));
  delete wide;
  static int handled = 0;
  std::set_new_handler([] {
    if (++handled == 3) std::set_new_handler(nullptr);
  });
  try {
    ::operator delete(::operator new(launder(size_t{1} << 31)));
  } catch (const std::bad_alloc &) {
    say("new handler", std::to_string(handled));
  }
}

}  // namespace

int main() {
  by_value();
  by_reference();
  by_pointer();
  classes();
  unwinding();
  nested();
  current();
  counting();
  pointers();
  specifications();
  memory();
  say("left over", std::to_string(Counted::alive) + " " + std::to_string(std::uncaught_exceptions()));
}
