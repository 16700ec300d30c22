// SPDX-License-Identifier: MIT
// One control connection of the fake server: reads a command, does it, replies; one at a time, as vsftpd
// does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/wait.hpp>

#include "support/fake_server/channel.hpp"
#include "support/fake_server/state.hpp"

namespace ftpfs::test::fake {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(State& state, tcp::socket control, std::size_t number);

  static awaitable<void> serve(std::shared_ptr<State> state, std::shared_ptr<Session> self);

  bool open() const { return control_.is_open(); }
  bool idle() const { return idle_; }
  bool transferring() const { return transferring_; }
  void dismiss(const std::string& reply);  // says it, unless empty, and closes
  void close(bool reset = false);          // control and data

 private:
  struct Ended {};  // thrown when a fault has ended the dialogue
  static constexpr auto complete = "226 Transfer complete.";
  static constexpr auto broken = "426 Data connection closed; transfer aborted.";

  // session.cpp: the dialogue
  awaitable<void> greet();
  awaitable<std::string> next_line();
  awaitable<void> obey(std::string line);
  awaitable<std::string> answer(std::string verb, std::string argument);
  awaitable<void> reply(std::string text);
  awaitable<std::string> without_telnet(std::string line);
  const Behaviour& behaviour() const { return state_.behaviour; }
  std::string refusal(std::string_view text, std::string_view code = "550") const;
  std::string path_of(std::string_view argument) const;
  std::string path_to_make(std::string_view argument) const;  // likewise, where there is nothing yet
  std::time_t now() const { return behaviour().now.value_or(std::time(nullptr)); }
  std::time_t offset_at(std::time_t time) const { return behaviour().zone ? behaviour().zone(time) : 0; }

  // session_faults.cpp
  awaitable<bool> strike(std::string verb, Fault::Moment moment);  // true: the fault has replied
  awaitable<void> reply_to(std::string verb, std::string text);    // the final reply, faults of it included
  awaitable<bool> drip(Channel& into, std::string bytes, const Fault& fault);  // false: the client is gone
  awaitable<std::string> send_faultily(Fault fault, std::string bytes);
  std::string cut_data(const Fault& fault);
  awaitable<std::string> spoil_data(Fault fault);

  // session_paths.cpp: paths of z/OS and OpenVMS
  std::string foreign_path_of(std::string_view argument) const;
  std::string spelt_directory() const;
  bool takes_cwd(std::string_view argument) const;
  bool takes_name(std::string_view path) const;  // for something new

  // session_login.cpp: who, what the server can do, state of the session
  std::string user(const std::string& argument);
  std::string pass(const std::string& argument);
  std::string feat(const std::string& argument);
  std::string opts(const std::string& argument);
  std::string acct(const std::string& argument);
  std::string clnt(const std::string& argument);
  std::string syst(const std::string& argument);
  std::string type(const std::string& argument);
  std::string pwd(const std::string& argument);
  std::string cwd(const std::string& argument);
  std::string rest(const std::string& argument);
  std::string noop(const std::string& argument);
  std::string abor(const std::string& argument);
  std::string quit(const std::string& argument);

  // session_tls.cpp
  std::string auth(const std::string& argument);
  std::string pbsz(const std::string& argument);
  std::string prot(const std::string& argument);
  awaitable<void> secure_control();
  awaitable<std::string> secure_data();  // why not; empty: done, or nothing to do
  awaitable<void> end_download();
  awaitable<bool> end_upload(Channel::End end);  // false: the file may be cut off

  // session_files.cpp: commands on names
  std::string size(const std::string& argument);
  std::string mdtm(const std::string& argument);
  std::string mlst(const std::string& argument);
  std::string mfmt(const std::string& argument);
  std::string mff(const std::string& argument);
  std::string site(const std::string& argument);
  std::string dele(const std::string& argument);
  std::string mkd(const std::string& argument);
  std::string rmd(const std::string& argument);
  std::string rnfr(const std::string& argument);
  std::string rnto(const std::string& argument);
  std::string set_mtime(std::string_view time, std::string_view path, std::string_view success,
                        bool local = false);
  std::string site_utime_utc(std::string_view rest);
  std::string site_symlink(std::string_view target, std::string_view link);
  std::string avbl(const std::string& argument);
  std::string xquota(const std::string& argument);
  std::string set_mode(std::string_view mode, std::string_view path);

  // session_transfer.cpp: what moves over a data connection
  static bool is_transfer(std::string_view verb);
  std::string pret(const std::string& argument);
  bool lacks_pret();
  std::string epsv(const std::string& argument);
  std::string pasv(const std::string& argument);
  std::uint16_t listen(bool closed);
  bool too_many_connections() const;

  // session_active.cpp: the other way round
  std::string eprt(const std::string& argument);
  std::string port(const std::string& argument);
  awaitable<void> connect_data();

  awaitable<std::string> transfer(std::string verb, std::string argument);
  awaitable<std::string> retrieve(std::string argument);
  awaitable<std::string> store(std::string verb, std::string argument);
  awaitable<std::string> list(std::string argument);
  awaitable<std::string> list_facts(std::string argument);
  std::string stat(const std::string& argument);
  std::string lines_of(const Node& directory, bool with_dot_files) const;
  awaitable<std::string> send_listing(std::string verb, std::string text);
  static awaitable<void> watch_data(std::shared_ptr<Session> self);
  awaitable<std::string> open_data(std::string before);  // why not; empty: it is open. `before`: the 150
  awaitable<void> accept_data();
  awaitable<std::string> send_data(std::string verb, std::string bytes);
  awaitable<std::string> complete_download();
  awaitable<std::string> receive_data(std::string verb, std::string path);

  State& state_;
  Channel control_;
  std::size_t number_;
  std::string input_;
  bool idle_ = false;  // waits for a command
  bool stalled_ = false;

  std::string user_;
  bool logged_in_ = false;
  bool binary_ = false;
  std::string directory_;
  std::uint64_t offset_ = 0;  // from REST
  std::string rename_from_;
  bool clnt_ = false;  // said who it is
  bool pret_ = false;  // said what the next port is for
  bool owes_226_ = false;
  tcp::acceptor passive_;
  std::optional<tcp::endpoint> active_;  // from PORT or EPRT
  int watchers_ = 0;                     // that still wait in watch_data() for a connection
  WaitList watched_;                     // until there is none
  bool transferring_ = false;            // between a transfer command and its final reply
  bool private_data_ = false;            // PROT P
  std::size_t data_number_ = 0;          // of the data connection, in state_.data_tls
  Channel data_;
};

}  // namespace ftpfs::test::fake
