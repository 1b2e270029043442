/**
 * The function development kit for Fn in C++17: comfort over <fn/fdk.h>, header-only.
 *
 *     #include <fn/fdk.hpp>
 *
 *     FN_HANDLE([](const fn::request& request, fn::response& response) {
 *       response.type("text/plain").write("Hello, ").write(request.body());
 *     })
 *
 * or, where the body is all that counts: FN_HANDLE([](std::string_view body) { return std::string(body); })
 *
 * Errors are exceptions of type fn::error. An exception that nobody catches makes the request fail: its caller gets a 502, the log a
 * line with its text, and the next request comes. Without exceptions (-fno-exceptions) the function aborts.
 *
 * Lifetimes: every view given out here is valid until the request ends, as in the C header.
 */
#ifndef FN_FDK_HPP
#define FN_FDK_HPP

#include <fn/fdk.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace fn {

/** What a call of the kit failed with. */
class error : public std::runtime_error {
 public:
  error(int code, const std::string &what)
      : std::runtime_error(what + (code == FN_NO_MEMORY ? ": no memory" : ": not legal here")), code_(code) {}

  /** One of `enum fn_error`. */
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

namespace detail {

inline void check(int result, const char *what) {
  if (result >= 0) return;
#if defined(__cpp_exceptions)
  throw error(result, what);
#else
  std::fprintf(stderr, "%s\n", error(result, what).what());
  std::abort();
#endif
}

inline std::optional<std::string_view> view(const char *text) {
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(text);
}

inline bool has_nul(const std::string &text) { return text.find('\0') != std::string::npos; }

/** The kit would see what is before a NUL: it is refused as other bytes are that are not legal there. */
inline const char *whole(const std::string &text, const char *what) {
  if (has_nul(text)) check(FN_INVALID, what);
  return text.c_str();
}

}  // namespace detail

struct header {
  std::string_view name;
  std::string_view value;
};

/** Headers of a request; those of one name in the order they were sent. For `for (const auto& [name, value] : request.headers())`. */
class headers {
 public:
  class iterator {
   public:
    explicit iterator(fn_request *request) : request_(request) {
      if (request_ != nullptr) ++*this;
    }

    const header &operator*() const { return current_; }
    iterator &operator++() {
      const char *name = nullptr;
      const char *value = nullptr;
      if (fn_request_next_header(request_, &cursor_, &name, &value) == 0) {
        request_ = nullptr;
      } else {
        current_ = {name, value};
      }
      return *this;
    }
    bool operator!=(const iterator &other) const { return request_ != other.request_; }

   private:
    fn_request *request_;
    fn_header_cursor cursor_{};
    header current_{};
  };

  explicit headers(fn_request *request) : request_(request) {}
  [[nodiscard]] iterator begin() const { return iterator(request_); }
  [[nodiscard]] static iterator end() { return iterator(nullptr); }

 private:
  fn_request *request_;
};

class request {
 public:
  explicit request(fn_request *handle) : handle_(handle) {}

  [[nodiscard]] std::string_view body() const {
    std::size_t length = 0;
    const void *data = fn_request_body(handle_, &length);
    return {static_cast<const char *>(data), length};
  }
  [[nodiscard]] std::string_view type() const { return fn_request_content_type(handle_); }
  [[nodiscard]] std::string_view call_id() const { return fn_request_call_id(handle_); }
  /** When the call ends; nothing when that was not told. */
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point> deadline() const {
    const auto since_epoch = std::chrono::milliseconds(fn_request_deadline_ms(handle_));
    if (since_epoch.count() == 0) return std::nullopt;
    return std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(since_epoch));
  }
  /** Whether a client asked, over HTTP: then it has a URL, and headers of the client's. */
  [[nodiscard]] bool is_http() const { return std::string_view(fn_request_intent(handle_)) == "httprequest"; }
  [[nodiscard]] std::string_view method() const { return fn_request_method(handle_); }
  [[nodiscard]] std::string_view url() const { return fn_request_url(handle_); }
  /** The first header of that name; case does not matter. */
  [[nodiscard]] std::optional<std::string_view> header(const std::string &name) const {
    return detail::has_nul(name) ? std::nullopt : detail::view(fn_request_header(handle_, name.c_str()));
  }
  [[nodiscard]] fn::headers headers() const { return fn::headers(handle_); }

