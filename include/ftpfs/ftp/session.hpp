// SPDX-License-Identifier: MIT
// One control connection. Replies answer commands in their order; whatever disturbs it (an extra reply, a
// time-out, a stop in the middle) makes the session unusable for good. More than one command is outstanding
// only where the server was seen to answer several in a row (ServerProfile::pipelining), and never while
// one of them moves data. Any reply code is a value; a server's last words (421) and a dead line throw
// ConnectionLost. Owned by the pool or a Lease; transfers that still read their last reply share it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/ftp/context.hpp>
#include <ftpfs/net/stream.hpp>
#include <ftpfs/net/tls.hpp>
#include <ftpfs/proto/command.hpp>
#include <ftpfs/proto/reply.hpp>

namespace ftpfs::ftp {

struct Primed;  // a data connection made before it is needed; src/ftp/primed.hpp

struct Command {
  proto::Verb verb;
  std::string argument;
};

class Session {
 public:
  // Connects and logs in: greeting, AUTH TLS, USER/PASS/ACCT, PBSZ/PROT, then FEAT, CLNT, OPTS UTF8, TYPE I,
  // PWD. Later sessions of the same server leave out what the profile knows already. Throws Error(EACCES) for
  // refused credentials, Error(EUSERS) when the server takes no more connections at the moment (421, 530 "too
  // many"), Error(EKEYREJECTED) for a certificate that is not trusted, Error(EPROTO) where TLS is asked for
  // and refused, ConnectionLost, Cancelled.
  static awaitable<std::shared_ptr<Session>> open(std::shared_ptr<SessionContext> context,
                                                  std::stop_token stop);

  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Sends one command and returns its final reply. A `stop` that fires meanwhile aborts the session.
  // Throws Error(EINVAL) for an argument that cannot be sent (CR, LF, NUL): then nothing was sent.
  awaitable<proto::Reply> command(proto::Verb verb, std::string argument, std::stop_token stop);
  // Several commands without effects, none of which depends on another's reply: in one round trip where the
  // server takes that, else one after the other. One final reply each, in their order.
  awaitable<std::vector<proto::Reply>> commands(std::vector<Command> row, std::stop_token stop);
  // A command for a later use, from the background; only while may_ask_behind(). Whoever sends meanwhile
  // waits for its reply unless the server takes rows.
  awaitable<proto::Reply> ask_behind(proto::Verb verb, std::string argument);
  bool may_ask_behind() const noexcept;
  // What has to be known before `argument` can be sent: throws that EINVAL, finds out about Telnet. For
  // commands between which no other may come (REST and RETR, RNFR and RNTO), before the first of them.
  awaitable<void> prepare(proto::Verb verb, std::string argument);
  // What is left of `path` to be said in a command. In relative mode (ServerProfile::relative) the session
  // walks to the directory it lies in, and only the name is left; command() does so by itself.
  struct Reached {
    std::optional<proto::Reply> refusal;  // of a CWD on the way
    std::string argument;
  };
  awaitable<Reached> reach(std::string path, std::stop_token stop);

  // The two halves of command(), for transfers: between them other things may happen. receive() also returns
  // preliminary (1xx) replies; the command stays outstanding until a final one.
  using Turn = std::uint64_t;  // a command's place in the order of replies
  // `uploads_to`: the whole path of STOR and APPE.
  awaitable<Turn> send(proto::Verb verb, std::string argument, std::string uploads_to = {});
  awaitable<proto::Reply> receive(Turn turn);
  awaitable<proto::Reply> final_reply(proto::Verb verb, Turn turn);  // receive() until it is no 1xx
  // A reply of several lines that is no Reply, because of its size or of what is in it. Its first line: then
  // nothing, or the Reply that came instead, which is the final one. Its other lines: the bytes that have
  // come, never none; its reader says how many of them were its own, and in the end up to which turn that
  // answered. Throws ConnectionLost where it begins with another code than `code`.
  awaitable<std::optional<proto::Reply>> receive_opening(proto::Verb verb, Turn turn, int code);
  awaitable<std::string_view> receive_bytes();
  void took(std::size_t size) noexcept;
  void took_replies(Turn last);

  // For a server that stopped without a final reply, or may have another one: NOOP, and every reply up to its
  // 200, so that none of them can be taken for the answer to the next command.
  awaitable<void> fence(Clock::duration limit);
  // The next reply must be complete in this time; without a limit (during a transfer) silence is allowed.
  void limit_reply(Clock::duration limit);
  void unlimit_reply() noexcept;
  // And all replies until then, however fast each of them comes. Ends with data that flow, which have limits
  // of their own.
  void limit_work(Clock::time_point end) noexcept { work_ends_ = end; }
  void unlimit_work() noexcept { work_ends_ = Clock::time_point::max(); }

  // The data of the transfer with that turn are over, though its final reply is not here: from now on
  // commands may follow it, where the server is known to keep them for later.
  void data_ended(Turn turn) noexcept;
  bool may_follow() const noexcept;  // are several commands in a row possible now?

