// SPDX-License-Identifier: MIT
// How the fake server behaves in TLS, and what it saw there. A reply of its own to AUTH, PBSZ or PROT is set
// in Behaviour::replies, as for any command.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace ftpfs::test {

// The defaults are a server that does everything right and insists on nothing.
struct TlsBehaviour {
  std::string certificate;       // PEM, with its key; empty: no TLS at all
  std::string data_certificate;  // another one on data connections; empty: the same
  std::string client_authority;  // PEM: clients must show a certificate it signed; empty: none is asked for
  int min_version = 0;           // TLS1_2_VERSION and so on; 0: any
  int max_version = 0;

  // Setting up.
  bool implicit = false;         // from the first byte on; only the 421 of a full server is in clear (vsftpd)
  bool in_feat = true;           // AUTH, PBSZ and PROT are listed
  bool only_auth_ssl = false;    // AUTH TLS is 504, AUTH SSL is known (old servers)
  bool login_needs_tls = false;  // USER in clear is 530 (vsftpd)
  std::string injected;          // bytes in clear right behind the 234

  // Data connections.
  enum class Resumes { all, only_tls_1_2, none };
  Resumes resumes = Resumes::all;  // only_tls_1_2: proftpd 1.3.5
  // Told to a data connection that does not resume a session of its own control connection; empty: all is
  // well. 522 (vsftpd), 425 (proftpd), 450 (FileZilla).
  std::string reuse_refusal;
  bool data_needs_tls = false;        // in clear they are 522 (vsftpd)
  bool handshake_before_150 = false;  // Idea FTP Server
  bool command_first = false;         // what speaks there before the command is cut off (pyftpdlib 1.5.7)
  bool clear_data = false;            // says yes to PROT P, and stays in clear
  bool tickets_on_data = true;        // TLS 1.3 tickets, also while it receives (OpenSSL's default)

  // Their end.
  bool close_notify = true;  // downloads end with it; off: with a bare FIN
  bool awaits_close_notify =
      false;                        // the client's, after its own and before the 226 (proftpd lingers for it)
  bool needs_close_notify = false;  // uploads without it are 426 (FileZilla, vsftpd's strict_ssl_read_eof)
  // Uploads are answered with it only after the FIN; a client that waits for it first gets a 426 (IIS).
  bool close_notify_after_fin = false;
};

// What is known of one data connection.
struct DataTls {
  std::size_t session = 0;                       // which control connection it belongs to; 0: the first
  bool secured = false;                          // the handshake succeeded
  std::optional<std::size_t> resumed_from = {};  // the control connection whose session it resumed
  bool closed = false;  // it ended with the client's close_notify (downloads: if that was awaited)
};

}  // namespace ftpfs::test
