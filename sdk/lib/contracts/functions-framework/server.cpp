#include "server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "answer.h"
#include "connection.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

constexpr std::size_t default_max_body_bytes = 32 * 1024 * 1024;
/** Each is a thread. When as many are open, one that is idle makes room for the next. */
constexpr std::size_t max_connections = 1024;
/** For a client that stops in the middle, and on TCP between its requests. */
constexpr int silence_seconds = 60;

[[noreturn]] void fail(std::string const &what) { throw std::system_error(errno, std::generic_category(), what); }

/** Closes what it holds. */
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket const &) = delete;
  Socket &operator=(Socket const &) = delete;
  ~Socket() { ::close(fd_); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

void bind_and_listen(Socket const &socket, sockaddr const *address, socklen_t length, std::string const &shown) {
  if (::bind(socket.fd(), address, length) != 0) fail("cannot bind to " + shown);
  if (::listen(socket.fd(), SOMAXCONN) != 0) fail("cannot listen on " + shown);
}

std::unique_ptr<Socket> listen_on_path(std::string const &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::invalid_argument("the path of the socket is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  auto socket = std::make_unique<Socket>(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket->fd() < 0) fail("cannot make a socket");
  ::unlink(path.c_str());  // one that was left
  bind_and_listen(*socket, reinterpret_cast<sockaddr const *>(&address), sizeof address, path);
  return socket;
}

std::unique_ptr<Socket> listen_on_port(std::string const &address, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0 || found == nullptr)
    throw std::invalid_argument("the address must be a numeric one, not \"" + address + '"');
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  auto socket = std::make_unique<Socket>(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket->fd() < 0) fail("cannot make a socket");
  const int on = 1;
  ::setsockopt(socket->fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bind_and_listen(*socket, found->ai_addr, found->ai_addrlen, address + ':' + std::to_string(port));
  return socket;
}

int port_of(Socket const &socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket.fd(), reinterpret_cast<sockaddr *>(&address), &length);
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in const *>(&address)->sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6 const *>(&address)->sin6_port);
  return 0;
}

std::size_t max_body_bytes() {
  char const *given = std::getenv("WEFT_REQUEST_BYTES");
  return given == nullptr ? default_max_body_bytes : std::strtoull(given, nullptr, 10);
}

/** The connections there are. */
class Sessions {
 public:
  /** Waits until there is room for another. */
  void enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (; count_ >= max_connections; changed_.wait_for(lock, recheck)) end_an_idle_one();
    count_++;
  }

  /** For when files, memory or threads are short before connections are too many: ends an idle one, and waits for that a little. */
  void make_room() {
    std::unique_lock<std::mutex> lock(mutex_);
    end_an_idle_one();
    changed_.wait_for(lock, recheck);
  }

  void leave() {
    const std::lock_guard<std::mutex> lock(mutex_);
    count_--;
    changed_.notify_all();
  }

  /** False when there is no memory to remember it in. */
  bool add(Connection &connection) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
      return open_.insert(&connection).second;
    } catch (std::bad_alloc const &) {
      return false;
    }
  }

  void remove(Connection &connection) {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_.erase(&connection);
  }

  void wait_for_all() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (; count_ > 0; changed_.wait_for(lock, recheck)) {
      while (end_an_idle_one()) {
      }
    }
  }

 private:
  /** Nobody says when a connection becomes idle: that would cost each request. */
  static constexpr std::chrono::milliseconds recheck{20};

  bool end_an_idle_one() {
    for (auto *connection : open_) {
      if (!connection->end_if_idle()) continue;
      open_.erase(connection);
      return true;
    }
    return false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::set<Connection *> open_;
};

void refuse(Connection &connection, BadRequest const &reason) {
  try {
    connection.refuse(reason);
  } catch (...) {
    // then nobody is there to be told, or there is no memory to tell it
  }
}

/** Whatever happens on one connection, the others go on: an exception that left its thread would end them all. */
void converse(Connection &connection, FunctionImpl const &function) {
  try {
    while (connection.goes_on()) {
      auto request = connection.receive();
      if (!request) return;
      connection.send(answer(function, *std::move(request)));
    }
    connection.end();
  } catch (BadRequest const &error) {
    refuse(connection, error);
  } catch (Gone const &) {
    // its client's business
  } catch (std::bad_alloc const &) {
    refuse(connection, {functions::HttpResponse::kServiceUnavailable, "there is no memory for the request or its answer"});
  } catch (std::exception const &error) {
    refuse(connection, {functions::HttpResponse::kInternalServerError, error.what()});
  }
}

void prepare(int socket, bool tcp) {
  const timeval silence{silence_seconds, 0};
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
  if (!tcp) return;  // who listens on a path decides by itself how long it keeps connections
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/** The next connection; -1 when it was gone before it was taken, or must wait. */
int accept_one(Socket const &listener, Sessions &sessions) {
  const int socket = ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
  if (socket >= 0) return socket;
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    sessions.make_room();
  } else if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN && errno != EPROTO) {
    fail("cannot accept connections");
  }
  return -1;
}

/** False when no thread is to be had. */
template <typename F>
bool in_a_thread(F const &run) {
  try {
    std::thread(run).detach();
    return true;
  } catch (std::system_error const &) {
    return false;
  } catch (std::bad_alloc const &) {
    return false;
  }
}

}  // namespace

void serve(Options const &options, FunctionImpl const &function, std::function<bool()> const &shutdown, std::function<void(int)> const &on_port) {
  const bool tcp = options.socket.empty();
  const auto listener = tcp ? listen_on_port(options.address, options.port) : listen_on_path(options.socket);
  const std::size_t max_body = max_body_bytes();
  // Shared with the threads: one that ends last may outlive this function's frame by a little.
  const auto sessions = std::make_shared<Sessions>();
  on_port(port_of(*listener));
  while (true) {
    const int socket = accept_one(*listener, *sessions);
    if (socket < 0) continue;
    prepare(socket, tcp);
    sessions->enter();
    const auto serve_it = [socket, &function, sessions, max_body] {
      {
        Connection connection(socket, max_body);
        if (sessions->add(connection)) converse(connection, function);
        sessions->remove(connection);
      }
      sessions->leave();
    };
    while (!in_a_thread(serve_it)) sessions->make_room();
    if (shutdown()) break;
  }
  sessions->wait_for_all();
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
