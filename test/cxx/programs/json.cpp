// Debian's nlohmann/json as people use it: it throws.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

using nlohmann::json;

int main() {
  std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  json document = json::parse(text);
  int total = 0;
  for (const auto &item : document.at("items")) total += item["count"].get<int>();
  document["total"] = total;
  std::cout << document.dump() << '\n';
  try {
    (void)json::parse("{\"open\": [1, 2");
  } catch (const json::parse_error &error) {
    std::cout << "parse_error " << error.id << " at " << error.byte << '\n';
  }
  try {
    (void)document.at("none");
  } catch (const json::out_of_range &error) {
    std::cout << error.what() << '\n';
  }
  try {
    (void)document["name"].get<int>();
  } catch (const json::exception &error) {
    std::cout << error.what() << '\n';
  }
}
