// SPDX-License-Identifier: MIT
// The option table for programs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/options.hpp>

#include "choice.hpp"

namespace ftpfs::cli {
namespace {

// Which words an option takes only its setter knows, and says when it is given none of them.
std::string value_of(const Option& option) {
  if (option.value != Option::Value::required) return "-";
  try {
    Settings unused;
    option.set(unused, "");
  } catch (const NotAChoice& choice) {
    return fmt::format("{}", fmt::join(choice.choices(), "|"));
  } catch (const Error&) {
  }
  return std::string(option.argument);
}

}  // namespace

// Without those that say the same as another one, which are there for whoever knows them already.
std::string option_list_text() {
  std::string text;
  for (const Option& option : option_table()) {
    if (option.help.empty()) continue;
    text += fmt::format("{}\t{}\t{}\n", option.name, value_of(option), option.help);
  }
  return text;
}

}  // namespace ftpfs::cli
