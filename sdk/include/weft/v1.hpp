/**
 * Weft's C++20 interface, version 1: comfort over <weft/v1.h>, header-only, nothing to link.
 *
 *     #include <weft/v1.hpp>
 *
 *     WEFT_HANDLE([](const weft::request& request, weft::response& response) {
 *       response.header("Content-Type", "text/plain").write("Hello, ").write(request.body());
 *     })
 *
 * Errors are exceptions of type weft::error. An exception that nobody catches makes the request fail: the client gets a 500, a
 * calling function WEFT_FAILED, and the log a line with its text. Without exceptions (-fno-exceptions) the function aborts.
 *
 * Lifetimes: every view given out here is valid until the request ends, as in the C header, unless it says otherwise.
 */
#ifndef WEFT_V1_HPP
#define WEFT_V1_HPP

#include <weft/v1.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/** What a call of the platform failed with. */
class error : public std::runtime_error {
 public:
  error(int code, const std::string &what) : std::runtime_error(what + ": " + weft_error_text(code)), code_(code) {}

  /** One of `enum weft_error`. */
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

namespace detail {

[[noreturn]] inline void fail(int code, const std::string &what) {
#if defined(__cpp_exceptions)
  throw error(code, what);
#else
  weft_log(WEFT_ERROR, (what + ": " + weft_error_text(code)).c_str());
  std::abort();
#endif
}

inline int check(int result, const char *what) {
  if (result < 0) fail(result, what);
  return result;
}

inline std::optional<std::string_view> view(const char *text) {
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(text);
}

}  // namespace detail

/** Text that ends in NUL, as the platform wants names: a literal or a std::string, never a piece of one. */
class c_string {
 public:
  c_string(const char *text) : text_(text) {}  // NOLINT(google-explicit-constructor): stands in for a parameter
  c_string(const std::string &text)            // NOLINT(google-explicit-constructor): the same
      : text_(text.c_str()), whole_(text.find('\0') == std::string::npos) {}

  [[nodiscard]] const char *get() const { return text_; }
  /** False for a text with a NUL in it, of which the platform would see but the beginning. */
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  const char *text_;
  bool whole_ = true;
};

namespace detail {

/** A NUL is refused as the platform refuses other bytes that are not legal there. */
inline const char *whole(c_string text, const char *what) {
  if (!text.whole()) fail(WEFT_INVALID, what);
  return text.get();
}

/** Finds what has that name; nothing has one with a NUL in it. */
template <typename Find>
std::optional<std::string_view> look_up(c_string name, const Find &find) {
  return name.whole() ? view(find(name.get())) : std::nullopt;
}

}  // namespace detail

/** Bytes to hand over, from text or from a span of anything plain. Borrowed for the call it is an argument of. */
class bytes {
 public:
  bytes(const char *text) : bytes(std::string_view(text)) {}               // NOLINT(google-explicit-constructor)
  bytes(std::string_view text) : data_(text.data()), size_(text.size()) {}  // NOLINT(google-explicit-constructor)
  bytes(const std::string &text) : bytes(std::string_view(text)) {}        // NOLINT(google-explicit-constructor)
  template <typename T, std::size_t N>
    requires std::is_trivially_copyable_v<T>
  bytes(std::span<T, N> span) : data_(span.data()), size_(span.size_bytes()) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const void *data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  const void *data_;
  std::size_t size_;
};

struct header {
  std::string_view name;
  std::string_view value;
};

/** Headers of a request, in the order they were sent; for `for (const auto& [name, value] : request.headers())`. */
class headers {
 public:
  class iterator {
   public:
    using value_type = header;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    explicit iterator(weft_request *request) : request_(request) { ++*this; }

    const header &operator*() const { return current_; }
    const header *operator->() const { return &current_; }
    iterator &operator++() {
      const char *name = nullptr;
      const char *value = nullptr;
      if (weft_request_next_header(request_, &cursor_, &name, &value) == 0) {
        request_ = nullptr;
      } else {
        current_ = {name, value};
      }
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return request_ == nullptr; }

   private:
    weft_request *request_ = nullptr;
    weft_header_cursor cursor_{};
    header current_{};
  };

  explicit headers(weft_request *request) : request_(request) {}
  [[nodiscard]] iterator begin() const { return iterator(request_); }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  weft_request *request_;
};

class request {
 public:
  explicit request(weft_request *handle) : handle_(handle) {}

