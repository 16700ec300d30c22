// SPDX-License-Identifier: MIT
// A FakeServer with a thread of its own, for tests that run the program as another process.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <ftpfs/base/asio.hpp>

#include "support/fake_server/fake_server.hpp"

namespace ftpfs::test {

class Served {
 public:
  Served()
      : work_(io_.get_executor()),
        server_(std::make_unique<FakeServer>(io_)),
        thread_([this] { io_.run(); }) {}
  ~Served() {
    with([this](FakeServer&) { server_.reset(); });
    work_.reset();
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  // Runs `use(server)` on the server's thread and returns its result.
  template <class Use>
  std::invoke_result_t<Use, FakeServer&> with(Use use) {
    std::packaged_task<std::invoke_result_t<Use, FakeServer&>()> task([&] { return use(*server_); });
    auto result = task.get_future();
    asio::post(io_, [&task] { task(); });
    return result.get();
  }

  // ftp://joe@127.0.0.1:PORT/PATH; the password is `secret`.
  std::string url(const std::string& path = "") {
    return "ftp://joe@127.0.0.1:" + std::to_string(with([](FakeServer& server) { return server.port(); })) +
           "/" + path;
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unique_ptr<FakeServer> server_;
  std::thread thread_;
};

}  // namespace ftpfs::test
