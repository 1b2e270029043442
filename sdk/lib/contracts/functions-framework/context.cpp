/**
 * Functions written against <google/cloud/functions/...>, in a WebAssembly context; compiled in one piece. Requests come by the mailbox.
 *
 * Initialisation finds the function, once: by running the program's `main` up to where it calls Run(), or else through the target that
 * the manifest names. Run() does not return there: it leaves the program as exit() would, and the snapshot keeps all that `main` has on
 * its stack. Requests run below that, as the threads of a server would beside it.
 */
#include <google/cloud/functions/framework.h>
#include <google/cloud/functions/internal/target.h>
#include <wasi/api.h>
#include <weft/v1.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer.cpp"
#include "encoding.cpp"
#include "events.cpp"
#include "fields.h"
#include "function-impl.cpp"
#include "json.cpp"
#include "legacy-event.cpp"
#include "options.cpp"
#include "runtime.h"
#include "storage-notification.cpp"
#include "target.cpp"

/** The names clang gives to `int main()` and `int main(int, char **)`. */
extern "C" __attribute__((weak)) int __main_void();
extern "C" __attribute__((weak)) int __main_argc_argv(int count, char **arguments);

// libc++'s streams, by their names in objects: only a program that uses one has it, and its 100 KiB.
extern "C" __attribute__((weak)) std::ostream weft_cout __asm__("_ZNSt3__24coutE");
extern "C" __attribute__((weak)) std::ostream weft_clog __asm__("_ZNSt3__24clogE");
extern "C" __attribute__((weak)) std::ostream weft_cerr __asm__("_ZNSt3__24cerrE");

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

__attribute__((weak)) functions::Function Target();

void flush_streams() {
  for (auto *stream : {&weft_cout, &weft_clog, &weft_cerr}) {
    if (stream != nullptr && stream->rdbuf() != nullptr) stream->rdbuf()->pubsync();
  }
  std::fflush(nullptr);
}

namespace {

/** Set at initialisation, before the snapshot. */
std::shared_ptr<FunctionImpl const> served;

/** False, with a line on standard error, when the arguments are wrong or only ask for help. */
bool serve(int argc, char const *const argv[], functions::Function const &handler) {
  try {
    const Options options = parse_options(argc, argv);
    if (options.help) std::fputs(help_text, stdout);
    if (!options.help) served = select_function(handler, options.target);
  } catch (std::exception const &error) {
    std::fprintf(stderr, "Standard C++ exception thrown %s\n", error.what());
  }
  flush_streams();
  return served != nullptr;
}

/** The program's, kept as long as the context: `main` may hold on to them. */
class Arguments {
 public:
  Arguments() {
    __wasi_size_t count = 0;
    __wasi_size_t bytes = 0;
    if (__wasi_args_sizes_get(&count, &bytes) != 0) return;
    text_.resize(bytes);
    pointers_.resize(count + 1);
    if (__wasi_args_get(reinterpret_cast<std::uint8_t **>(pointers_.data()), reinterpret_cast<std::uint8_t *>(text_.data())) != 0)
      pointers_.assign(1, nullptr);
  }

  [[nodiscard]] int count() const { return static_cast<int>(pointers_.size()) - 1; }
  [[nodiscard]] char **values() { return pointers_.data(); }

 private:
  std::vector<char> text_;
  std::vector<char *> pointers_{nullptr};
};

void refuse(std::string const &reason) { weft_log_bytes(WEFT_ERROR, reason.data(), reason.size()); }

/** Comes back only when the program did not call Run(), or called it in vain. */
int run_main(Arguments &arguments) {
  const int code = __main_void != nullptr ? __main_void() : __main_argc_argv(arguments.count(), arguments.values());
  flush_streams();
  refuse("main returned " + std::to_string(code) + " instead of serving a function by Run()");
  return 1;
}

functions::HttpRequest request_of_mailbox() {
  functions::HttpRequest request;
  request.set_verb("POST").set_target("/");
  std::string_view head(weft_mailbox.in_head, weft_mailbox.in_head_length);
  const auto line = [&] {
    const auto end = head.find("\r\n");
    const std::string_view found = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    return found;
  };
  if (!head.empty()) {
    const std::string_view first = line();
    const auto verb = first.find(' ');
    const auto version = first.rfind(' ');
    request.set_verb(std::string(first.substr(0, verb))).set_target(std::string(first.substr(verb + 1, version - verb - 1)));
    if (first.back() == '0') request.set_version(1, 0);
  }
  while (!head.empty()) {
    const std::string_view one = line();
    const auto colon = one.find(':');
    const auto value = one.find_first_not_of(" \t", colon + 1);
    const auto end = one.find_last_not_of(" \t");
    if (colon == std::string_view::npos) continue;
    request.add_header(std::string(one.substr(0, colon)), value == std::string_view::npos ? "" : std::string(one.substr(value, end + 1 - value)));
  }
  request.set_payload(std::string(weft_mailbox.in_body, weft_mailbox.in_body_length));
  return request;
}

/** The answer lies in these until the next request. */
std::string sent_head;
std::optional<functions::HttpResponse> sent;

void send(functions::HttpResponse response) {
  sent_head.clear();
  for (auto const &[name, value] : response.headers()) {
    if (!is_the_servers(name)) sent_head.append(name).append(": ").append(value).append("\r\n");
  }
  sent.emplace(std::move(response));
  weft_mailbox.status = sent->result();
  weft_mailbox.out_head = sent_head.data();
  weft_mailbox.out_head_length = sent_head.size();
  weft_mailbox.out_body = sent->payload().data();
  weft_mailbox.out_body_length = sent->payload().size();
}

}  // namespace
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

int Run(int argc, char const *const argv[], Function const &handler) noexcept {
  namespace internal = functions_internal;
  if (internal::served != nullptr) {
    internal::refuse("Run() was called, but a function is served already");
    return 1;
  }
  if (internal::serve(argc, argv, handler)) std::_Exit(0);
  return argc == 2 && std::string_view(argv[1]) == "--help" ? 0 : 1;
}

int Run(int argc, char const *const argv[], UserHttpFunction handler) noexcept { return Run(argc, argv, MakeFunction(std::move(handler))); }

int Run(int argc, char const *const argv[], UserCloudEventFunction handler) noexcept {
  return Run(argc, argv, MakeFunction(std::move(handler)));
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

extern "C" int weft_contract_init() {
  namespace internal = google::cloud::functions_internal;
  static internal::Arguments arguments;
  if (__main_void != nullptr || __main_argc_argv != nullptr) return internal::run_main(arguments);
  if (internal::Target != nullptr) return internal::serve(arguments.count(), arguments.values(), internal::Target()) ? 0 : 1;
  internal::refuse("there is neither a main nor a target: say in the manifest which function it is, as in target: my::function");
  return 1;
}

extern "C" int weft_contract_run() {
  namespace internal = google::cloud::functions_internal;
  if (internal::served == nullptr) return 1;
  internal::send(internal::answer(*internal::served, internal::request_of_mailbox()));
  return 0;
}
