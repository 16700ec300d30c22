// SPDX-License-Identifier: MIT
#include "resolve.hpp"

#include <memory>
#include <string>
#include <utility>

#include "attempt.hpp"
#include "failure.hpp"

namespace ftpfs::net {

using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct Lookup : Attempt {
  explicit Lookup(const Executor& executor) : Attempt(executor), resolver(executor) {}
  tcp::resolver resolver;
  std::vector<tcp::endpoint> endpoints;
};

}  // namespace

awaitable<std::vector<tcp::endpoint>> resolve(HostPort where, Attempt::Time deadline, std::stop_token stop) {
  error_code not_numeric;
  const auto address = asio::ip::make_address(where.host, not_numeric);
  if (!not_numeric) co_return std::vector<tcp::endpoint>{tcp::endpoint(address, where.port)};

  auto executor = co_await asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->resolver.async_resolve(
      where.host, std::to_string(where.port), tcp::resolver::numeric_service,
      [lookup](const error_code& error, const tcp::resolver::results_type& results) {
        for (const auto& result : results) lookup->endpoints.push_back(result.endpoint());
        lookup->finish(error);
      });
  co_await wait_for(lookup, deadline, stop);
  if (lookup->error) throw_connection_lost("look up " + where.host, lookup->error);
  co_return std::move(lookup->endpoints);
}

}  // namespace ftpfs::net
