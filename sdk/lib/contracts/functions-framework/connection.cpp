#include "connection.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fields.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

constexpr std::size_t read_bytes = 16 * 1024;
/** What a client still sends behind its last request is read; but not for ever. */
constexpr int max_drained_reads = 64;
constexpr timeval drained_silence{2, 0};
constexpr std::string_view line_end = "\r\n";

[[noreturn]] void bad(char const *reason) { throw BadRequest{functions::HttpResponse::kBadRequest, reason}; }

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/** Cuts off and gives what stands before the next comma. */
std::string_view next_item(std::string_view &list) {
  const auto comma = list.find(',');
  const std::string_view item = trimmed(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return item;
}

/** Of either base; nothing for what is no number, or is larger than any body can be. */
std::optional<std::size_t> number(std::string_view text, unsigned base) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::size_t value = 0;
  for (const char c : text) {
    const char lower = static_cast<char>(c | 0x20);
    const unsigned digit = c >= '0' && c <= '9'           ? static_cast<unsigned>(c - '0')
                           : lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10
                                                          : base;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

bool has_body(int status) { return status >= 200 && status != functions::HttpResponse::kNoContent && status != functions::HttpResponse::kNotModified; }

char const *reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // nobody may rely on it (RFC 9112, section 4)
  }
}

}  // namespace

Connection::~Connection() { ::close(socket_); }

bool Connection::end_if_idle() {
  const bool idle = idle_;
  // What came meanwhile is read all the same.
  if (idle) ::shutdown(socket_, SHUT_RD);
  return idle;
}

std::optional<functions::HttpRequest> Connection::receive() {
  keep_alive_ = true;
  head_only_ = http10_ = chunked_ = expects_continue_ = false;
  length_.reset();
  const std::string_view lines = head();
  if (lines.empty()) return std::nullopt;
  functions::HttpRequest request;
  const auto first = lines.find(line_end);
  read_request_line(lines.substr(0, first), request);
  read_fields(lines.substr(first + 2), request);
  at_ += lines.size();
  // Before anybody is told to go on: who asks first is spared sending it.
  if (length_.value_or(0) > max_body_bytes_) throw BadRequest{functions::HttpResponse::kPayloadTooLarge, "the body of the request is too large"};
  if (expects_continue_ && buffered() == 0) write("HTTP/1.1 100 Continue\r\n\r\n", {});
  request.set_payload(body());
  return request;
}

/** Without the blank line that ends it; empty at the end of the connection. The view is good until more is read. */
std::string_view Connection::head() {
  if (at_ > 0) buffer_.erase(0, std::exchange(at_, 0));
  std::size_t seen = 0;
  while (true) {
    // One empty line before a request is forgiven (RFC 9112, section 2.2).
    if (buffer_.compare(0, 2, line_end) == 0) buffer_.erase(0, 2);
    const auto end = buffer_.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
    if (end != std::string::npos && end <= max_head_bytes) return std::string_view(buffer_).substr(0, end + 4);
    if (buffer_.size() > max_head_bytes) throw BadRequest{functions::HttpResponse::kRequestHeaderFieldsTooLarge, "the head of the request is too large"};
    seen = buffer_.size();
    idle_ = seen == 0;
    const bool more = fill();
    idle_ = false;
    if (more) continue;
    if (buffer_.empty()) return {};
    throw Gone();
  }
}

void Connection::read_request_line(std::string_view line, functions::HttpRequest &request) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end) bad("the request line is malformed");
  const std::string_view method = line.substr(0, method_end);
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  const std::string_view version = line.substr(target_end + 1);
  if (!is_token(method) || target.empty()) bad("the request line is malformed");
  for (const char c : target) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) bad("the request target is malformed");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    if (version.substr(0, 5) != "HTTP/") bad("the request line is malformed");
    throw BadRequest{functions::HttpResponse::kHTTPVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  }
  http10_ = version.back() == '0';
  keep_alive_ = !http10_;
  head_only_ = method == "HEAD";
  request.set_verb(std::string(method)).set_target(std::string(target)).set_version(1, http10_ ? 0 : 1);
}

void Connection::read_fields(std::string_view lines, functions::HttpRequest &request) {
  while (lines.size() > 2) {
    const auto end = lines.find(line_end);
    const std::string_view one = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    const auto colon = one.find(':');
    // A blank before the colon, or at the beginning of a line, is how requests are smuggled.
    if (colon == std::string_view::npos || !is_token(one.substr(0, colon))) bad("a header line is malformed");
    const std::string_view name = one.substr(0, colon);
    const std::string_view value = trimmed(one.substr(colon + 1));
    if (!is_field_value(value)) bad("a header value is malformed");
    read_field(name, value);
    request.add_header(std::string(name), std::string(value));
  }
  if (chunked_ && (length_ || http10_)) bad("the length of the body is said twice");
}