  [[nodiscard]] fn_request *handle() const { return handle_; }

 private:
  fn_request *handle_;
};

class response {
 public:
  explicit response(fn_response *handle) : handle_(handle) {}
  response(const response &) = delete;
  response &operator=(const response &) = delete;

  response &status(int status) {
    detail::check(fn_response_status(handle_, status), "cannot set the status");
    return *this;
  }
  response &type(const std::string &type) {
    static constexpr const char *what = "cannot set the content type";
    detail::check(fn_response_content_type(handle_, detail::whole(type, what)), what);
    return *this;
  }
  /** Adds a header for the client; copies both. */
  response &header(const std::string &name, const std::string &value) {
    static constexpr const char *what = "cannot set a header";
    detail::check(fn_response_header(handle_, detail::whole(name, what), detail::whole(value, what)), what);
    return *this;
  }
  /** Appends to the body; copies. */
  response &write(std::string_view data) {
    detail::check(fn_response_write(handle_, data.data(), data.size()), "cannot write the answer");
    return *this;
  }
  /** Makes these bytes the whole body without copying: they must outlive the handler, so nothing local to it. */
  response &lend(std::string_view data) {
    detail::check(fn_response_body(handle_, data.data(), data.size()), "cannot set the answer");
    return *this;
  }

  [[nodiscard]] fn_response *handle() const { return handle_; }

 private:
  fn_response *handle_;
};

/** Value of a key of the function's or the app's configuration. */
inline std::optional<std::string_view> config(const std::string &name) {
  return detail::has_nul(name) ? std::nullopt : detail::view(fn_config(name.c_str()));
}

namespace detail {

template <typename Handler>
int answer(const Handler &handler, const request &request, response &response) {
  if constexpr (std::is_invocable_v<const Handler &, std::string_view>) {
    response.write(handler(request.body()));
    return FN_OK;
  } else if constexpr (std::is_void_v<std::invoke_result_t<const Handler &, const fn::request &, fn::response &>>) {
    handler(request, response);
    return FN_OK;
  } else {
    return handler(request, response);
  }
}

/** No exception gets into C. */
template <typename Run>
int guarded(const Run &run) {
#if defined(__cpp_exceptions)
  try {
    return run();
  } catch (const std::exception &error) {
    std::fprintf(stderr, "uncaught C++ exception: %s\n", error.what());
  } catch (...) {
    std::fputs("uncaught C++ exception of a type that is not a std::exception\n", stderr);
  }
  return -1;
#else
  return run();
#endif
}

template <typename Handler>
int handle(const Handler &handler, fn_request *request_handle, fn_response *response_handle) {
  return guarded([&] {
    const request request(request_handle);
    response response(response_handle);
    return answer(handler, request, response);
  });
}

template <typename Init>
int init(const Init &init) {
  return guarded([&] {
    if constexpr (std::is_void_v<std::invoke_result_t<const Init &>>) {
      init();
      return static_cast<int>(FN_OK);
    } else {
      return static_cast<int>(init());
    }
  });
}

}  // namespace detail
}  // namespace fn

/**
 * Defines the function's entry from anything that can be called with (const fn::request&, fn::response&), and returns nothing or what
 * fn_handle returns; or with a std::string_view, the body, and returns the answer's.
 */
#define FN_HANDLE(...) \
  int fn_handle(fn_request *fn_q_, fn_response *fn_r_) { return fn::detail::handle(__VA_ARGS__, fn_q_, fn_r_); }

/** Defines the init hook from anything that can be called with nothing. */
#define FN_INIT(...) \
  int fn_init(void) { return fn::detail::init(__VA_ARGS__); }

#endif
