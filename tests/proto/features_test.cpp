// SPDX-License-Identifier: MIT
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/proto/features.hpp>

namespace ftpfs::proto {
namespace {

using testing::ElementsAre;

Features features_of(const std::string& bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  const auto reply = parser.next();
  return reply ? parse_features(*reply) : Features();
}

Features with(const std::string& lines) {
  return features_of("211-Features:\r\n" + lines + "211 End\r\n");
}

TEST(Features, Vsftpd) {
  const Features features = with(
      " AUTH TLS\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n PBSZ\r\n PROT\r\n"
      " REST STREAM\r\n SIZE\r\n TVFS\r\n UTF8\r\n");
  EXPECT_TRUE(features.known);
  EXPECT_TRUE(features.auth_tls && features.eprt && features.epsv && features.mdtm && features.pbsz);
  EXPECT_TRUE(features.prot && features.rest_stream && features.size && features.tvfs && features.utf8);
  EXPECT_FALSE(features.mlst || features.mlsd || features.mfmt || features.clnt || features.auth_ssl);
}

TEST(Features, Proftpd) {
  const Features features = with(
      " MFF modify;UNIX.group;UNIX.mode;\r\n MFMT\r\n SITE SYMLINK\r\n SITE UTIME\r\n"
      " MLST modify*;perm*;size*;type*;unique*;UNIX.mode*;UNIX.owner;\r\n HOST\r\n"
      " LANG en-US.UTF-8*\r\n CCC\r\n HASH SHA-1*;\r\n");
  EXPECT_TRUE(features.mlst && features.mlsd && features.mfmt && features.mff_modify && features.mff_mode);
  EXPECT_TRUE(features.site_symlink && features.site_utime && features.host && features.lang &&
              features.hash);
  EXPECT_FALSE(features.site_chmod);
  EXPECT_THAT(features.mlst_facts,
              ElementsAre(MlstFact{"modify", true}, MlstFact{"perm", true}, MlstFact{"size", true},
                          MlstFact{"type", true}, MlstFact{"unique", true}, MlstFact{"unix.mode", true},
                          MlstFact{"unix.owner", false}));
  EXPECT_TRUE(features.has_fact("unix.owner"));
  EXPECT_FALSE(features.has_fact("create"));
}

TEST(Features, CodeOnEveryLine) {
  const Features features = features_of("211-Features:\r\n211-MDTM\r\n211-MLST size*;\r\n211 End\r\n");
  EXPECT_TRUE(features.mdtm && features.mlst);
}

TEST(Features, NoLeadingBlankAndSmallLetters) {
  const Features features = with("mdtm\r\nSize\r\nrest stream\r\n");
  EXPECT_TRUE(features.mdtm && features.size && features.rest_stream);
}

TEST(Features, FactsWithCommasAndWithoutLastSemicolon) {
  EXPECT_EQ(with(" MLST type,size,modify\r\n").mlst_facts.size(), 3u);
  EXPECT_THAT(with(" MLST Type*;Size*;Modify*;Perm\r\n").mlst_facts,
              ElementsAre(MlstFact{"type", true}, MlstFact{"size", true}, MlstFact{"modify", true},
                          MlstFact{"perm", false}));
}

TEST(Features, SeveralVerbsOnOneLine) {
  const Features features = with(" MLST MLSD SIZE MDTM\r\n");
  EXPECT_TRUE(features.mlst && features.mlsd && features.size && features.mdtm);
  EXPECT_TRUE(features.mlst_facts.empty());
}

TEST(Features, MlstImpliesMlsd) {
  EXPECT_TRUE(with(" MLST size*;\r\n").mlsd);
}

TEST(Features, MlsdAloneIsNotMlst) {
  EXPECT_TRUE(with(" MLSD\r\n").mlsd);
  EXPECT_FALSE(with(" MLSD\r\n").mlst);
}

TEST(Features, Utf8Spellings) {
  EXPECT_TRUE(with(" UTF8 ON\r\n").utf8);
  EXPECT_TRUE(with(" UTF-8\r\n").utf8);
}

TEST(Features, SiteOnOneLine) {
  EXPECT_TRUE(with(" SITE PSWD;SET;ZONE;CHMOD;MSG\r\n").site_chmod);
}

TEST(Features, AuthMechanismsInOneLine) {
  const Features features = with(" AUTH SSL;TLS;TLS-C;TLS-P;\r\n");
  EXPECT_TRUE(features.auth_tls && features.auth_ssl);
}

TEST(Features, RefusedFeatIsUnknown) {
  EXPECT_FALSE(features_of("500 Unknown command\r\n").known);
  EXPECT_FALSE(features_of("530 Please login\r\n").known);
  EXPECT_FALSE(features_of("550 no MLST SIZE\r\n").size);
}

TEST(Features, NoFeatures) {
  EXPECT_TRUE(features_of("211 no-features\r\n").known);
  EXPECT_FALSE(features_of("211 no-features\r\n").size);
}

TEST(Features, HostileFactList) {
  std::string list = " MLST ";
  for (int i = 0; i < 2000; ++i) list += "a*;";
  EXPECT_EQ(with(list + "\r\n").mlst_facts.size(), 2000u);
  EXPECT_TRUE(with(" MLST ;;;*;\r\n").mlst_facts.empty());
}

}  // namespace
}  // namespace ftpfs::proto
