// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <stdexcept>

#include <ftpfs/proto/url.hpp>

#include "text.hpp"
#include "url_parts.hpp"

namespace ftpfs::proto {
namespace {

// user[:password]@
void parse_login(std::string_view login, Target& target) {
  const std::string_view user = cut(login, ':');
  const bool with_password = login.data() != user.data() + user.size();
  if (user.empty()) refuse("the URL has an empty user name");
  target.user = decoded(user);
  if (with_password) target.password = decoded(login);
}

// RFC 1738 3.2.2: the '/' behind the host only separates, so "/dir" is relative to the login directory; a
// second one, spelt "//" or "/%2F", makes it absolute. The type suffix is for fetching files.
std::string url_directory(std::string_view path) {
  if (const std::size_t type = path.rfind(";type="); type != path.npos && path.size() == type + 7) {
    path = path.substr(0, type);
  }
  if (path.starts_with('/')) path.remove_prefix(1);
  return decoded(path);
}

Target parse_url(Scheme scheme, std::string_view rest) {
  Target target;
  target.scheme = scheme;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view path = rest.substr(slash);
  rest = rest.substr(0, slash);
  // The last '@': forgiving to people who did not escape the one in their password or user name.
  if (const std::size_t at = rest.rfind('@'); at != rest.npos) {
    parse_login(rest.substr(0, at), target);
    rest.remove_prefix(at + 1);
  }
  target.host = checked_host(decoded(cut_host(rest, ":")));
  if (!rest.empty() && rest.front() != ':') refuse("the URL has something between the host and the port");
  if (rest.size() > 1) target.port = parse_port(rest.substr(1));
  target.directory = url_directory(path);
  return target;
}

// [user@]host:[path] and host[/path], nothing decoded. With ':' a leading '/' makes the path absolute (as
// sshfs has it); without, the '/' separates (as curlftpfs has it) and "//" makes it absolute.
Target parse_plain(std::string_view source) {
  Target target;
  std::string_view rest = source;
  const std::size_t end_of_login = std::min(rest.find_first_of(":/["), rest.size());
  if (const std::size_t at = rest.substr(0, end_of_login).rfind('@'); at != rest.npos) {
    if (at == 0) refuse("the source has an empty user name");
    target.user = std::string(rest.substr(0, at));
    rest.remove_prefix(at + 1);
  }
  target.host = checked_host(std::string(cut_host(rest, ":/")));
  if (!rest.empty() && rest.front() != ':' && rest.front() != '/')
    refuse("the source has something behind ']'");
  if (!rest.empty()) target.directory = std::string(rest.substr(1));
  return target;
}

struct SchemeName {
  std::string_view text;
  Scheme scheme;
};
constexpr std::array schemes = {SchemeName{"ftp", Scheme::ftp}, SchemeName{"ftps", Scheme::ftps},
                                SchemeName{"ftpes", Scheme::ftpes}};

}  // namespace

Target parse_source(std::string_view source) {
  constexpr std::string_view legacy = "ftpfs#";
  if (source.starts_with(legacy)) source.remove_prefix(legacy.size());
  if (source.empty()) refuse("the source is empty");
  check_controls(source);
  const std::size_t colon = source.find("://");
  if (colon == source.npos || source.substr(0, colon).find_first_of("/@:[") != source.npos)
    return parse_plain(source);
  const std::string_view name = source.substr(0, colon);
  for (const SchemeName& scheme : schemes) {
    if (equals_ignoring_case(name, scheme.text)) return parse_url(scheme.scheme, source.substr(colon + 3));
  }
  refuse("unknown kind of URL: " + std::string(name) + ":// (ftp, ftps and ftpes are known)");
}

}  // namespace ftpfs::proto
