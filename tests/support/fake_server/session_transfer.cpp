// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "support/fake_server/listing.hpp"
#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {
namespace {

constexpr auto opened = "150 Opening data connection.";
constexpr auto dupes = "553-File exists: file.001\r\n553-File exists: file.002\r\n";
constexpr auto invalid_name = "501 Invalid data set name. Use MVS Dsname conventions.";
constexpr auto no_data_channel = "425 Too many connections. Can't open data channel.";

}  // namespace

bool Session::is_transfer(std::string_view verb) {
  return verb == "RETR" || verb == "STOR" || verb == "APPE" || verb == "LIST" || verb == "MLSD";
}

// A new listener; the one before, if any, is lost. `closed`: its port is told, but nobody answers there.
std::uint16_t Session::listen(bool closed) {
  active_.reset();
  passive_ = tcp::acceptor(state_.io, tcp::endpoint(state_.address, 0));
  const std::uint16_t port = passive_.local_endpoint().port();
  if (closed) passive_.close();
  if (behaviour().tls.command_first && !closed) {
    ++watchers_;
    asio::co_spawn(state_.io, watch_data(shared_from_this()), asio::detached);
  }
  return port;
}

bool Session::too_many_connections() const {
  const auto transfers = std::ranges::count_if(state_.sessions, &Session::transferring);
  const std::size_t open = state_.open_sessions() + static_cast<std::size_t>(transfers);
  return behaviour().max_connections > 0 && open + 1 > behaviour().max_connections;
}

std::string Session::pret(const std::string&) {
  pret_ = behaviour().pret;
  return pret_ ? "200 OK, planning to use master for upcoming transfer."
               : "500 'PRET': command not understood.";
}

bool Session::lacks_pret() {
  return behaviour().pret && !std::exchange(pret_, false);
}

std::string Session::epsv(const std::string& argument) {
  if (!behaviour().epsv) return "500 'EPSV': command not understood.";
  if (lacks_pret()) return "500 You need to use a client supporting PRET.";
  if (too_many_connections()) return no_data_channel;
  const std::string family = state_.address.is_v4() ? "1" : "2";
  if (!argument.empty() && argument != family)
    return "522 Network protocol not supported, use (" + family + ").";
  return "229 Entering Extended Passive Mode (|||" + std::to_string(listen(behaviour().epsv_port_closed)) +
         "|).";
}

std::string Session::pasv(const std::string&) {
  if (!behaviour().pasv) return "500 'PASV': command not understood.";
  if (lacks_pret()) return "500 You need to use a client supporting PRET.";
  if (too_many_connections()) return no_data_channel;
  if (state_.address.is_v6())
    return "425 You cannot use PASV on IPv6 connections. Use EPSV instead.";  // pure-ftpd
  const unsigned port = listen(behaviour().pasv_port_closed);
  const std::string address = behaviour().pasv_address.empty() ? "127,0,0,1" : behaviour().pasv_address;
  return "227 Entering Passive Mode (" + address + "," + std::to_string(port / 256) + "," +
         std::to_string(port % 256) + ").";
}

awaitable<std::string> Session::transfer(std::string verb, std::string argument) {
  std::string text = "425 Use PASV or EPSV first.";
  const bool may =
      active_ || passive_.is_open() || behaviour().epsv_port_closed || behaviour().pasv_port_closed;
  if (!may) co_return text;
  if (behaviour().tls.data_needs_tls && !private_data_)
    co_return std::string("522 Data connections must be encrypted.");
  transferring_ = true;
  if (verb == "RETR") {
    text = co_await retrieve(std::move(argument));
  } else if (verb == "LIST") {
    text = co_await list(std::move(argument));
  } else if (verb == "MLSD") {
    text = co_await list_facts(std::move(argument));
  } else {
    text = co_await store(std::move(verb), std::move(argument));
  }
  offset_ = 0;
  active_.reset();
  boost::system::error_code ignored;
  passive_.close(ignored);
  data_.close();
  transferring_ = false;
  co_return text;
}

// Accepts the data connection without being asked, and closes it when it speaks before there is a transfer.
awaitable<void> Session::watch_data(std::shared_ptr<Session> self) {
  boost::system::error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  self->data_.start_over();
  co_await self->passive_.async_accept(self->data_.socket(), token);
  --self->watchers_;
  self->watched_.wake_all();
  if (error || self->transferring_) co_return;
  co_await self->data_.socket().async_wait(tcp::socket::wait_read, token);
  if (error || self->transferring_) co_return;
  self->data_.close(true);
  self->passive_.close(error);
}

