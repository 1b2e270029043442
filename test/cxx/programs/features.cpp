// Parts of the standard library that need a runtime below them.
#include <algorithm>
#include <any>
#include <charconv>
#include <chrono>
#include <coroutine>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <locale>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <typeinfo>
#include <variant>
#include <vector>

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/** Constructors run before the first request: what they wrote would stand in the log. */
std::string &constructed() {
  static std::string names;
  return names;
}

struct Global {
  explicit Global(const char *name) : name(name) { constructed() += std::string(name) + ' '; }
  ~Global() { std::cout << "destroyed " << name << '\n'; }
  const char *name;
};
Global first("first"), second("second");
std::map<std::string, int> table = {{"one", 1}, {"two", 2}};
thread_local Global lazy("thread_local");
thread_local int counter = 5;

void at_exit() { std::cout << "atexit\n"; }

struct Failing {
  explicit Failing(bool fails) {
    if (fails) throw std::runtime_error("not yet");
  }
};

Failing &guarded(bool fails) {
  static Failing once(fails);
  return once;
}

Global &local() {
  static Global once("local");
  return once;
}

void lifetimes() {
  std::atexit(at_exit);
  counter++;
  std::cout << "thread_local " << counter << ' ' << lazy.name << '\n';
  std::string tries;
  for (bool fails : {true, true, false, true}) {
    try {
      guarded(fails);
      tries += "ok ";
    } catch (const std::exception &error) {
      tries += std::string(error.what()) + ", ";
    }
  }
  std::cout << "static local: " << tries << '\n';
  local();
  std::cout << "map " << table["two"] << ", constructed " << constructed() << '\n';
}

template <typename T>
struct Generator {
  struct promise_type {
    T value;
    std::exception_ptr error;
    Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T given) {
      value = given;
      return {};
    }
    void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
  };
  explicit Generator(std::coroutine_handle<promise_type> handle) : handle(handle) {}
  Generator(const Generator &) = delete;
  ~Generator() { handle.destroy(); }
  bool next() {
    handle.resume();
    if (auto error = std::exchange(handle.promise().error, nullptr)) std::rethrow_exception(error);
    return !handle.done();
  }
  std::coroutine_handle<promise_type> handle;
};

Generator<int> fibonacci(int limit) {
  for (int a = 0, b = 1;; std::tie(a, b) = std::tuple(b, a + b)) {
    if (a > limit) throw std::overflow_error("limit");
    co_yield a;
  }
}

void coroutines() {
  auto numbers = fibonacci(50);
  int sum = 0;
  try {
    while (numbers.next()) sum += numbers.handle.promise().value;
  } catch (const std::overflow_error &error) {
    std::cout << "coroutine " << sum << ' ' << error.what() << '\n';
  }
}

void streams() {
  std::cout << std::hex << std::showbase << 255 << std::dec << ' ' << std::setw(8) << std::setfill('*') << std::fixed << std::setprecision(2)
            << 3.14159 << ' ' << std::boolalpha << true << std::defaultfloat << '\n';
  std::istringstream input("12 3.5 word\nrest of line");
  int number;
  double real;
  std::string word, line;
  input >> number >> real >> word >> std::ws;
  std::getline(input, line);
  std::cout << number << ' ' << real << ' ' << word << " [" << line << "] " << input.eof() << '\n';
  std::string text;
  int lines = 0;
  while (std::getline(std::cin, text)) lines++;
  std::cout << "stdin " << lines << '\n';
  std::cerr << "to stderr\n";
}

void texts() {
  const std::string text = "from 2024-01-31 to 2025-12-01";
  const std::regex date(R"((\d{4})-(\d{2})-(\d{2}))");
  for (auto it = std::sregex_iterator(text.begin(), text.end(), date); it != std::sregex_iterator(); ++it) std::cout << (*it)[1] << '/' << (*it)[2] << ' ';
  std::cout << std::regex_replace(text, date, "$3.$2.$1") << '\n';
  std::cout << std::format("{:>6}|{:<6}|{:^6}|{:+.3e}|{:#x}", "ab", 12, 'c', 1234.5, 255) << '\n';
}

void numbers() {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, 0.1 + 0.2).ptr;
  std::cout << std::string_view(buffer, end) << ' ';
  int value = 0;
  const std::string_view digits = "1234x";
  const char *last = digits.data() + digits.size();
  const char *rest = std::from_chars(digits.data(), last, value).ptr;
  std::cout << value << *rest << ' ' << (std::from_chars(rest, last, value).ec == std::errc::invalid_argument) << '\n';
  std::mt19937 engine(42);
  std::mt19937_64 wide(42);
  std::cout << engine() << ' ' << wide() << ' ' << (std::random_device()() != std::random_device()()) << '\n';
}

