// What the standard library throws, from its headers and from the compiled part of it; features.cpp has more of it.
#include <any>
#include <bitset>
#include <cstdio>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

volatile size_t ten = 10;

/** The name by hand: mangled ones are no words, and typeid knows the dynamic type. */
template <typename Expected, typename Run>
void fails(const char *name, Run run) {
  try {
    run();
    std::printf("%s: nothing thrown\n", name);
  } catch (const std::exception &error) {
    const bool exact = typeid(error) == typeid(Expected);
    std::printf("%s: %s%s\n", name, exact ? "" : "another type: ", exact ? "yes" : error.what());
  } catch (...) {
    std::printf("%s: no std::exception\n", name);
  }
}

void strings() {
  std::string text = "text";
  std::wstring wide = L"wide";
  fails<std::out_of_range>("string at", [&] { (void)text.at(ten); });
  fails<std::out_of_range>("string substr", [&] { (void)text.substr(ten); });
  fails<std::out_of_range>("string insert", [&] { text.insert(ten, "x"); });
  fails<std::out_of_range>("string erase", [&] { text.erase(ten); });
  fails<std::out_of_range>("string replace", [&] { text.replace(ten, 1, "x"); });
  fails<std::out_of_range>("string compare", [&] { (void)text.compare(ten, 1, "x"); });
  fails<std::length_error>("string resize", [&] { text.resize(text.max_size() + ten); });
  fails<std::length_error>("string reserve", [&] { text.reserve(text.max_size() + ten); });
  fails<std::out_of_range>("wstring at", [&] { (void)wide.at(ten); });
  fails<std::out_of_range>("string_view substr", [&] { (void)std::string_view(text).substr(ten); });
  std::printf("kept: %s\n", text.c_str());
}

void numbers() {
  fails<std::invalid_argument>("stoi nothing", [] { (void)std::stoi("none"); });
  fails<std::out_of_range>("stoi large", [] { (void)std::stoi("99999999999"); });
  fails<std::out_of_range>("stoull large", [] { (void)std::stoull("99999999999999999999999"); });
  fails<std::invalid_argument>("stod", [] { (void)std::stod("x1.5"); });
  fails<std::out_of_range>("stod large", [] { (void)std::stod("1e999"); });
  try {
    (void)std::stol("abc");
  } catch (const std::invalid_argument &error) {
    std::printf("stol: %s\n", error.what());
  }
  fails<std::overflow_error>("bitset to_ulong", [] { (void)std::bitset<100>().set(ten * 9).to_ulong(); });
  fails<std::invalid_argument>("bitset from text", [] { (void)std::bitset<4>(std::string("012")); });
}

void containers() {
  std::vector<int> numbers = {1, 2, 3};
  fails<std::out_of_range>("vector at", [&] { (void)numbers.at(ten); });
  fails<std::length_error>("vector reserve", [&] { numbers.reserve(numbers.max_size() + ten); });
  fails<std::out_of_range>("map at", [] { (void)std::map<int, int>{{1, 2}}.at(5); });
  fails<std::out_of_range>("unordered_map at", [] { (void)std::unordered_map<std::string, int>{{"a", 2}}.at("b"); });
  fails<std::bad_function_call>("function", [] { std::function<void()>()(); });
  fails<std::bad_optional_access>("optional", [] { (void)std::optional<int>().value(); });
  fails<std::bad_variant_access>("variant", [] { (void)std::get<int>(std::variant<int, std::string>("text")); });
  fails<std::bad_any_cast>("any", [] { (void)std::any_cast<int>(std::any(2.5)); });
  fails<std::bad_weak_ptr>("weak_ptr", [] { std::shared_ptr<int> lost{std::weak_ptr<int>()}; });
  static std::vector<char> kept;
  fails<std::bad_alloc>("vector too large", [] { kept.resize(size_t{1} << 30); });
  struct Sometimes {
    Sometimes() = default;
    Sometimes(const Sometimes &) { throw std::runtime_error("copy"); }
    Sometimes &operator=(const Sometimes &) { throw std::runtime_error("assign"); }
  };
  std::variant<int, Sometimes> broken = 1;
  try {
    Sometimes value;
    broken.emplace<Sometimes>(value);
  } catch (const std::exception &) {
    std::printf("valueless: %d\n", broken.valueless_by_exception());
  }
  fails<std::bad_variant_access>("visit valueless", [&] { std::visit([](auto &) {}, broken); });
}

void others() {
  try {
    throw std::system_error(std::make_error_code(std::errc::permission_denied), "opening");
  } catch (const std::system_error &error) {
    std::printf("system_error: %s %d\n", error.what(), error.code() == std::errc::permission_denied);
  }
  std::promise<int> promise;
  auto future = promise.get_future();
  fails<std::future_error>("promise", [&] { (void)promise.get_future(); });
  promise.set_exception(std::make_exception_ptr(std::out_of_range("sent")));
  fails<std::out_of_range>("future", [&] { (void)future.get(); });
}

}  // namespace

int main() {
  strings();
  numbers();
  containers();
  others();
}
