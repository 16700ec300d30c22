// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>

#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {

std::string Session::user(const std::string& argument) {
  if (behaviour().tls.login_needs_tls && !control_.secured())
    return "530 Non-anonymous sessions must use encryption.";
  user_ = argument;
  logged_in_ = false;
  return "331 Password required for " + argument + ".";
}

std::string Session::pass(const std::string& argument) {
  const bool full = behaviour().max_sessions > 0 && state_.open_sessions() > behaviour().max_sessions;
  if (full) return behaviour().limit_reply;
  const bool right = user_ == behaviour().user && argument == behaviour().password;
  if (right && !behaviour().account.empty()) return "332 Account required.";
  logged_in_ = right;
  return logged_in_ ? "230 Logged in." : "530 Login incorrect.";
}

std::string Session::acct(const std::string& argument) {
  logged_in_ = user_ == behaviour().user && argument == behaviour().account;
  return logged_in_ ? "230 Logged in." : "530 Login incorrect.";
}

std::string Session::feat(const std::string&) {
  const Behaviour& can = behaviour();
  if (!can.feat) return "500 'FEAT': command not understood.";
  std::string text = "211-Features:\r\n";
  const auto add = [&](bool listed, const char* feature) {
    if (listed) text.append(" ").append(feature).append("\r\n");
  };
  const bool secure = !can.tls.certificate.empty() && can.tls.in_feat;
  add(secure && !can.tls.only_auth_ssl, "AUTH TLS");
  add(secure, "AUTH SSL");
  add(secure, "PBSZ");
  add(secure, "PROT");
  add(can.clnt, "CLNT");
  add(can.utf8, "UTF8");
  add(can.epsv, "EPSV");
  add(can.pasv, "PASV");
  add(can.eprt, "EPRT");
  add(can.mlst || can.overstates,
      can.facts_have_size ? "MLST type*;size*;modify*;UNIX.mode*;" : "MLST type*;modify*;UNIX.mode*;");
  add(can.size || can.overstates, "SIZE");
  add(can.mdtm || can.overstates, "MDTM");
  add(can.rest || can.overstates, "REST STREAM");
  add(can.mfmt || can.overstates, "MFMT");
  add(can.mff, "MFF modify;UNIX.mode;");
  add(can.site_chmod, "SITE CHMOD");
  add(can.chmod_opens, "ESTP");
  add(can.site_symlink, "SITE SYMLINK");
  add(can.avbl.has_value(), "AVBL");
  add(!can.xquota.empty(), "XQUOTA");
  add(can.pret, "PRET");
  add(true, "TVFS");
  return text + "211 End.";
}

std::string Session::opts(const std::string& argument) {
  if (argument == "UTF8 ON" && behaviour().utf8_wants_clnt && !clnt_) return "501 Who are you?";
  if (argument == "UTF8 ON") return behaviour().utf8 ? "200 UTF-8 is on." : "501 Option not understood.";
  return argument.starts_with("MLST ") ? "200 " + argument : "501 Option not understood.";
}

std::string Session::clnt(const std::string&) {
  clnt_ = behaviour().clnt;
  return behaviour().clnt ? "200 Noted." : "500 'CLNT': command not understood.";
}

std::string Session::syst(const std::string&) {
  return "215 UNIX Type: L8";
}

std::string Session::type(const std::string& argument) {
  if (argument != "I" && argument != "A") return "504 Type not supported.";
  binary_ = argument == "I";
  return "200 Type set to " + argument + ".";
}

std::string Session::pwd(const std::string&) {
  std::string quoted;
  for (const char c : spelt_directory()) quoted.append(c == '"' ? 2 : 1, c);
  return "257 \"" + quoted + "\" is the current directory.";
}

std::string Session::cwd(const std::string& argument) {
  const std::string path = path_of(argument);
  const Node* node = state_.tree.find(path);
  const bool anything = behaviour().paths == Behaviour::Paths::of_zos;  // it becomes a prefix
  if (!takes_cwd(argument)) return refusal("Not a directory specification.", "501");
  if (!anything && node == nullptr) return refusal("No such file or directory.");
  if (!anything && !node->is_directory()) return refusal("Not a directory.");
  directory_ = path;
  return "250 Directory changed.";
}

std::string Session::rest(const std::string& argument) {
  if (!behaviour().rest) return "502 REST is not implemented.";
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), offset_);
  if (error != std::errc() || end != argument.data() + argument.size()) return "501 Bad offset.";
  if (behaviour().stat_lists) return "350 Restart position accepted (" + argument + ").";
  return "350 Restarting at " + argument + ".";
}

std::string Session::noop(const std::string&) {
  return "200 OK.";
}

std::string Session::abor(const std::string&) {
  return "225 Nothing to abort.";
}

std::string Session::quit(const std::string&) {
  return "221 Goodbye.";
}

}  // namespace ftpfs::test::fake