awaitable<std::string> Session::open_data(std::string before) {
  const bool early = behaviour().early_150;
  const bool late = behaviour().tls.handshake_before_150 && !early;
  if (early) co_await reply(opened);
  co_await accept_data();
  if (!data_.is_open()) co_return std::string("425 No data connection.");
  ++state_.data_connections;
  const std::string words = before + opened;
  if (!early && !late) co_await reply(words);
  std::string failure = co_await secure_data();
  if (late && failure.empty()) co_await reply(opened);
  co_return failure;
}

// At most 5 s: a client that never connects gets a 425, as from a real server (30-60 s there).
awaitable<void> Session::accept_data() {
  if (active_) {
    co_await connect_data();
    co_return;
  }
  const std::stop_token never;
  while (watchers_ > 0) co_await watched_.wait(never);
  if (data_.is_open()) co_return;
  asio::steady_timer timer(state_.io, std::chrono::seconds(5));
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& stopped) {
    boost::system::error_code ignored;
    if (!stopped) self->passive_.cancel(ignored);
  });
  boost::system::error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  data_.start_over();
  co_await passive_.async_accept(data_.socket(), token);
}

awaitable<std::string> Session::retrieve(std::string argument) {
  const Node* node = state_.tree.find(path_of(argument));
  if (node == nullptr) co_return refusal("No such file or directory.");
  if (node->is_directory()) co_return refusal("Not a regular file.");
  if (offset_ > node->content.size()) co_return std::string("554 Restart position is beyond the end.");
  std::string bytes = node->content.substr(offset_);
  const std::string nothing;
  std::string failure = co_await open_data(nothing);
  if (!failure.empty()) co_return failure;
  co_return co_await send_data("RETR", std::move(bytes));
}

awaitable<std::string> Session::store(std::string verb, std::string argument) {
  if (verb == "APPE" && !behaviour().appe) co_return std::string("500 'APPE': command not understood.");
  const std::string path = path_to_make(argument);
  if (!takes_name(path)) co_return std::string(invalid_name);
  const Node* parent = state_.tree.find(Tree::parent(path));
  if (parent == nullptr || !parent->is_directory()) co_return refusal("No such file or directory.", "553");
  Node* node = state_.tree.find(path);
  if (node != nullptr && node->is_directory()) co_return refusal("Is a directory.", "553");
  const std::string warning = behaviour().dupe_warning ? dupes : "";
  std::string failure = co_await open_data(warning);
  if (!failure.empty()) co_return failure;
  node = state_.tree.find(path);
  if (node == nullptr) {
    state_.tree.file(path, "");
  } else if (verb == "STOR") {
    node->content.clear();
  }
  co_return co_await receive_data(std::move(verb), path);
}

awaitable<std::string> Session::list(std::string argument) {
  bool dot_files = !behaviour().hides_dot_files;
  if (behaviour().list_options && argument.starts_with("-a")) {
    dot_files = true;
    argument.erase(0, argument.starts_with("-a ") ? 3 : 2);
  }
  const std::string path = behaviour().list_ignores_path && !argument.empty() ? "/" : path_of(argument);
  const Node* node = state_.tree.find(path);
  std::string text;
  const bool zos = behaviour().paths == Behaviour::Paths::of_zos;
  if (zos && (node == nullptr || !node->is_directory())) co_return std::string("550 No data sets found.");
  if (zos && node->children.empty())
    co_return std::string(path == "/" ? "550 No data sets found." : "550 No members found.");
  if (node == nullptr && !behaviour().list_missing_is_empty) co_return refusal("No such file or directory.");
  if (node != nullptr && node->is_directory()) text = lines_of(*node, dot_files);
  if (node != nullptr && !node->is_directory())
    text = unix_line(std::string(Tree::name(path)), *node, now(), offset_at(node->mtime)) + "\r\n";
  if (path == behaviour().unreadable) {
    const std::string nothing;
    const std::string last = co_await send_listing("LIST", nothing);
    co_return last == complete ? "226 Transfer done (but failed to open directory)." : last;
  }
  const bool empty = node != nullptr && node->is_directory() && node->children.empty();
  if (empty && !behaviour().empty_listing.empty()) co_return behaviour().empty_listing;
  co_return co_await send_listing("LIST", std::move(text));
}

std::string Session::stat(const std::string& argument) {
  if (!behaviour().stat_lists || argument != "-a") return "502 Command not implemented.";
  const Node* node = directory_ == behaviour().unreadable ? nullptr : state_.tree.find(directory_);
  const std::string lines = node != nullptr ? lines_of(*node, true) : "";
  return "213-Status follows:\r\n" + lines + "213 End of status";
}

