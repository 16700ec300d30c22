// SPDX-License-Identifier: MIT
#include "support/fake_server/session.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <utility>

namespace ftpfs::test::fake {
Session::Session(State& state, tcp::socket control, std::size_t number)
    : state_(state),
      control_(std::move(control)),
      number_(number),
      directory_(state.behaviour.home),
      passive_(state.io),
      data_(tcp::socket(state.io)) {
  boost::system::error_code ignored;
  control_.socket().set_option(tcp::no_delay(true),
                               ignored);  // a 226 right behind a 150 must not wait for an ACK
}

awaitable<void> Session::serve(std::shared_ptr<State> /* kept alive */, std::shared_ptr<Session> self) {
  try {
    co_await self->greet();
    while (self->open()) {
      self->idle_ = true;
      std::string line = co_await self->next_line();
      self->idle_ = false;
      co_await self->obey(std::move(line));
    }
  } catch (const Ended&) {
  }
  self->idle_ = false;
  if (!self->stalled_) self->close();
}

awaitable<std::string> Session::next_line() {
  using Rows = Behaviour::Rows;
  std::array<char, 1024> chunk;
  const bool in_a_row = input_.find("\r\n") != std::string::npos;
  for (;;) {
    const std::size_t end = input_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 2);
      if (in_a_row) state_.commands_in_a_row.push_back(line);
      if (in_a_row && behaviour().rows == Rows::mangled) line.erase(0, 1);
      if (behaviour().rows == Rows::lost) input_.clear();
      co_return line;
    }
    const auto into = asio::buffer(chunk);
    const Channel::Received received = co_await control_.read_some(into);
    if (received.end != Channel::End::none) throw Ended();  // the client is gone
    input_.append(chunk.data(), received.size);
  }
}

void Session::dismiss(const std::string& text) {
  if (!text.empty()) control_.write_now(text + "\r\n");
  close();
}

void Session::close(bool reset) {
  boost::system::error_code ignored;
  passive_.close(ignored);
  data_.close(reset);
  control_.close(reset);
}

awaitable<void> Session::greet() {
  const bool struck = co_await strike("GREETING", Fault::Moment::received);
  if (struck) co_return;
  const bool full = behaviour().max_sessions > 0 && state_.open_sessions() > behaviour().max_sessions;
  if (full && !behaviour().limit_reply.starts_with("530")) {
    co_await reply(behaviour().limit_reply);
    throw Ended();
  }
  if (behaviour().tls.implicit) co_await secure_control();
  co_await reply(behaviour().greeting);
  co_await strike("GREETING", Fault::Moment::replied);
}

awaitable<void> Session::obey(std::string line) {
  state_.commands.push_back(line);
  state_.commands_of.at(number_).push_back(line);
  if (!control_.secured()) state_.clear_commands.push_back(line);
  if (behaviour().telnet) line = co_await without_telnet(std::move(line));
  const std::size_t blank = line.find(' ');
  std::string verb = line.substr(0, blank);
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
  std::string argument = blank == std::string::npos ? "" : line.substr(blank + 1);

  bool replied = co_await strike(verb, Fault::Moment::received);
  if (replied) co_return;
  std::string text = "500 '" + line + "': command not understood.";
  const bool stray_blank =
      blank != std::string::npos && argument.empty() && behaviour().refuses_trailing_blank;
  if (!stray_blank) text = co_await answer(verb, std::move(argument));
  if (verb != "RNFR") rename_from_.clear();
  replied = co_await strike(verb, Fault::Moment::done);
  if (replied) co_return;
  const bool secure = verb == "AUTH" && text.starts_with("234");
  if (secure) text += "\r\n" + behaviour().tls.injected;
  if (std::exchange(owes_226_, false)) text.insert(0, "226 Transfer aborted.\r\n");
  owes_226_ = behaviour().late_226 && text.starts_with("426");
  co_await reply_to(verb, std::move(text));
  if (secure) co_await secure_control();
  co_await strike(verb, Fault::Moment::replied);
  if (verb == "QUIT") throw Ended();
}