  bool alive() const noexcept { return !dead_; }
  bool reusable() const noexcept;   // alive, nothing outstanding, nothing unread
  bool disturbed() const noexcept;  // idle, and yet there is something to read: 421, FIN
  void abort() noexcept;            // pending operations fail soon; never reusable again
  awaitable<void> quit();           // QUIT and its reply, 1 s at most; never throws

  // TLS over a new data connection of this session, or null where it is to be in clear. The handshake is the
  // caller's.
  std::unique_ptr<net::TlsStream> protect(std::unique_ptr<net::Stream>& data) const;
  // The server wants data connections to resume this session's TLS session, and says that one did not. The
  // session is of no more use; a fresh one may be (tickets age), or TLS 1.2.
  void resumption_refused() noexcept;
  const net::TlsStream* tls() const noexcept { return tls_; }  // null: in clear

  // The ends of the control connection: whom data connections are made with, and the address to await them
  // on.
  const net::HostPort& peer() const noexcept { return peer_; }
  asio::ip::tcp::endpoint local() const { return stream_->local(); }
  SessionContext& context() noexcept { return *context_; }
  const std::shared_ptr<SessionContext>& shared_context() const noexcept { return context_; }
  const FtpConfig& config() const noexcept { return context_->config; }
  ServerProfile& profile() noexcept { return context_->profile; }
  unsigned number() const noexcept { return number_; }
  std::shared_ptr<Primed>& primed() noexcept { return primed_; }
  Deadline& primed_deadline() noexcept { return primed_deadline_; }

 private:
  // Sent and not answered.
  struct Outstanding {
    std::string text;  // masked
    bool moves_data;
    bool changes = false;         // something on the server
    bool leads = false;           // the command after it belongs to it: RNTO, or what REST is for
    bool ends_sequence = false;   // REST 0, which takes another one back
    std::string uploads_to = {};  // of STOR and APPE: where the file may still change when no reply comes
  };

  explicit Session(std::shared_ptr<SessionContext> context);

  static awaitable<std::shared_ptr<Session>> attempt(std::shared_ptr<SessionContext> context,
                                                     std::stop_token stop);
  awaitable<void> connect(std::stop_token stop);
  awaitable<void> greeting();
  awaitable<void> secure();
  awaitable<bool> tls_is_offered();
  void go_on_in_clear();
  awaitable<void> start_tls();
  awaitable<void> protect_data();
  awaitable<void> log_in();
  awaitable<proto::Reply> identify(std::string user, std::string password, std::string account);
  awaitable<void> set_up();
  awaitable<std::vector<proto::Reply>> introduce(std::vector<Command> row);
  void learn_from_set_up(const Command& command, const proto::Reply& reply);
  awaitable<proto::Reply> ask(proto::Verb verb, std::string argument);  // send() and its final reply
  awaitable<std::vector<proto::Reply>> ask_all(std::vector<Command> row);
  awaitable<Turn> transmit(proto::Verb verb, std::string argument, std::string uploads_to = {});
  awaitable<proto::Reply> hear(Turn turn);  // receive(), 421 included
  awaitable<void> come_to(Turn turn);
  awaitable<proto::Reply> next_reply();
  awaitable<void> advance();
  void answered();
  awaitable<void> learn_telnet();
  bool must_walk(std::string_view argument) const noexcept;
  awaitable<proto::Reply> descend(std::string name);
  awaitable<proto::Reply> walk(std::string directory);
  awaitable<Reached> approach(std::string path);
  awaitable<proto::Reply> walk_and_ask(proto::Verb verb, std::string path);
  Turn heard() const noexcept { return sent_ - outstanding_.size(); }
  const std::string& asked() const noexcept;
  void check_quiet();
  void take_what_came();
  void parse_line();
  bool nothing_unread() const noexcept { return unread_.empty() && parser_.empty(); }
  awaitable<void> read_more();
  awaitable<void> wait_for_more();
  void expire() noexcept;
  void log(const proto::Reply& reply) const;
  [[noreturn]] void refuse(std::string what, const proto::Reply& reply) const;
  [[noreturn]] void lose(int code, std::string what, std::string server_said = {});

  std::shared_ptr<SessionContext> context_;
  unsigned number_;
  std::unique_ptr<net::Stream> stream_;
  net::TlsStream* tls_ = nullptr;  // stream_, if it is one
  net::HostPort peer_;
  proto::ReplyParser parser_;
  std::array<std::byte, 4096> input_;
  std::string_view unread_;  // in input_: what parser_ has not got yet
  std::deque<Outstanding> outstanding_;
  Turn sent_ = 0;
  Turn written_ = 0;
  Turn background_ = 0;          // the turn of ask_behind(); 0: none
  WaitList progress_;            // of any of these, or the end
  std::string last_command_;     // masked; for messages
  std::string directory_ = "/";  // where it is, in relative mode; "/" is where the log-in ended
  bool in_sequence_ = false;     // the last reply was a 3xx: it belongs to the next command
  bool dead_ = false;
  bool timed_out_ = false;
  Clock::time_point work_ends_ = Clock::time_point::max();
  Deadline deadline_;
  std::shared_ptr<Primed> primed_;
  Deadline primed_deadline_;  // it goes unused then
};

}  // namespace ftpfs::ftp