void Connection::read_field(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "content-length")) {
    const auto length = number(value, 10);
    if (!length || (length_ && *length_ != *length)) bad("Content-Length is malformed");
    length_ = length;
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    if (chunked_ || !equals_ignoring_case(value, "chunked"))
      throw BadRequest{functions::HttpResponse::kNotImplemented, "the only transfer coding that is known here is chunked"};
    chunked_ = true;
  } else if (equals_ignoring_case(name, "connection")) {
    while (!value.empty()) {
      const std::string_view option = next_item(value);
      if (equals_ignoring_case(option, "close")) keep_alive_ = false;
      if (http10_ && equals_ignoring_case(option, "keep-alive")) keep_alive_ = true;
    }
  } else if (equals_ignoring_case(name, "expect")) {
    expects_continue_ = !http10_ && equals_ignoring_case(value, "100-continue");
  }
}

std::string Connection::body() {
  if (chunked_) return chunked();
  std::string payload;
  take(payload, length_.value_or(0));
  return payload;
}

std::string Connection::chunked() {
  std::string payload;
  while (true) {
    const std::string_view header = line();
    const auto size = number(trimmed(header.substr(0, header.find(';'))), 16);
    if (!size) bad("the size of a chunk is malformed");
    if (*size > max_body_bytes_ - payload.size()) throw BadRequest{functions::HttpResponse::kPayloadTooLarge, "the body of the request is too large"};
    if (*size == 0) break;
    take(payload, *size);
    if (!line().empty()) bad("a chunk is longer than it says");
  }
  for (std::size_t trailer = 0; !line().empty();) {
    if ((trailer += 1) > 100) bad("the trailer is too long");
  }
  return payload;
}

/** Without its end. Good until more is read. */
std::string_view Connection::line() {
  while (true) {
    const auto end = buffer_.find(line_end, at_);
    if (end != std::string::npos) {
      const std::string_view found = std::string_view(buffer_).substr(at_, end - at_);
      at_ = end + 2;
      return found;
    }
    if (buffered() > max_head_bytes) bad("a line of a chunked body is too long");
    if (!fill()) throw Gone();
  }
}

void Connection::take(std::string &into, std::size_t length) {
  const std::size_t here = std::min(length, buffered());
  into.append(buffer_, at_, here);
  at_ += here;
  std::size_t filled = into.size();
  for (const std::size_t end = filled + (length - here); filled < end;) {
    // What is announced is not believed: memory grows with what comes. It is cleared as it grows, and not for each piece.
    if (filled == into.size()) into.resize(filled + std::min(end - filled, std::max(read_bytes, filled)));
    const auto count = ::recv(socket_, into.data() + filled, into.size() - filled, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Gone();
    filled += static_cast<std::size_t>(count);
  }
}

bool Connection::fill() {
  // What was read goes: what stands around the data of chunks may be any number of times as much.
  buffer_.erase(0, std::exchange(at_, 0));
  const std::size_t before = buffer_.size();
  buffer_.resize(before + read_bytes);
  ssize_t count = 0;
  do {
    count = ::recv(socket_, buffer_.data() + before, read_bytes, 0);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0 && before > 0) throw Gone();
  return count > 0;
}

void Connection::send(functions::HttpResponse const &response) {
  const int status = response.result();
  std::string const &payload = response.payload();
  std::string head = "HTTP/1.1 " + std::to_string(status) + ' ' + reason_of(status) + "\r\n";
  for (auto const &[name, value] : response.headers()) {
    if (equals_ignoring_case(name, "connection") && equals_ignoring_case(value, "close")) keep_alive_ = false;
    if (!is_the_servers(name)) head.append(name).append(": ").append(value).append(line_end);
  }
  if (has_body(status)) head.append("Content-Length: ").append(std::to_string(payload.size())).append(line_end);
  if (!keep_alive_) head += "Connection: close\r\n";
  if (keep_alive_ && http10_) head += "Connection: keep-alive\r\n";
  head += line_end;
  write(head, has_body(status) && !head_only_ ? std::string_view(payload) : std::string_view());
}

void Connection::refuse(BadRequest const &error) {
  keep_alive_ = false;
  head_only_ = false;
  functions::HttpResponse response;
  response.set_result(error.status).set_header("Content-Type", "text/plain").set_payload(std::string(error.reason) + '\n');
  send(response);
  end();
}

void Connection::end() {
  ::shutdown(socket_, SHUT_WR);
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &drained_silence, sizeof drained_silence);
  char rest[read_bytes];
  for (int reads = 0; reads < max_drained_reads && ::recv(socket_, rest, sizeof rest, 0) > 0; reads++) {
  }
}

void Connection::write(std::string_view head, std::string_view body) {
  iovec parts[] = {{const_cast<char *>(head.data()), head.size()}, {const_cast<char *>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  while (parts[0].iov_len + parts[1].iov_len > 0) {
    const auto count = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Gone();
    auto left = static_cast<std::size_t>(count);
    for (auto &part : parts) {
      const std::size_t sent = std::min(left, part.iov_len);
      part.iov_base = static_cast<char *>(part.iov_base) + sent;
      part.iov_len -= sent;
      left -= sent;
    }
  }
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
