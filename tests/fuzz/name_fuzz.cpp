// SPDX-License-Identifier: MIT
// One name of a server, in some character sets: what it is shown as leads back to it, and what somebody types
// either leads nowhere or to a name that is shown as typed.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ftpfs/proto/name_codec.hpp>
#include <ftpfs/remote/types.hpp>

#include "check.hpp"

namespace {

using ftpfs::proto::NameCodec;

const std::array<NameCodec, 6>& codecs() {
  static const std::array<NameCodec, 6> all{NameCodec(),
                                            NameCodec("ISO-8859-1", "UTF-8"),
                                            NameCodec("GB18030", "UTF-8"),
                                            NameCodec("SJIS", "UTF-8"),
                                            NameCodec("ISO-2022-JP", "UTF-8"),
                                            NameCodec("UTF-8", "ISO-8859-15")};
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  for (const NameCodec& codec : codecs()) {
    if (ftpfs::Path::valid_name(name)) {
      const std::string shown = codec.to_local(name);
      check(codec.to_server(shown) == name);
      check(shown.find('/') == shown.npos && shown.find('\0') == shown.npos);
    }
    const auto sent = codec.to_server(name);
    check(!sent || codec.to_local(*sent) == name);
    codec.path_to_server(name);
    codec.path_to_local(name);
  }
  return 0;
}
