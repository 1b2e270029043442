/** Greets whom the body names: an HTTP server like any other, on the port that PORT names. It can be tried without Weft as well. */
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 8;

/** What came on the connection is `received`; reads on until it is that long. */
bool receive(int connection, std::string &received, std::size_t length) {
  char buffer[16384];
  while (received.size() < length) {
    const auto read = recv(connection, buffer, sizeof buffer, 0);
    if (read <= 0) return false;
    received.append(buffer, static_cast<std::size_t>(read));
  }
  return true;
}

std::size_t content_length(const std::string &head) {
  for (auto line = head.find("\r\n"); line != std::string::npos; line = head.find("\r\n", line + 2))
    if (strncasecmp(head.c_str() + line + 2, "Content-Length:", 15) == 0) return std::strtoul(head.c_str() + line + 17, nullptr, 10);
  return 0;
}

/** Reads one request, and writes its answer. */
void answer(int connection) {
  std::string received;
  while (received.find("\r\n\r\n") == std::string::npos)
    if (!receive(connection, received, received.size() + 1)) return;
  const auto body = received.find("\r\n\r\n") + 4;
  const auto length = content_length(received.substr(0, body));
  if (!receive(connection, received, body + length)) return;
  const std::string name = length == 0 ? "World" : received.substr(body, length);
  const std::string text = "Hello, " + name + "!\n";
  const std::string reply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(text.size()) +
                            "\r\nConnection: close\r\n\r\n" + text;
  for (std::size_t sent = 0; sent < reply.size();) {
    const auto written = send(connection, reply.data() + sent, reply.size() - sent, 0);
    if (written <= 0) return;
    sent += static_cast<std::size_t>(written);
  }
}

/** One connection after the other, a request each; what comes meanwhile waits in the kernel's queue. */
void serve(int listener) {
  for (;;) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) continue;
    answer(connection);
    close(connection);
  }
}

}  // namespace

int main() {
  const char *port = std::getenv("PORT");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port != nullptr ? port : "8080")));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  std::signal(SIGPIPE, SIG_IGN);  // a client that leaves ends its connection, not the server
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 || listen(listener, SOMAXCONN) != 0) {
    std::perror("listen");
    return 1;
  }
  std::vector<std::thread> others;
  for (int at = 1; at < kThreads; at++) others.emplace_back(serve, listener);
  serve(listener);
}
