// SPDX-License-Identifier: MIT
// An FTP server with a small tree that does what a script says and otherwise its duty. It checks what no
// client may get wrong, whatever it was told: each command is one line, data connections go to the server's
// own address, and no password leaves before TLS where TLS is demanded.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/net/connector.hpp>

#include "script.hpp"
#include "small_tree.hpp"

namespace ftpfs::fuzz {

class ScriptedServer final : public net::Connector {
 public:
  static constexpr const char* name = "ftp.example.org";
  static constexpr const char* address = "192.0.2.1";

  explicit ScriptedServer(Script& script) : script_(script) {}
  ~ScriptedServer() override;

  void demand_tls() noexcept { tls_demanded_ = true; }
  void pass(Clock::duration step);  // lets so much time pass in every connection
  bool nobody_connected();

  awaitable<std::unique_ptr<net::Stream>> connect(net::HostPort where, net::StreamLimits limits,
                                                  std::stop_token stop) override;
  std::unique_ptr<net::Listener> listen(const Executor& executor, const net::ListenRequest& request) override;

 private:
  struct Doorstep;
  class AtTheDoor;

  // What a transfer command is about, until its data connection is over.
  struct Moving {
    bool to_client = true;
    bool begun = false;
    bool append = false;
    std::string path;
    std::string content;
  };
  struct Control {
    std::weak_ptr<Wire> wire;  // which owns this
    std::weak_ptr<Wire> data;
    std::shared_ptr<Doorstep> door;  // active mode: where the client awaits us
    std::string input;
    std::string directory = "/";
    std::size_t offset = 0;
    bool asked_tls = false;
    bool in_tls = false;
    std::optional<Moving> moving;
  };

  std::shared_ptr<Wire> new_wire(Clock::duration inactivity);
  std::unique_ptr<net::Stream> greet(net::StreamLimits limits);
  std::unique_ptr<net::Stream> open_data(net::StreamLimits limits);
  void hear(const std::shared_ptr<Control>& control, std::string_view bytes);
  void obey(const std::shared_ptr<Control>& control, std::string_view line);
  static std::string path_of(const Control& control, std::string_view argument);
  void say(Control& control, const Answer& answer, std::string_view usual);
  // What it would answer; "" to what begins a transfer.
  std::string usual_reply(const std::shared_ptr<Control>& control, std::string_view verb,
                          std::string_view argument);
  std::optional<Moving> transfer(Control& control, std::string_view verb, const std::string& path) const;
  void agree_on_port(const std::shared_ptr<Control>& control, bool active);
  void move(Control& control);
  void moved(Control& control, bool whole);

  Script& script_;
  bool tls_demanded_ = false;
  std::size_t connections_ = 0;
  std::vector<std::weak_ptr<Wire>> wires_;
  std::weak_ptr<Control> asked_;  // for a port, at last
  std::shared_ptr<Doorstep> door_;
  SmallTree tree_;
};

}  // namespace ftpfs::fuzz
