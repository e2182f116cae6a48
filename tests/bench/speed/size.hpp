// How large a program is with each client, and what it pulls in.

#pragma once

#include <map>
#include <string>
#include <vector>

namespace holdfast::bench {

struct Size {
  double program = 0;      ///< stripped
  double libraries = 0;    ///< shared ones but the next two, as the distribution ships them
  double cpp_runtime = 0;  ///< libstdc++ and libgcc_s
  std::string names;       ///< of `libraries`
};

/// Of the little program for that client (tests/bench/speed/size), in KiB. The C library is not
/// among them. Ends the program if `strip` or `ldd` fail.
Size size_with(const std::string& client);

}  // namespace holdfast::bench