void times() {
  using namespace std::chrono;
  const auto start = steady_clock::now();
  const auto day = sys_days(2024y / February / 29);
  std::cout << (year_month_day(day + days(1)) == 2024y / March / 1) << ' ' << duration_cast<milliseconds>(90min).count() << ' '
            << (steady_clock::now() >= start) << ' ' << (system_clock::now() > sys_days(2020y / 1 / 1)) << '\n';
}

void files() {
  for (const auto &entry : fs::directory_iterator("/data")) std::cout << entry.path() << ' ' << entry.file_size() << '\n';
  std::string text;
  std::getline(std::ifstream("/data/packed.txt"), text);
  std::cout << "packed " << text << '\n';
  fs::create_directories("/tmp/a/b");
  std::ofstream("/tmp/a/b/file.txt") << "12345";
  fs::copy_file("/tmp/a/b/file.txt", "/tmp/a/copy.txt");
  std::set<std::string> found;
  for (const auto &entry : fs::recursive_directory_iterator("/tmp/a")) found.insert(entry.path().lexically_relative("/tmp").generic_string());
  for (const auto &name : found) std::cout << name << ' ';
  std::cout << fs::file_size("/tmp/a/copy.txt") << ' ' << fs::exists("/tmp/none") << ' ' << fs::path("/x/y.tar.gz").extension() << ' ' << fs::remove_all("/tmp/a") << '\n';
}

void values() {
  std::variant<int, std::string, double> variant = "text";
  std::cout << std::visit([](const auto &value) { std::ostringstream out; out << value; return out.str(); }, variant) << ' ';
  std::function<int(int)> twice = [](int x) { return 2 * x; };
  std::any any = std::vector{1, 2, 3};
  std::cout << twice(21) << ' ' << std::any_cast<std::vector<int> &>(any).size() << ' ' << std::optional<int>().value_or(7) << ' ';
  auto squares = std::views::iota(1, 10) | std::views::filter([](int x) { return x % 2 == 1; }) | std::views::transform([](int x) { return x * x; });
  for (int square : squares) std::cout << square << ',';
  auto shared = std::make_shared<int>(3);
  std::weak_ptr<int> weak = shared;
  shared.reset();
  std::cout << ' ' << weak.expired() << '\n';
}

// What these throw

struct Missing : std::locale::facet {
  static std::locale::id id;
};
std::locale::id Missing::id;

template <typename Expected, typename Run>
void fails(const char *name, Run run) {
  try {
    run();
    std::cout << name << ": nothing thrown\n";
  } catch (const std::exception &error) {
    std::cout << name << ' ' << (typeid(error) == typeid(Expected) ? "yes" : error.what()) << '\n';
  }
}

void failing_texts() {
  fails<std::regex_error>("regex", [] { std::regex unclosed("(a"); });
  fails<std::format_error>("format", [] { (void)std::vformat("{:q}", std::make_format_args("text")); });
  fails<std::format_error>("format arguments", [] { (void)std::vformat("{}", std::make_format_args()); });
  std::istringstream input("word");
  input.exceptions(std::ios::failbit);
  fails<std::ios_base::failure>("istream", [&] {
    int number;
    input >> number;
  });
  fails<std::ios_base::failure>("file", [] {
    std::ifstream file;
    file.exceptions(std::ios::failbit);
    file.open("/no/such/file");
  });
  fails<std::bad_cast>("facet", [] {
    (void)std::use_facet<Missing>(std::locale::classic());
  });
}

void failing_files() {
  fails<fs::filesystem_error>("file_size", [] { (void)fs::file_size("/tmp/none"); });
  fails<fs::filesystem_error>("directory_iterator", [] { fs::directory_iterator none("/tmp/none"); });
  fails<fs::filesystem_error>("recursive", [] { fs::recursive_directory_iterator none("/tmp/none"); });
  fails<fs::filesystem_error>("remove", [] {
    fs::create_directories("/tmp/full/inner");
    fs::remove("/tmp/full");
  });
  fails<fs::filesystem_error>("canonical", [] { (void)fs::canonical("/tmp/none"); });
  fails<fs::filesystem_error>("rename", [] { fs::rename("/tmp/from", "/tmp/to"); });
  try {
    fs::copy_file("/tmp/from", "/tmp/to");
  } catch (const fs::filesystem_error &error) {
    std::cout << "copy_file " << error.path1() << ' ' << error.path2() << ' ' << (error.code() == std::errc::no_such_file_or_directory) << '\n';
  }
  std::error_code code;
  (void)fs::file_size("/tmp/none", code);
  std::cout << "error_code " << (code == std::errc::no_such_file_or_directory) << '\n';
}

}  // namespace

int main(int count, char **arguments) {
  std::cout << "main " << count << ' ' << (count > 1 ? arguments[1] : "") << '\n';
  lifetimes();
  coroutines();
  streams();
  texts();
  numbers();
  times();
  files();
  values();
  failing_texts();
  failing_files();
  std::cout << "end" << std::endl;
}
