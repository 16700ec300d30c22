// SPDX-License-Identifier: MIT
#include <array>
#include <cstddef>
#include <stdexcept>

#include <ftpfs/proto/command.hpp>

namespace ftpfs::proto {
namespace {

// In the order of Verb.
constexpr std::array<std::string_view, 47> texts = {
    "USER", "PASS", "ACCT", "FEAT", "OPTS", "CLNT", "SYST", "TYPE", "PWD",  "CWD",  "EPSV",   "PASV",
    "MLSD", "MLST", "LIST", "SIZE", "MDTM", "REST", "RETR", "STOR", "APPE", "DELE", "MKD",    "RMD",
    "RNFR", "RNTO", "MFMT", "MFF",  "SITE", "NOOP", "ABOR", "QUIT", "AUTH", "PBSZ", "PROT",   "EPRT",
    "PORT", "HOST", "AVBL", "STAT", "CDUP", "PRET", "CCC",  "LANG", "HELP", "ALLO", "XQUOTA",
};
static_assert(texts.size() == static_cast<std::size_t>(Verb::xquota) + 1);

void check(std::string_view argument) {
  if (argument.find_first_of(std::string_view("\r\n\0", 3)) != argument.npos) {
    throw std::invalid_argument("an FTP command cannot carry a line break or NUL");
  }
}

}  // namespace

std::string_view verb_text(Verb verb) noexcept {
  return texts[static_cast<std::size_t>(verb)];
}

std::string format_command(Verb verb, std::string_view argument, Telnet telnet) {
  check(argument);
  std::string line(verb_text(verb));
  if (!argument.empty()) line += ' ';
  for (const char byte : argument) {
    line += byte;
    if (byte == '\xFF' && telnet == Telnet::escaped) line += byte;
  }
  line += "\r\n";
  return line;
}

std::string masked_command(Verb verb, std::string_view argument) {
  std::string line(verb_text(verb));
  if (argument.empty()) return line;
  line += ' ';
  line += verb == Verb::pass || verb == Verb::acct ? "***" : argument;
  return line;
}

}  // namespace ftpfs::proto
