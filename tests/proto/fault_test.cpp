// SPDX-License-Identifier: MIT
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/fault.hpp>

namespace ftpfs::proto {
namespace {

Reply reply(int code, const std::string& text) {
  Reply result;
  result.code = code;
  result.text = text;
  result.lines = {std::to_string(code) + ' ' + text};
  return result;
}

struct FaultCase {
  Verb verb;
  int code;
  const char* text;
  int expected;
};

const std::vector<FaultCase> table = {
    // What the text says.
    {Verb::retr, 550, "x: No such file or directory", ENOENT},
    {Verb::retr, 550, "Failed to open file.", ENOENT},
    {Verb::cwd, 550, "Failed to change directory.", ENOENT},
    {Verb::cwd, 550, "The system cannot find the file specified. ", ENOENT},
    {Verb::size, 550, "Could not get file size.", ENOENT},
    {Verb::mlst, 550, "File not found", ENOENT},
    {Verb::dele, 450, "x: does not exist", ENOENT},
    {Verb::stor, 553, "Could not create file: No such directory", ENOENT},
    {Verb::mkd, 550, "x: File exists", EEXIST},
    {Verb::mkd, 521, "Directory already exists", EEXIST},
    {Verb::mkd, 550, "Cannot create a file when that file already exists. ", EEXIST},
    {Verb::rmd, 550, "x: Directory not empty", ENOTEMPTY},
    {Verb::rmd, 550, "The directory is not empty. ", ENOTEMPTY},
    {Verb::stor, 550, "x: Permission denied", EACCES},
    {Verb::stor, 550, "Overwrite permission denied", EACCES},
    {Verb::rnto, 550, "Rename permission denied", EACCES},
    {Verb::retr, 550, "Access is denied. ", EACCES},
    {Verb::stor, 550, "Not enough privileges.", EACCES},
    {Verb::site, 550, "Permission denied", EPERM},
    {Verb::mff, 550, "Operation not permitted", EPERM},
    {Verb::mfmt, 550, "Access denied", EPERM},
    {Verb::stor, 553, "Read-only file system", EROFS},
    {Verb::retr, 550, "x: not a plain file.", EISDIR},
    {Verb::retr, 550, "I can only retrieve regular files", ENOENT},
    {Verb::retr, 550, "x: Is a directory", EISDIR},
    {Verb::cwd, 550, "x: Not a directory", ENOTDIR},
    {Verb::stor, 451, "No space left on device", ENOSPC},
    {Verb::stor, 552, "Disk full", ENOSPC},
    {Verb::stor, 552, "There is not enough space on the disk. ", ENOSPC},
    {Verb::stor, 552, "Disk quota exceeded", EDQUOT},
    {Verb::stor, 552, "Requested file action aborted, exceeded storage allocation", EDQUOT},
    {Verb::mkd, 550, "x: File name too long", ENAMETOOLONG},
    {Verb::stor, 553, "Illegal characters in name", EINVAL},
    {Verb::stor, 553, "File name not allowed", EINVAL},
    {Verb::size, 550, "SIZE not allowed in ASCII mode", ENOENT},
    {Verb::rnto, 550, "The process cannot access the file because it is being used by another process. ",
     EBUSY},
    {Verb::dele, 450, "File is locked", EBUSY},
    {Verb::stor, 550, "Text file busy", EBUSY},
    {Verb::rnto, 550, "Invalid cross-device link", EXDEV},
    {Verb::cwd, 550, "Too many levels of symbolic links", ELOOP},
    {Verb::cwd, 550, "NO SUCH FILE", ENOENT},
    {Verb::size, 550, "Too many open files.", EIO},
    {Verb::dele, 550, "/not found/x: Input/output error", EIO},
    {Verb::mlsd, 550, "Stale file handle.", EIO},
    {Verb::stor, 451, "Cannot allocate memory", EIO},
    // What the code says when the text says nothing.
    {Verb::dele, 550, "Delete operation failed.", EACCES},
    {Verb::mkd, 550, "Create directory operation failed.", EACCES},
    {Verb::rmd, 550, "Remove directory operation failed.", EACCES},
    {Verb::rnto, 550, "Rename failed.", EACCES},
    {Verb::site, 550, "SITE CHMOD command failed.", EPERM},
    {Verb::stor, 553, "Could not create file.", EACCES},
    {Verb::stor, 532, "Need account", EACCES},
    {Verb::stor, 452, "Transfer aborted", ENOSPC},
    {Verb::stor, 552, "Transfer aborted", EDQUOT},
    {Verb::retr, 425, "Can't open data connection.", EIO},
    {Verb::retr, 426, "Failure writing network stream.", EIO},
    {Verb::stor, 451, "Local error in processing", EIO},
    {Verb::retr, 450, "try again", EIO},
    {Verb::retr, 421, "Timeout.", EAGAIN},
    {Verb::retr, 421, "No such file descriptor, closing", EAGAIN},
    {Verb::retr, 530, "Please login with USER and PASS.", EACCES},
    {Verb::retr, 522, "SSL connection failed: session reuse required", EPROTO},
    {Verb::prot, 534, "Unwilling", EPROTO},
    {Verb::epsv, 522, "Network protocol not supported", EPROTO},
    {Verb::retr, 503, "Bad sequence of commands.", EIO},
    {Verb::retr, 554, "Restart beyond the end", EINVAL},
    {Verb::mlsd, 501, "weird path", ENOENT},
    {Verb::stor, 501, "weird path", EINVAL},
    {Verb::rest, 501, "no", ENOTSUP},
    {Verb::rest, 550, "no", ENOTSUP},
    {Verb::site, 502, "Command not implemented: no such file", ENOTSUP},
    {Verb::mfmt, 500, "Unknown command.", ENOTSUP},
    {Verb::opts, 504, "no", ENOTSUP},
    {Verb::site, 202, "superfluous", ENOTSUP},
    {Verb::retr, 551, "page type unknown", ENOTSUP},
    // Log-in: texts speak of accounts and directories, none of them is about a file.
    {Verb::pass, 530, "Login incorrect.", EACCES},
    {Verb::pass, 530, "User not found", EACCES},
    {Verb::pass, 501, "Empty password", EACCES},
    {Verb::user, 550, "home directory does not exist", EACCES},
    {Verb::user, 421, "Too many connections", EAGAIN},
};

TEST(Fault, Table) {
  for (const FaultCase& test : table) {
    EXPECT_EQ(errno_for(test.verb, reply(test.code, test.text)), test.expected)
        << verb_text(test.verb) << ": " << test.code << ' ' << test.text;
  }
}

TEST(Fault, IsNeverZero) {
  for (int verb = 0; verb <= static_cast<int>(Verb::allo); ++verb) {
    for (int code = 100; code < 700; ++code) {
      EXPECT_NE(errno_for(static_cast<Verb>(verb), reply(code, "")), 0) << verb << ' ' << code;
    }
  }
}

TEST(SaysEmpty, InWordsOrWithoutAny) {
  for (const auto& [code, text] : std::vector<std::pair<int, const char*>>{{450, "No files found"},
                                                                           {450, "x: No such file"},
                                                                           {550, "No members found."},
                                                                           {550, "No data sets found."},
                                                                           {550, "NO FILES FOUND!"},
                                                                           {550, "File not found"},
                                                                           {550, "Directory is empty."},
                                                                           {550, "-"},
                                                                           {550, ""}})
    EXPECT_TRUE(says_empty(reply(code, text))) << code << ' ' << text;
  for (const auto& [code, text] : std::vector<std::pair<int, const char*>>{{550, "Too many open files."},
                                                                           {550, "Permission denied"},
                                                                           {550, "Failed."},
                                                                           {550, "No access"},
                                                                           {550, "ls: command not found"},
                                                                           {550, "sh: 1: ls: not found"},
                                                                           {450, "/bin/ls: not found"},
                                                                           {450, "/srv/sounds: no room"},
                                                                           {450, "No way into /srv/found"},
                                                                           {450, "Found no way"},
                                                                           {450, ""},
                                                                           {451, "No files found"},
                                                                           {226, "No files found"}})
    EXPECT_FALSE(says_empty(reply(code, text))) << code << ' ' << text;
}

TEST(ConnectionLimit, Texts) {
  for (const auto& [code, text] : std::vector<std::pair<int, const char*>>{
           {421, "Too many connections (8) from this IP"},
           {421, "There are too many connected users, please try later."},
           {421, "I can't accept more than 2 connections as the same user"},
           {530, "Sorry, the maximum number of clients (3) for this user are already connected."},
           {421, "2 users (the maximum) are already logged in, sorry"},
           {500, "Too many clients connected"},
           {421, "Only 3 sessions allowed"},
           {530, "Not logged in, only 1 session from same IP allowed concurrently."},
           {421, "Server overloaded"},
           {421, "Maximum number of connections reached"},
           {530, "Access is restricted to 5 users, try back later"},
       }) {
    EXPECT_TRUE(is_connection_limit(reply(code, text))) << text;
  }
}

TEST(ConnectionLimit, OtherTexts) {
  for (const auto& [code, text] : std::vector<std::pair<int, const char*>>{
           {530, "Login incorrect."},
           {421, "Timeout."},
           {421, "Service not available, closing control connection."},
           {220, "Welcome. Too many connections are refused."},
           {230, "Only one session at a time, please"},
       }) {
    EXPECT_FALSE(is_connection_limit(reply(code, text))) << text;
  }
}

TEST(Unimplemented, PerVerb) {
  EXPECT_TRUE(is_unimplemented(Verb::mlsd, reply(500, "Unknown command")));
  EXPECT_TRUE(is_unimplemented(Verb::epsv, reply(502, "no")));
  EXPECT_TRUE(is_unimplemented(Verb::epsv, reply(202, "superfluous")));
  EXPECT_TRUE(is_unimplemented(Verb::epsv, reply(522, "protocol")));
  EXPECT_TRUE(is_unimplemented(Verb::opts, reply(501, "no")));
  EXPECT_TRUE(is_unimplemented(Verb::rest, reply(551, "no")));
  EXPECT_TRUE(is_unimplemented(Verb::feat, reply(550, "no")));
  EXPECT_FALSE(is_unimplemented(Verb::pass, reply(202, "already logged in")));
  EXPECT_FALSE(is_unimplemented(Verb::allo, reply(202, "no need")));
  EXPECT_FALSE(is_unimplemented(Verb::mlsd, reply(501, "no such directory")));
  EXPECT_FALSE(is_unimplemented(Verb::mlst, reply(550, "no such file")));
  EXPECT_FALSE(is_unimplemented(Verb::retr, reply(522, "session reuse required")));
  EXPECT_FALSE(is_unimplemented(Verb::feat, reply(211, "end")));
}

TEST(Passing, BusyOrLocalErrorWithoutAnotherReason) {
  EXPECT_TRUE(is_passing(Verb::retr, reply(450, "Try again")));
  EXPECT_TRUE(is_passing(Verb::stor, reply(451, "Local error in processing")));
  EXPECT_TRUE(is_passing(Verb::dele, reply(450, "File is locked")));
  EXPECT_FALSE(is_passing(Verb::retr, reply(450, "No such file")));
  EXPECT_FALSE(is_passing(Verb::stor, reply(451, "No space left on device")));
  EXPECT_FALSE(is_passing(Verb::appe, reply(451, "Append/Restart not permitted, try again")));
  EXPECT_FALSE(is_passing(Verb::retr, reply(450, "TLS session of data connection has not resumed")));
  EXPECT_FALSE(is_passing(Verb::stor, reply(452, "Try again")));
  EXPECT_FALSE(is_passing(Verb::retr, reply(226, "done")));
}

TEST(Passing, PermanentCodesWithSuchTexts) {
  EXPECT_TRUE(is_passing(Verb::retr, reply(550, "x: Broken pipe")));
  EXPECT_TRUE(is_passing(Verb::retr, reply(550, "Connection timed out")));
  EXPECT_FALSE(is_passing(Verb::retr, reply(550, "Permission denied")));
}

TEST(EndsSession, ByDismissalAndByBreakdown) {
  EXPECT_TRUE(ends_session(reply(421, "Timeout.")));
  EXPECT_TRUE(ends_session(reply(500, "OOPS: child died")));
  EXPECT_TRUE(ends_session(reply(500, "OOPS: priv_sock_send_cmd")));
  EXPECT_FALSE(ends_session(reply(500, "Unknown command.")));
  EXPECT_FALSE(ends_session(reply(530, "Login incorrect.")));
}

TEST(WantsTls, InTheWordsOfKnownServers) {
  for (const auto& [code, text] : std::vector<std::pair<int, std::string>>{
           {530, "Non-anonymous sessions must use encryption."},
           {550, "SSL/TLS required on the control channel"},
           {421, "Sorry, cleartext sessions and weak ciphers are not accepted on this server."},
           {530, "This server does not allow plain FTP. You have to use FTP over TLS."},
           {503, "Use AUTH first."},
           {534, "Policy requires SSL."},
       }) {
    EXPECT_TRUE(wants_tls(reply(code, text))) << text;
  }
  EXPECT_FALSE(wants_tls(reply(530, "Login incorrect.")));
  EXPECT_FALSE(wants_tls(reply(530, "Login authentication failed")));
  EXPECT_FALSE(wants_tls(reply(331, "TLS is available, password please")));
}

}  // namespace
}  // namespace ftpfs::proto