awaitable<std::string> Session::answer(std::string verb, std::string argument) {
  using Command = std::string (Session::*)(const std::string&);
  static const std::map<std::string_view, Command> commands{
      {"USER", &Session::user}, {"PASS", &Session::pass}, {"FEAT", &Session::feat},
      {"OPTS", &Session::opts}, {"CLNT", &Session::clnt}, {"SYST", &Session::syst},
      {"TYPE", &Session::type}, {"PWD", &Session::pwd},   {"CWD", &Session::cwd},
      {"REST", &Session::rest}, {"NOOP", &Session::noop}, {"ABOR", &Session::abor},
      {"QUIT", &Session::quit}, {"SIZE", &Session::size}, {"MDTM", &Session::mdtm},
      {"MLST", &Session::mlst}, {"MFMT", &Session::mfmt}, {"MFF", &Session::mff},
      {"SITE", &Session::site}, {"DELE", &Session::dele}, {"AVBL", &Session::avbl},
      {"MKD", &Session::mkd},   {"RMD", &Session::rmd},   {"RNFR", &Session::rnfr},
      {"RNTO", &Session::rnto}, {"EPSV", &Session::epsv}, {"PASV", &Session::pasv},
      {"AUTH", &Session::auth}, {"PBSZ", &Session::pbsz}, {"PROT", &Session::prot},
      {"EPRT", &Session::eprt}, {"PORT", &Session::port}, {"STAT", &Session::stat},
      {"ACCT", &Session::acct}, {"PRET", &Session::pret}, {"XQUOTA", &Session::xquota}};

  const auto fixed = behaviour().replies.find(verb);
  if (fixed != behaviour().replies.end()) co_return fixed->second;
  static const std::set<std::string_view> before_login{"USER", "PASS", "ACCT", "FEAT", "QUIT",
                                                       "CLNT", "AUTH", "PBSZ", "PROT"};
  if (!logged_in_ && !before_login.contains(verb))
    co_return std::string("530 Please login with USER and PASS.");
  if (is_transfer(verb)) co_return co_await transfer(std::move(verb), std::move(argument));
  boost::system::error_code ignored;
  if (behaviour().commands_end_data) passive_.close(ignored);  // with it go those that wait to be accepted
  const auto command = commands.find(verb);
  if (command == commands.end()) co_return std::string("502 Command not implemented.");
  co_return (this->*command->second)(argument);
}

awaitable<void> Session::reply(std::string text) {
  if (behaviour().delay > std::chrono::milliseconds(0)) {
    asio::steady_timer timer(state_.io, behaviour().delay);
    co_await timer.async_wait(use_awaitable);
  }
  if (!text.ends_with("\r\n")) text += "\r\n";
  const bool written = co_await control_.write(std::move(text));
  if (!written) throw Ended();  // the client is gone
}

// Refuses every option that the client asks for.
awaitable<std::string> Session::without_telnet(std::string line) {
  std::string text;
  std::string refused;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool command = line[i] == '\xFF' && i + 1 < line.size();
    const auto what = command ? static_cast<unsigned char>(line[i + 1]) : 0;
    const bool option = what >= 0xFB && what <= 0xFE && i + 2 < line.size();
    if (!option) text += line[i];
    if (option) refused += std::string("\xFF\xFC") + line[i + 2];
    i += option ? 2 : what == 0xFF ? 1 : 0;
  }
  const bool written = co_await control_.write(std::move(refused));
  if (!written) throw Ended();  // the client is gone
  co_return text;
}

std::string Session::path_of(std::string_view argument) const {
  if (behaviour().paths != Behaviour::Paths::of_unix) return foreign_path_of(argument);
  while (behaviour().trims_blanks && argument.ends_with(' ')) argument.remove_suffix(1);
  const std::string path = Tree::resolve(directory_, argument);
  return behaviour().folds_case ? state_.tree.spelt(path) : path;
}

std::string Session::path_to_make(std::string_view argument) const {
  const std::string path = path_of(argument);
  if (behaviour().new_names == Behaviour::Rewrites::nothing || state_.tree.exists(path)) return path;
  std::string name(Tree::name(path));
  for (char& c : name) {
    const bool sign = std::string_view("<>:\"|?*\\").find(c) != std::string_view::npos;
    if (behaviour().new_names == Behaviour::Rewrites::signs && sign) c = '_';
    if (behaviour().new_names == Behaviour::Rewrites::upper_case) c = static_cast<char>(std::toupper(c));
  }
  return Tree::resolve(Tree::parent(path), name);
}

std::string Session::refusal(std::string_view text, std::string_view code) const {
  std::string line(code);
  line += ' ';
  line += behaviour().terse ? "Operation failed." : text;
  return line;
}

}  // namespace ftpfs::test::fake
