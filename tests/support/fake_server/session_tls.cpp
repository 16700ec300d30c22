// SPDX-License-Identifier: MIT
// RFC 4217: AUTH, PBSZ, PROT, and the handshakes.
#include <openssl/ssl.h>

#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {

std::string Session::auth(const std::string& argument) {
  const TlsBehaviour& tls = behaviour().tls;
  if (tls.certificate.empty()) return "500 'AUTH': command not understood.";
  if (control_.secured()) return "503 TLS is on already.";
  if (!input_.empty()) return "503 Nothing may follow AUTH.";  // FileZilla Server
  const bool known = argument == "SSL" || (argument == "TLS" && !tls.only_auth_ssl);
  if (!known) return "504 Mechanism not supported.";
  logged_in_ = false;
  return "234 AUTH " + argument + " successful.";
}

std::string Session::pbsz(const std::string&) {
  return control_.secured() ? "200 PBSZ=0" : "503 AUTH first.";
}

std::string Session::prot(const std::string& argument) {
  if (!control_.secured()) return "503 AUTH first.";
  if (argument != "P" && argument != "C") return "536 Protection level not supported.";
  private_data_ = argument == "P";
  return "200 Protection level is " + argument + ".";
}

awaitable<void> Session::secure_control() {
  const bool struck = co_await strike("TLS", Fault::Moment::received);
  if (struck) throw Ended();
  const auto context = state_.tls_contexts.control(behaviour().tls);
  const bool done = co_await control_.start_tls(context, number_, true);
  if (!done) throw Ended();
  const char* name = SSL_get_servername(control_.tls(), TLSEXT_NAMETYPE_host_name);
  state_.server_names.emplace_back(name != nullptr ? name : "");
}

awaitable<std::string> Session::secure_data() {
  data_number_ = state_.data_tls.size();
  state_.data_tls.push_back({.session = number_});
  const TlsBehaviour& tls = behaviour().tls;
  if (!private_data_ || tls.clear_data) co_return std::string();
  const auto fault = state_.next_fault("DATA TLS", Fault::Moment::received);
  if (fault) co_return cut_data(*fault);
  const auto context = state_.tls_contexts.data(tls);
  const bool done = co_await data_.start_tls(context, number_, tls.tickets_on_data);
  if (!done) co_return std::string("522 SSL connection failed.");
  DataTls& record = state_.data_tls.at(data_number_);
  record.secured = true;
  record.resumed_from = resumed_from(data_.tls());
  const bool resumed = record.resumed_from == number_;
  co_return resumed ? std::string() : tls.reuse_refusal;
}

awaitable<void> Session::end_download() {
  const TlsBehaviour& tls = behaviour().tls;
  if (!data_.secured() || !tls.close_notify) co_return;
  if (!tls.awaits_close_notify) {
    co_await data_.send_close_notify();
    co_return;
  }
  const bool clean = co_await data_.exchange_close_notify();
  state_.data_tls.at(data_number_).closed = clean;
}

awaitable<bool> Session::end_upload(Channel::End end) {
  if (!data_.secured()) co_return true;
  const TlsBehaviour& tls = behaviour().tls;
  state_.data_tls.at(data_number_).closed = end == Channel::End::clean;
  if (end == Channel::End::cut) co_return !tls.needs_close_notify;
  if (tls.close_notify_after_fin) {
    const bool fin = co_await data_.await_fin();
    if (!fin) co_return false;
  }
  co_await data_.send_close_notify();
  co_return true;
}

}  // namespace ftpfs::test::fake
