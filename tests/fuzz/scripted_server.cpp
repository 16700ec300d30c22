// SPDX-License-Identifier: MIT
#include "scripted_server.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "check.hpp"

namespace ftpfs::fuzz {
namespace {

// A client that connects more often for the few operations of an input is caught in a loop.
constexpr std::size_t too_many_connections = 1000;

constexpr char tls_handshake = 22;  // what a record begins with that no command begins with

constexpr std::string_view features =
    "211-Features:\r\n EPSV\r\n MDTM\r\n MFMT\r\n MLST type*;size*;modify*;unix.mode*;\r\n REST STREAM\r\n"
    " SIZE\r\n UTF8\r\n AVBL\r\n SITE SYMLINK\r\n211 End\r\n";

}  // namespace

// A port of the client's on which it awaits us.
struct ScriptedServer::Doorstep {
  bool open = true;
  std::weak_ptr<Control> visitor;
  WaitList changed;
};

class ScriptedServer::AtTheDoor final : public net::Listener {
 public:
  AtTheDoor(ScriptedServer& server, asio::ip::tcp::endpoint local, std::shared_ptr<Doorstep> step)
      : server_(server), local_(std::move(local)), step_(std::move(step)) {}
  ~AtTheDoor() override { close(); }

  asio::ip::tcp::endpoint local() const override { return local_; }
  awaitable<std::unique_ptr<net::Stream>> accept(net::StreamLimits limits, std::stop_token stop) override {
    return accept(server_, step_, limits, std::move(stop));
  }
  void close() noexcept override {
    step_->open = false;
    step_->changed.wake_all();
  }

 private:
  static awaitable<std::unique_ptr<net::Stream>> accept(ScriptedServer& server,
                                                        std::shared_ptr<Doorstep> step,
                                                        net::StreamLimits limits, std::stop_token stop) {
    while (step->open && step->visitor.expired()) co_await step->changed.wait(stop);
    if (!step->open) throw ConnectionLost(EIO, "the listener is closed");
    server.asked_ = std::exchange(step->visitor, {});
    co_return server.open_data(limits);
  }

