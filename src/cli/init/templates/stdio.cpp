/** Greets whom the standard input names: a plain program, which can be tried without Weft as well. */
#include <iostream>
#include <string>

int main() {
  std::string name;
  if (!std::getline(std::cin, name) || name.empty()) name = "World";
  std::cout << "Hello, " << name << "!\n";
  return std::cout.flush() ? 0 : 1;
}
