// SPDX-License-Identifier: MIT
#include <cerrno>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs {
namespace {

using namespace std::string_view_literals;

int code_of(std::string_view text) {
  try {
    Path path(text);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Path, IsTheRootUnlessToldOtherwise) {
  EXPECT_TRUE(Path().is_root());
  EXPECT_EQ(Path().str(), "/");
  EXPECT_EQ(Path(""), Path());
  EXPECT_EQ(Path("/"), Path());
  EXPECT_EQ(Path("///"), Path());
}

TEST(Path, DropsEmptyComponents) {
  EXPECT_EQ(Path("/a/b").str(), "/a/b");
  EXPECT_EQ(Path("a/b").str(), "/a/b");
  EXPECT_EQ(Path("//a///b//").str(), "/a/b");
}

TEST(Path, RefusesDotsAndNul) {
  EXPECT_EQ(code_of("/a/../b"), EINVAL);
  EXPECT_EQ(code_of("/a/."), EINVAL);
  EXPECT_EQ(code_of("/a\0b"sv), EINVAL);
  EXPECT_EQ(code_of("/a/...//.b/c."), 0);
}

TEST(Path, KeepsBytesAsTheServerSpellsThem) {
  const std::string odd = "/\xff\xfe name\n/\\";
  EXPECT_EQ(Path(odd).str(), odd);
}

TEST(Path, ChildAndParentAreInverse) {
  const Path root;
  const Path a = root.child("a");
  const Path b = a.child("b");
  EXPECT_EQ(a.str(), "/a");
  EXPECT_EQ(b.str(), "/a/b");
  EXPECT_EQ(b.parent(), a);
  EXPECT_EQ(a.parent(), root);
  EXPECT_EQ(root.parent(), root);
  EXPECT_EQ(b.name(), "b");
  EXPECT_EQ(root.name(), "");
}

TEST(Path, ChildRefusesWhatIsNoName) {
  for (const std::string_view name : {""sv, "."sv, ".."sv, "a/b"sv, "/"sv, "a\0"sv}) {
    EXPECT_THROW(Path().child(name), Error) << name;
  }
}

TEST(Path, NamesAreAtMost255Bytes) {
  EXPECT_TRUE(Path::valid_name(std::string(255, 'x')));
  EXPECT_FALSE(Path::valid_name(std::string(256, 'x')));
}

TEST(Path, BelowIsStrictAndKnowsComponents) {
  EXPECT_TRUE(Path("/a").is_below(Path()));
  EXPECT_TRUE(Path("/a/b/c").is_below(Path("/a")));
  EXPECT_FALSE(Path("/a").is_below(Path("/a")));
  EXPECT_FALSE(Path("/ab").is_below(Path("/a")));
  EXPECT_FALSE(Path("/a").is_below(Path("/a/b")));
  EXPECT_FALSE(Path().is_below(Path()));
}

TEST(Path, CanBeAKey) {
  const std::unordered_set<Path> set{Path("/a"), Path("a/"), Path("/b")};
  EXPECT_EQ(set.size(), 2u);
  EXPECT_LT(Path("/a"), Path("/b"));
}

}  // namespace
}  // namespace ftpfs
