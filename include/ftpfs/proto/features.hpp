// SPDX-License-Identifier: MIT
// The answer to FEAT (RFC 2389), read leniently. A hint, not a contract: servers list what they refuse and
// forget what they can; whoever uses a feature still watches for 500/502.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/proto/reply.hpp>

namespace ftpfs::proto {

struct MlstFact {
  std::string name;      // lower case: "size", "unix.mode"
  bool enabled = false;  // starred: sent without being asked for by OPTS MLST

  friend bool operator==(const MlstFact&, const MlstFact&) = default;
};

struct Features {
  std::vector<std::string> lines;  // as the server wrote them
  bool known = false;              // FEAT was answered with 2xx; if not, all else is false and means "probe"

  bool mlst = false;  // MLST implies MLSD (RFC 3659 7.8)
  bool mlsd = false;
  std::vector<MlstFact> mlst_facts;

  bool size = false;
  bool mdtm = false;
  bool mfmt = false;
  bool mff_modify = false;  // MFF modify=...; path
  bool mff_mode = false;    // MFF UNIX.mode=...; path
  bool rest_stream = false;

  bool utf8 = false;
  bool clnt = false;
  bool tvfs = false;
  bool host = false;
  bool lang = false;

  bool epsv = false;
  bool eprt = false;
  bool pret = false;
  bool estp = false;  // pure-ftpd alone has it

  bool auth_tls = false;
  bool auth_ssl = false;
  bool pbsz = false;
  bool prot = false;
  bool ccc = false;

  bool avbl = false;
  bool xquota = false;
  bool hash = false;
  bool site_chmod = false;
  bool site_utime = false;
  bool site_symlink = false;
  bool site_quota = false;

  bool has_fact(std::string_view lower_case_name) const noexcept;
};

Features parse_features(const Reply& reply);

}  // namespace ftpfs::proto