  [[nodiscard]] std::string_view method() const { return weft_request_method(handle_); }
  /** Path below the function's name, as sent: "/" or "/sub/path". */
  [[nodiscard]] std::string_view path() const { return weft_request_path(handle_); }
  [[nodiscard]] std::string_view query() const { return weft_request_query(handle_); }
  /** First value of a parameter of the query, decoded. */
  [[nodiscard]] std::optional<std::string_view> parameter(c_string name) const {
    return detail::look_up(name, [this](const char *text) { return weft_request_parameter(handle_, text); });
  }
  /** The first header of that name; case does not matter. */
  [[nodiscard]] std::optional<std::string_view> header(c_string name) const {
    return detail::look_up(name, [this](const char *text) { return weft_request_header(handle_, text); });
  }
  [[nodiscard]] weft::headers headers() const { return weft::headers(handle_); }

  [[nodiscard]] std::string_view body() const {
    const auto all = body_bytes();
    return {reinterpret_cast<const char *>(all.data()), all.size()};
  }
  /** The same, to read or to change in place. */
  [[nodiscard]] std::span<std::byte> body_bytes() const {
    std::size_t length = 0;
    void *data = weft_request_body(handle_, &length);
    return {static_cast<std::byte *>(data), length};
  }

  [[nodiscard]] weft_request *handle() const { return handle_; }

 private:
  weft_request *handle_;
};

class response {
 public:
  explicit response(weft_response *handle) : handle_(handle) {}
  response(const response &) = delete;
  response &operator=(const response &) = delete;

  response &status(int status) {
    detail::check(weft_response_status(handle_, status), "cannot set the status");
    return *this;
  }
  /** Adds a header; copies both. */
  response &header(c_string name, c_string value) {
    static constexpr const char *what = "cannot set a header";
    detail::check(weft_response_header(handle_, detail::whole(name, what), detail::whole(value, what)), what);
    return *this;
  }
  /** Appends to the body; copies. */
  response &write(bytes data) {
    detail::check(weft_response_write(handle_, data.data(), data.size()), "cannot write the answer");
    return *this;
  }
  /** Makes these bytes the whole body without copying: they must outlive the handler, so nothing local to it. */
  response &lend(bytes data) {
    detail::check(weft_response_body(handle_, data.data(), data.size()), "cannot set the answer");
    return *this;
  }
  /** Streams a piece to the client; waits while it is slow. The first one sends status and headers. */
  response &send(bytes data) {
    detail::check(weft_response_send(handle_, data.data(), data.size()), "cannot send the answer");
    return *this;
  }

  [[nodiscard]] weft_response *handle() const { return handle_; }

 private:
  weft_response *handle_;
};

/** What a called function answered. */
class answer {
 public:
  explicit answer(const weft_result &result) : result_(result) {}

  /** HTTP status that the function set. */
  [[nodiscard]] int status() const { return result_.status; }
  [[nodiscard]] std::string_view body() const { return {static_cast<const char *>(result_.data), result_.length}; }
  [[nodiscard]] std::span<const std::byte> body_bytes() const {
    return {static_cast<const std::byte *>(result_.data), result_.length};
  }

 private:
  weft_result result_;
};

/** Calls a function by name and waits for its answer. */
inline answer call(c_string function, bytes input = "") {
  weft_result result;
  const int code = weft_call(detail::whole(function, "calling a function"), input.data(), input.size(), &result);
  if (code != WEFT_OK) detail::fail(code, std::string("calling ") + function.get());
  return answer(result);
}

/** A call that runs while its caller goes on. Waited for at most once; one that is dropped ends by itself. */
class started {
 public:
  started(c_string function, bytes input)
      : name_(detail::whole(function, "calling a function")), call_(weft_start(function.get(), input.data(), input.size())) {
    if (call_ < 0) detail::fail(call_, "calling " + name_);
  }

  [[nodiscard]] answer wait() {
    weft_result result;
    const int code = weft_wait(call_, &result);
    if (code != WEFT_OK) detail::fail(code, "calling " + name_);
    return answer(result);
  }

 private:
  std::string name_;
  int call_;
};

/** Starts a call; `auto a = start("one", x), b = start("two", y); a.wait(); b.wait();` runs both at the same time. */
inline started start(c_string function, bytes input = "") { return {function, input}; }

/** A function found once and called often; for a static variable or the init hook. */
class function {
 public:
  explicit function(c_string name) : id_(weft_find(detail::whole(name, "finding a function"))) {
    if (id_ < 0) detail::fail(id_, std::string("finding ") + name.get());
  }

