// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/address.hpp>

namespace ftpfs::proto {
namespace {

struct EpsvCase {
  const char* text;
  std::optional<std::uint16_t> port;
};

TEST(Epsv, Table) {
  const std::vector<EpsvCase> table = {
      {"Entering Extended Passive Mode (|||6446|)", 6446},
      {"Entering Extended Passive Mode (|||65535|)", 65535},
      {"ok (!!!40000!) thanks", 40000},
      {"(|1|192.0.2.7|6446|)", 6446},
      {"Entering Extended Passive Mode |||6446|", 6446},
      {"Extended passive mode (see RFC) |||6446|", 6446},
      {"Entering Extended Passive Mode (|||65536|)", {}},
      {"Entering Extended Passive Mode (|||0|)", {}},
      {"Entering Extended Passive Mode (|||22|)", {}},
      {"Entering Extended Passive Mode (|||1023|)", {}},
      {"Entering Extended Passive Mode (|||1024|)", 1024},
      {"Entering Extended Passive Mode (|||-6446|)", {}},
      {"Entering Extended Passive Mode (|||6446", {}},
      {"Entering Extended Passive Mode (||6446|)", {}},
      {"Entering Extended Passive Mode (|||123456|)", {}},
      {"Entering Passive Mode (127,0,0,1,200,10)", {}},
      {"", {}},
      {"(", {}},
      {"(|", {}},
      {"(|||", {}},
      {"111611161", {}},
      {"command okay", {}},
  };
  for (const EpsvCase& test : table) EXPECT_EQ(parse_epsv(test.text), test.port) << test.text;
}

struct PasvCase {
  const char* text;
  std::optional<PasvAddress> address;
};

TEST(Pasv, Table) {
  const PasvAddress usual{{192, 0, 2, 7}, 200 * 256 + 10};
  const std::vector<PasvCase> table = {
      {"Entering Passive Mode (192,0,2,7,200,10)", usual},
      {"Entering Passive Mode (192,0,2,7,200,10).", usual},
      {"Entering Passive Mode 192,0,2,7,200,10 and some text", usual},
      {"=192,0,2,7,200,10", usual},
      {"192, 0, 2, 7, 200, 10", usual},
      {"Passive Mode 1 of 2: (192,0,2,7,200,10)", usual},
      {"(192,0,2,7,0,21)", {}},
      {"(192,0,2,7,0,0)", {}},
      {"(192,0,2,7,4,0)", PasvAddress{{192, 0, 2, 7}, 1024}},
      {"(192,0,2,256,200,10)", {}},
      {"(192,0,2,7,200)", {}},
      {"(192,0,2,7,200,)", {}},
      {"(192,0,2,7,2000,10)", {}},
      {"(-192,0,2,7,200,10)", usual},
      {"(|||6446|)", {}},
      {"", {}},
  };
  for (const PasvCase& test : table) EXPECT_EQ(parse_pasv(test.text), test.address) << test.text;
}

TEST(Address, LowPortsWhereAllowed) {
  EXPECT_EQ(parse_epsv("(|||20|)", LowPorts::allow), 20);
  EXPECT_EQ(parse_epsv("(|||0|)", LowPorts::allow), std::nullopt);
  EXPECT_EQ(parse_pasv("(127,0,0,1,0,20)", LowPorts::allow)->port, 20);
  EXPECT_EQ(parse_pasv("(127,0,0,1,0,0)", LowPorts::allow), std::nullopt);
}

TEST(Address, HostileSizes) {
  EXPECT_EQ(parse_epsv(std::string(1 << 20, '|')), std::nullopt);
  EXPECT_EQ(parse_epsv(std::string(1 << 20, '1')), std::nullopt);
  EXPECT_EQ(parse_pasv(std::string(1 << 20, '1')), std::nullopt);
  EXPECT_EQ(parse_pasv(std::string(1 << 20, ',')), std::nullopt);
}

TEST(Reach, FollowsTheRegistryOfSpecialAddresses) {
  const std::pair<Ipv4, Reach> table[] = {
      {{0, 0, 0, 0}, Reach::none},         {{0, 1, 2, 3}, Reach::none},
      {{224, 0, 0, 1}, Reach::none},       {{240, 0, 0, 1}, Reach::none},
      {{255, 255, 255, 255}, Reach::none}, {{127, 0, 0, 1}, Reach::host},
      {{127, 255, 255, 255}, Reach::host}, {{169, 254, 1, 1}, Reach::link},
      {{169, 253, 1, 1}, Reach::world},    {{10, 0, 0, 1}, Reach::site},
      {{172, 16, 0, 1}, Reach::site},      {{172, 31, 255, 1}, Reach::site},
      {{172, 32, 0, 1}, Reach::world},     {{192, 168, 0, 1}, Reach::site},
      {{192, 169, 0, 1}, Reach::world},    {{100, 64, 0, 1}, Reach::site},
      {{100, 127, 0, 1}, Reach::site},     {{100, 128, 0, 1}, Reach::world},
      {{8, 8, 8, 8}, Reach::world},        {{223, 255, 255, 1}, Reach::world}};
  for (const auto& [host, reach] : table)
    EXPECT_EQ(reach_of(host), reach) << int{host[0]} << '.' << int{host[1]};
}

TEST(ActiveArguments, AreWrittenAsTheRfcsShowThem) {
  EXPECT_EQ(port_argument({192, 0, 2, 7}, 40000), "192,0,2,7,156,64");
  EXPECT_EQ(port_argument({0, 0, 0, 255}, 1), "0,0,0,255,0,1");
  EXPECT_EQ(eprt_argument(Family::ipv4, "132.235.1.2", 6275), "|1|132.235.1.2|6275|");
  EXPECT_EQ(eprt_argument(Family::ipv6, "1080::8:800:200C:417A", 5282), "|2|1080::8:800:200C:417A|5282|");
}

}  // namespace
}  // namespace ftpfs::proto
