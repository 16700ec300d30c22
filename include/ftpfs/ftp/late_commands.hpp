// SPDX-License-Identifier: MIT
// Changes whose session died before they were answered, or whose mount was killed. The server may carry them
// out after all, and later than what we do next over another session: it reads what had arrived before it
// notices the end (seen on vsftpd 3.0.3: the STOR of a session that was reset emptied its file after the
// second STOR had filled it and SIZE had confirmed that). So after such a loss nothing is changed, and no
// look is believed, until the server has spoken again and has had FtpConfig::settle_time for what it still
// had before it.
#pragma once

#include <ftpfs/base/clock.hpp>

namespace ftpfs::ftp {

class LateCommands {
 public:
  explicit LateCommands(Clock::duration settle_time) : settle_time_(settle_time) {}

  void lost() noexcept { unheard_ = settle_time_.count() > 0; }
  void heard(Clock::time_point now) noexcept {  // any reply on any session
    if (!unheard_) return;
    unheard_ = false;
    over_ = now + settle_time_;
  }
  bool feared(Clock::time_point now) const noexcept { return unheard_ || over_ > now; }
  bool unheard() const noexcept { return unheard_; }  // the server has not spoken since
  Clock::time_point over() const noexcept { return over_; }

 private:
  Clock::duration settle_time_;
  bool unheard_ = false;
  Clock::time_point over_ = Clock::time_point::min();
};

}  // namespace ftpfs::ftp