  /** Calls into a buffer; gives the part that was filled. An answer that does not fit is WEFT_TOO_LARGE. */
  [[nodiscard]] std::span<std::byte> call(bytes input, std::span<std::byte> room) const {
    const auto length = detail::check(weft_call_into(id_, input.data(), input.size(), room.data(), room.size()), "calling a function");
    if (static_cast<std::size_t>(length) > room.size()) detail::fail(WEFT_TOO_LARGE, "calling a function");
    return room.first(static_cast<std::size_t>(length));
  }

 private:
  weft_function id_;
};

namespace log {
inline void debug(std::string_view text) { weft_log_bytes(WEFT_DEBUG, text.data(), text.size()); }
inline void info(std::string_view text) { weft_log_bytes(WEFT_INFO, text.data(), text.size()); }
inline void warn(std::string_view text) { weft_log_bytes(WEFT_WARN, text.data(), text.size()); }
inline void error(std::string_view text) { weft_log_bytes(WEFT_ERROR, text.data(), text.size()); }
}  // namespace log

/** Granted variables and secrets. What the init hook reads stays valid for as long as the function is deployed. */
inline std::optional<std::string_view> env(c_string name) { return detail::look_up(name, weft_env); }
inline std::optional<std::string_view> secret(c_string name) { return detail::look_up(name, weft_secret); }

inline std::int64_t unix_time_ns() { return weft_unix_time_ns(); }
inline std::int64_t monotonic_time_ns() { return weft_monotonic_time_ns(); }
inline void sleep_ms(double milliseconds) { detail::check(weft_sleep_ms(milliseconds), "sleeping"); }

/** A random value of any plain type, fit for keys. */
template <typename T>
  requires std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>
T random() {
  T value;
  weft_random(&value, sizeof value);
  return value;
}

struct fetch_options {
  /** Empty: GET, or POST when there is a body. */
  std::string method = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  bytes body = "";
};

/** The answer to an outbound request. */
class fetched {
 public:
  explicit fetched(const weft_fetch_response &response) : response_(response) {}

  [[nodiscard]] int status() const { return response_.status; }
  [[nodiscard]] std::string_view body() const { return {static_cast<const char *>(response_.body), response_.body_length}; }
  [[nodiscard]] std::optional<std::string_view> header(c_string name) const {
    return detail::look_up(name, [this](const char *text) { return weft_fetch_header(&response_, text); });
  }

 private:
  weft_fetch_response response_;
};

/** Sends a request to an origin that the manifest grants, and waits for the whole answer. */
inline fetched fetch(c_string url, const fetch_options &options = {}) {
  const std::size_t texts = 2 * options.headers.size() + 1;
  auto **headers = static_cast<const char **>(weft_alloc(texts * sizeof(const char *)));
  if (headers == nullptr) detail::fail(WEFT_NO_MEMORY, "fetching");
  std::size_t at = 0;
  for (const auto &[name, value] : options.headers) {
    headers[at++] = detail::whole(name, "fetching");
    headers[at++] = detail::whole(value, "fetching");
  }
  headers[at] = nullptr;
  const char *method = options.method.empty() ? nullptr : detail::whole(options.method, "fetching");
  const weft_fetch_request request = {method, detail::whole(url, "fetching"), headers, options.body.data(), options.body.size()};
  weft_fetch_response response;
  const int code = weft_fetch(&request, &response);
  if (code != WEFT_OK) detail::fail(code, std::string("fetching ") + url.get());
  return fetched(response);
}

namespace detail {

/** Handlers may return nothing, or what weft_handle returns. */
template <typename Handler, typename... Arguments>
int run(const Handler &handler, Arguments &&...arguments) {
  if constexpr (std::is_void_v<std::invoke_result_t<const Handler &, Arguments...>>) {
    handler(std::forward<Arguments>(arguments)...);
    return WEFT_OK;
  } else {
    return handler(std::forward<Arguments>(arguments)...);
  }
}

template <typename Handler>
int handle(const Handler &handler, weft_request *request_handle, weft_response *response_handle) {
  const request request(request_handle);
  response response(response_handle);
  return run(handler, request, response);
}

}  // namespace detail
}  // namespace weft

/** Defines the function's entry from anything that can be called with (const weft::request&, weft::response&). */
#define WEFT_HANDLE(...) \
  int weft_handle(weft_request *weft_q_, weft_response *weft_r_) { return weft::detail::handle(__VA_ARGS__, weft_q_, weft_r_); }

/** Defines the init hook from anything that can be called with nothing. */
#define WEFT_INIT(...) \
  int weft_on_init(void) { return weft::detail::run(__VA_ARGS__); }

#endif
