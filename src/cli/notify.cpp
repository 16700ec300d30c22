// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/cli/notify.hpp>

namespace ftpfs::cli {

void notify_service(std::string_view state) noexcept {
  const char* variable = std::getenv("NOTIFY_SOCKET");
  const std::string_view place = variable != nullptr ? variable : "";
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (place.size() < 2 || place.size() >= sizeof address.sun_path) return;
  place.copy(address.sun_path, place.size());
  if (place.front() == '@') address.sun_path[0] = '\0';  // an abstract name
  const UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return;
  const auto length = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + place.size());
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const ::sockaddr*>(&address), length);
}

}  // namespace ftpfs::cli