  ScriptedServer& server_;
  asio::ip::tcp::endpoint local_;
  std::shared_ptr<Doorstep> step_;
};

ScriptedServer::~ScriptedServer() {
  for (const auto& weak : wires_) {
    if (const auto wire = weak.lock()) wire->heard = nullptr, wire->left = nullptr;
  }
}

void ScriptedServer::pass(Clock::duration step) {
  std::erase_if(wires_, [](const auto& weak) { return weak.expired(); });
  const auto wires = wires_;
  for (const auto& weak : wires) {
    if (const auto wire = weak.lock()) wire->pass(step);
  }
}

bool ScriptedServer::nobody_connected() {
  return std::ranges::all_of(wires_, [](const auto& weak) { return weak.expired(); });
}

std::shared_ptr<Wire> ScriptedServer::new_wire(Clock::duration inactivity) {
  check(++connections_ < too_many_connections);
  auto wire = std::make_shared<Wire>(inactivity);
  wires_.push_back(wire);
  return wire;
}

awaitable<std::unique_ptr<net::Stream>> ScriptedServer::connect(net::HostPort where, net::StreamLimits limits,
                                                                std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  if (where.host == name) co_return greet(limits);
  check(where.host == address);  // whatever a 227 says
  check(where.port >= 1024);
  co_return open_data(limits);
}

std::unique_ptr<net::Listener> ScriptedServer::listen(const Executor&, const net::ListenRequest& request) {
  door_ = std::make_shared<Doorstep>();
  return std::make_unique<AtTheDoor>(*this, asio::ip::tcp::endpoint(request.address, 40001), door_);
}

std::unique_ptr<net::Stream> ScriptedServer::greet(net::StreamLimits limits) {
  const Answer answer = script_.next();
  if (answer.end == End::reset && answer.text.empty()) throw ConnectionLost(ECONNREFUSED, "refused");
  const auto wire = new_wire(limits.inactivity);
  const auto control = std::make_shared<Control>();
  control->wire = wire;
  wire->heard = [this, control](std::string_view bytes) { hear(control, bytes); };
  wire->left = [weak = control->wire](bool) {
    if (const auto own = weak.lock()) own->heard = nullptr;
  };
  say(*control, answer, "220 ready\r\n");
  return std::make_unique<WireStream>(wire, net::HostPort{address, 21});
}

// Whoever asked for a port at last is whom the data connection is for: the script may have told any port.
std::unique_ptr<net::Stream> ScriptedServer::open_data(net::StreamLimits limits) {
  const auto control = asked_.lock();
  const auto wire = new_wire(limits.inactivity);
  if (control) {
    control->data = wire;
    // Whose transfer goes over this connection, and no later one.
    const auto owner = [weak = std::weak_ptr(control), own = wire.get()] {
      const auto whose = weak.lock();
      const bool current = whose && whose->moving && whose->data.lock().get() == own;
      return current ? whose : nullptr;
    };
    wire->heard = [owner](std::string_view bytes) {
      const auto whose = owner();
      if (whose && !whose->moving->to_client) whose->moving->content += bytes;
    };
    wire->left = [this, owner](bool whole) {
      const auto whose = owner();
      if (whose && whose->moving->begun) moved(*whose, whole);
    };
    move(*control);
  }
  return std::make_unique<WireStream>(wire, net::HostPort{address, 20});
}

void ScriptedServer::hear(const std::shared_ptr<Control>& control, std::string_view bytes) {
  control->in_tls |= control->asked_tls && bytes.starts_with(tls_handshake);
  if (control->in_tls) {  // no key of ours fits: the script may say something, but never anything right
    Answer answer = script_.next();
    if (answer.usual) answer.end = End::clean;
    return say(*control, answer, "");
  }
  control->input += bytes;
  for (;;) {
    const std::size_t end = control->input.find('\n');
    if (end == std::string::npos) break;
    check(end > 0 && control->input[end - 1] == '\r');
    const std::string line = control->input.substr(0, end - 1);
    control->input.erase(0, end + 1);
    check(line.find('\r') == line.npos && line.find('\0') == line.npos);
    obey(control, line);
  }
  check(control->input.empty());  // what is written are whole lines
}

void ScriptedServer::obey(const std::shared_ptr<Control>& control, std::string_view line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string_view verb = line.substr(0, blank);
  const std::string_view argument = line.substr(std::min(blank + 1, line.size()));
  check(!verb.empty() && std::ranges::all_of(verb, [](char c) { return c >= 'A' && c <= 'Z'; }));
  check(!tls_demanded_ || (verb != "USER" && verb != "PASS" && verb != "ACCT"));
  const Answer answer = script_.next();
  std::string usual;
  if (answer.usual) {
    usual = usual_reply(control, verb, argument);
  } else if (verb == "EPSV" || verb == "PASV" || verb == "EPRT" || verb == "PORT") {
    agree_on_port(control, verb == "EPRT" || verb == "PORT");
  } else if (answer.text.starts_with('1')) {
    control->moving = transfer(*control, verb, path_of(*control, argument));
  }
  say(*control, answer, usual);
  // Also where the client has found a 234 among Telnet commands and zeros.
  if (verb == "AUTH") control->asked_tls = true;
  if (verb == "AUTH" && (usual + std::string(answer.text)).starts_with("234")) control->in_tls = true;
  move(*control);
}

// Options of LIST are no path.
std::string ScriptedServer::path_of(const Control& control, std::string_view argument) {
  if (argument.empty() || argument.starts_with('-')) return control.directory;
  std::string path(argument);
  if (!path.starts_with('/')) path = (control.directory == "/" ? "" : control.directory) + '/' + path;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

void ScriptedServer::say(Control& control, const Answer& answer, std::string_view usual) {
  const auto wire = control.wire.lock();
  if (!wire || answer.silent) return;
  if (answer.usual) wire->send(usual);
  wire->send(answer.text);
  wire->end(answer.end);
}

std::string ScriptedServer::usual_reply(const std::shared_ptr<Control>& control, std::string_view verb,
                                        std::string_view argument) {
  const std::string path = path_of(*control, argument);
  if (verb == "USER") return "331 password?\r\n";
  if (verb == "PASS") return "230 welcome\r\n";
  if (verb == "AUTH") return "234 go ahead\r\n";
  if (verb == "FEAT") return std::string(features);
  if (verb == "PWD") return "257 \"/\"\r\n";
  if (verb == "QUIT") return "221 goodbye\r\n";
  if (verb == "AVBL") return "213 1048576\r\n";
  if (verb == "REST") {
    control->offset = 0;
    for (const char digit : argument.substr(0, 9)) {
      if (digit < '0' || digit > '9') return "501 no number\r\n";
      control->offset = control->offset * 10 + static_cast<std::size_t>(digit - '0');
    }
    return "350 go on (" + std::string(argument) + ")\r\n";
  }
  if (verb == "STAT") {
    const std::string self = "drwxr-xr-x    2 joe      joe             0 Nov 29  2025 .\r\n";
    return "213-this is it\r\n" + self + tree_.listing(control->directory, false) + "213 all of it\r\n";
  }
  const bool active = verb == "EPRT" || verb == "PORT";
  if (active || verb == "EPSV" || verb == "PASV") {
    agree_on_port(control, active);
    if (active) return "200 ok\r\n";
    return verb == "EPSV" ? "229 port (|||20000|)\r\n" : "227 port (10,0,0,1,78,32)\r\n";
  }
  if (verb == "CWD") {
    if (!tree_.is_directory(path)) return "550 no such directory\r\n";
    control->directory = path;
    return "250 ok\r\n";
  }
  if (verb == "MLST" || verb == "SIZE" || verb == "MDTM") return tree_.look(verb, path);
  if (auto moving = transfer(*control, verb, path)) {
    if (moving->to_client && (verb == "RETR") == tree_.is_directory(path)) return "550 not here\r\n";
    control->moving = std::move(moving);
    return "150 here it comes\r\n";
  }
  if (verb == "MKD" || verb == "RMD" || verb == "DELE" || verb.starts_with("RN"))
    return tree_.change(verb, path);
  if (verb == "MFMT") return "213 " + path.substr(1) + "\r\n";
  if (verb == "OPTS" || verb == "TYPE" || verb == "NOOP" || verb == "SITE") return "200 ok\r\n";
  return "502 not implemented\r\n";
}

std::optional<ScriptedServer::Moving> ScriptedServer::transfer(Control& control, std::string_view verb,
                                                               const std::string& path) const {
  Moving moving;
  moving.path = path;
  if (verb == "MLSD" || verb == "LIST") {
    moving.content = tree_.listing(path, verb == "MLSD");
  } else if (verb == "RETR") {
    moving.content = tree_.content(path).erase(0, control.offset);
  } else if (verb == "STOR" || verb == "APPE") {
    moving.to_client = false;
    moving.append = verb == "APPE";
  } else {
    return std::nullopt;
  }
  control.offset = 0;
  return moving;
}

void ScriptedServer::agree_on_port(const std::shared_ptr<Control>& control, bool active) {
  if (const auto old = control->data.lock()) old->end(End::clean);
  control->data.reset();
  asked_ = control;
  control->door = active ? door_ : nullptr;
}

// Where both are there, the command and the data connection.
void ScriptedServer::move(Control& control) {
  if (!control.moving || control.moving->begun) return;
  if (control.door) {
    control.door->visitor = asked_;
    control.door->changed.wake_all();
    control.door.reset();
  }
  const auto data = control.data.lock();
  if (!data) return;
  control.moving->begun = true;
  if (!control.moving->to_client) return;
  const Answer answer = script_.next();
  if (answer.silent) return;
  if (answer.usual) data->send(control.moving->content);
  data->send(answer.text);
  data->end(answer.end == End::none ? End::clean : answer.end);
  moved(control, answer.end != End::reset);
}

void ScriptedServer::moved(Control& control, bool whole) {
  const Moving moving = *std::exchange(control.moving, std::nullopt);
  control.data.reset();
  if (!moving.to_client && whole) tree_.store(moving.path, moving.content, moving.append);
  say(control, script_.next(), whole ? "226 done\r\n" : "426 torn\r\n");
}

}  // namespace ftpfs::fuzz
