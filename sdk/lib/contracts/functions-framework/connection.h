/** One connection of an HTTP/1.1 server (RFC 9112): requests in, responses out, one after the other. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_CONNECTION_H
#define WEFT_FUNCTIONS_FRAMEWORK_CONNECTION_H

#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** Request line and header lines, and the trailer of a chunked body. */
constexpr std::size_t max_head_bytes = 64 * 1024;

/** A request that cannot be answered by the function; the connection ends with it. */
struct BadRequest {
  int status;
  char const *reason;
};

/** The other side is gone, or was silent for too long. */
struct Gone {};

class Connection {
 public:
  /** Takes the socket over. */
  Connection(int socket, std::size_t max_body_bytes) : socket_(socket), max_body_bytes_(max_body_bytes) {}
  Connection(Connection const &) = delete;
  Connection &operator=(Connection const &) = delete;
  ~Connection();

  /** Nothing when there is no further one. @throws BadRequest, Gone */
  std::optional<functions::HttpRequest> receive();
  /** To the request received last. @throws Gone */
  void send(functions::HttpResponse const &response);
  /** The connection is at its end then. */
  void refuse(BadRequest const &error);
  /** After the last answer: closed with something unread, a socket would take back what is not sent yet (RFC 9112, section 9.6). */
  void end();
  /** From any thread: a connection that waits for a request reads its end. False: it has one at hand. */
  bool end_if_idle();
  /** Whether another request may follow. */
  [[nodiscard]] bool goes_on() const { return keep_alive_; }

 private:
  std::string_view head();
  void read_request_line(std::string_view line, functions::HttpRequest &request);
  void read_fields(std::string_view lines, functions::HttpRequest &request);
  void read_field(std::string_view name, std::string_view value);
  std::string body();
  std::string chunked();
  std::string_view line();
  void take(std::string &into, std::size_t length);
  [[nodiscard]] std::size_t buffered() const { return buffer_.size() - at_; }
  /** False at the end of what the other side sends. */
  bool fill();
  void write(std::string_view head, std::string_view body);

  int socket_;
  std::atomic<bool> idle_ = false;
  std::size_t max_body_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;

  // Of the request at hand.
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool http10_ = false;
  bool chunked_ = false;
  bool expects_continue_ = false;
  std::optional<std::size_t> length_;
};

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
