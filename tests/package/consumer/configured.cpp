// Prints the client identifier that the environment or a config file tells.
//
//   configured [FILE]

#include <holdfast/config_file.hpp>
#include <iostream>

int main(int argc, char** argv) {
  try {
    std::cout << holdfast::ConfigFile(argc > 1 ? argv[1] : "").options().client_id << '\n';
    return 0;
  } catch (const holdfast::ConfigError& error) {
    std::cerr << error.field() << ": " << error.mend() << '\n';
    return 3;
  }
}
