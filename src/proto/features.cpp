// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <ftpfs/proto/features.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

constexpr bool is_separator(char c) noexcept {
  return c == ';' || c == ',' || is_blank(c);
}

// Calls `word_function` for each word of `rest`.
template <class Function>
void for_each_word(std::string_view rest, Function word_function) {
  while (!rest.empty()) {
    const auto end = std::find_if(rest.begin(), rest.end(), is_separator);
    const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    if (!word.empty()) word_function(word);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
}

// "size*;modify*;perm" - separated by commas on DrFTPD, without the last ';' on SwiFTP and Cerberus.
void read_mlst_facts(std::string_view list, std::vector<MlstFact>& facts) {
  facts.clear();
  for_each_word(list, [&](std::string_view word) {
    const bool starred = word.ends_with('*');
    if (starred) word.remove_suffix(1);
    if (!word.empty()) facts.push_back({lower(word), starred});
  });
}

void read_auth(std::string_view arguments, Features& features) {
  for_each_word(arguments, [&](std::string_view word) {
    if (equals_ignoring_case(word, "TLS") || equals_ignoring_case(word, "TLS-C")) features.auth_tls = true;
    if (equals_ignoring_case(word, "SSL") || equals_ignoring_case(word, "TLS-P")) features.auth_ssl = true;
  });
}

void read_mff(std::string_view arguments, Features& features) {
  for_each_word(arguments, [&](std::string_view word) {
    if (equals_ignoring_case(word, "modify")) features.mff_modify = true;
    if (equals_ignoring_case(word, "UNIX.mode")) features.mff_mode = true;
  });
}

// One line with all of them (Serv-U), or a line for each (proftpd).
void read_site(std::string_view arguments, Features& features) {
  for_each_word(arguments, [&](std::string_view word) {
    if (equals_ignoring_case(word, "CHMOD")) features.site_chmod = true;
    if (equals_ignoring_case(word, "UTIME")) features.site_utime = true;
    if (equals_ignoring_case(word, "SYMLINK")) features.site_symlink = true;
    if (equals_ignoring_case(word, "QUOTA")) features.site_quota = true;
  });
}

struct Flag {
  std::string_view verb;
  bool Features::*member;
};
constexpr std::array flags = {
    Flag{"MLSD", &Features::mlsd},     Flag{"SIZE", &Features::size}, Flag{"MDTM", &Features::mdtm},
    Flag{"MFMT", &Features::mfmt},     Flag{"UTF8", &Features::utf8}, Flag{"UTF-8", &Features::utf8},
    Flag{"CLNT", &Features::clnt},     Flag{"TVFS", &Features::tvfs}, Flag{"HOST", &Features::host},
    Flag{"LANG", &Features::lang},     Flag{"EPSV", &Features::epsv}, Flag{"EPRT", &Features::eprt},
    Flag{"PRET", &Features::pret},     Flag{"PBSZ", &Features::pbsz}, Flag{"PROT", &Features::prot},
    Flag{"CCC", &Features::ccc},       Flag{"AVBL", &Features::avbl}, Flag{"HASH", &Features::hash},
    Flag{"XQUOTA", &Features::xquota}, Flag{"ESTP", &Features::estp},
};

void read_feature(std::string_view verb, std::string_view arguments, Features& features) {
  if (equals_ignoring_case(verb, "MLST")) {
    features.mlst = features.mlsd = true;
    if (!arguments.empty()) read_mlst_facts(arguments, features.mlst_facts);
  } else if (equals_ignoring_case(verb, "REST")) {
    // Bare REST occurs; RFC 3659 wants "REST STREAM".
    features.rest_stream = arguments.empty() || equals_ignoring_case(arguments.substr(0, 6), "STREAM");
  } else if (equals_ignoring_case(verb, "AUTH")) {
    read_auth(arguments, features);
  } else if (equals_ignoring_case(verb, "MFF")) {
    read_mff(arguments, features);
  } else if (equals_ignoring_case(verb, "SITE")) {
    read_site(arguments, features);
  }
  for (const Flag& flag : flags) {
    if (equals_ignoring_case(verb, flag.verb)) features.*flag.member = true;
  }
}

// Axway names many verbs on one line. Where a line holds nothing but known verbs, each is a feature.
bool read_bare_verbs(std::string_view line, Features& features) {
  std::size_t words = 0;
  bool known = true;
  for_each_word(line, [&](std::string_view word) {
    ++words;
    const auto same = [&](const Flag& flag) { return equals_ignoring_case(word, flag.verb); };
    known = known && (equals_ignoring_case(word, "MLST") || std::any_of(flags.begin(), flags.end(), same));
  });
  if (words < 2 || !known) return false;
  for_each_word(line, [&](std::string_view word) { read_feature(word, {}, features); });
  return true;
}

}  // namespace

bool Features::has_fact(std::string_view lower_case_name) const noexcept {
  return std::any_of(mlst_facts.begin(), mlst_facts.end(),
                     [&](const MlstFact& fact) { return fact.name == lower_case_name; });
}

Features parse_features(const Reply& reply) {
  Features features;
  features.known = reply.completion();
  if (!features.known) return features;
  std::string_view rest = reply.text;
  while (!rest.empty()) {
    const bool frame =
        rest.data() == reply.text.data() || rest.find('\n') == rest.npos;  // "Features:", "End"
    std::string_view line = trim(cut(rest, '\n'));
    if (!frame && !line.empty()) features.lines.emplace_back(line);
    if (read_bare_verbs(line, features)) continue;
    const std::string_view verb = line.substr(0, line.find_first_of(" \t:"));
    line.remove_prefix(std::min(verb.size() + 1, line.size()));
    read_feature(verb, trim(line), features);
  }
  return features;
}

}  // namespace ftpfs::proto