std::string Session::lines_of(const Node& directory, bool with_dot_files) const {
  if (behaviour().paths == Behaviour::Paths::of_zos)
    return zos_lines(directory, &directory != state_.tree.find("/"));
  std::string text;
  const bool lists_like_vms = behaviour().vms_listing || behaviour().paths == Behaviour::Paths::of_vms;
  const auto add = [&](const std::string& name, const Node& node) {
    const std::time_t offset = offset_at(node.mtime);
    text += (behaviour().dos_listing ? dos_line(name, node, offset)
             : lists_like_vms        ? vms_line(name, node, offset)
                                     : unix_line(name, node, now(), offset)) +
            "\r\n";
  };
  if (!behaviour().dos_listing && !lists_like_vms)
    text = "total " + std::to_string(directory.children.size()) + "\r\n";
  if (with_dot_files && behaviour().hides_dot_files) {
    if (!behaviour().hides_self) add(".", directory);
    add("..", directory);
  }
  for (const auto& [name, node] : directory.children)
    if (with_dot_files || !name.starts_with('.')) add(name, *node);
  return text;
}

awaitable<std::string> Session::list_facts(std::string argument) {
  if (!behaviour().mlst || !behaviour().mlsd) co_return std::string("500 'MLSD': command not understood.");
  const std::string path = path_of(argument);
  const Node* directory = state_.tree.find(path);
  if (directory == nullptr) co_return refusal("No such file or directory.");
  if (!directory->is_directory()) co_return refusal("Not a directory.", "501");
  if (directory->children.empty() && !behaviour().empty_listing.empty()) co_return behaviour().empty_listing;
  std::string text = facts(*directory, nullptr, "cdir", behaviour()) + ".\r\n";
  for (const auto& [name, node] : directory->children) {
    const Node* target = state_.tree.find(Tree::resolve(path, name));
    const bool dangling = target == nullptr && behaviour().mlsd_links != Behaviour::Links::slink;
    if (dangling) continue;  // proftpd and pyftpdlib leave them out
    text += facts(*node, target, node->is_directory() ? "dir" : "file", behaviour()) + name + "\r\n";
  }
  const bool out_of_place = behaviour().dies_out_of_place && state_.tree.find(directory_) == nullptr;
  std::string last = co_await send_listing("MLSD", std::move(text));
  if (out_of_place && !argument.empty()) last = "421 chdir: No such file or directory";
  co_return last;
}

awaitable<std::string> Session::send_listing(std::string verb, std::string text) {
  const std::string nothing;
  std::string failure = co_await open_data(nothing);
  if (!failure.empty()) co_return failure;
  co_return co_await send_data(std::move(verb), std::move(text));
}

awaitable<std::string> Session::send_data(std::string verb, std::string bytes) {
  const auto fault = state_.next_fault(verb, Fault::Moment::data);
  if (fault) {
    const Fault known = *fault;
    co_return co_await send_faultily(known, std::move(bytes));
  }
  const bool written = co_await data_.write(std::move(bytes));
  if (!written) co_return std::string(broken);
  co_return co_await complete_download();
}

awaitable<std::string> Session::complete_download() {
  co_await end_download();
  data_.close();
  co_return std::string(complete);
}

awaitable<std::string> Session::receive_data(std::string verb, std::string path) {
  auto fault = state_.next_fault(verb, Fault::Moment::data);
  std::array<char, 16384> chunk;
  std::size_t received = 0;
  for (;;) {
    std::size_t room = chunk.size();
    if (fault) room = std::min(room, fault->after_bytes - received);
    if (fault && room == 0 && fault->action != Fault::Action::act) {
      const Fault known = *fault;
      co_return co_await spoil_data(known);
    }
    if (fault && room == 0) {
      fault->act();
      fault.reset();
      continue;
    }
    const auto into = asio::buffer(chunk.data(), room);
    const Channel::Received got = co_await data_.read_some(into);
    received += got.size;
    Node* node = state_.tree.find(path);  // each time: it may be renamed or removed meanwhile
    if (node != nullptr) node->content.append(chunk.data(), got.size);
    if (node != nullptr) node->mtime = now();
    if (got.end == Channel::End::none) continue;
    if (got.end == Channel::End::broken) co_return std::string(broken);
    const bool whole = co_await end_upload(got.end);
    co_return std::string(whole ? complete : broken);
  }
}

}  // namespace ftpfs::test::fake
