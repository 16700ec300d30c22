// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {
namespace {

using std::chrono::milliseconds;

Settings parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"host:", "/mnt"});
  return parse_arguments(arguments);
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    parse_arguments(arguments);
    return "accepted";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), ExitStatus::usage);
    return failure.what();
  }
}

TEST(Options, SourceComesFirstThenMountpointOptionsAnywhere) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"-f", "host:dir", "/mnt", "-o", "ro"},
                                             {"host:dir", "-f", "-oro", "/mnt"},
                                             {"host:dir", "/mnt", "-fo", "ro"},
                                             {"-f", "--ro", "--", "host:dir", "/mnt"}}) {
    const Settings settings = parse_arguments(arguments);
    EXPECT_EQ(settings.source, "host:dir");
    EXPECT_EQ(settings.mount.mountpoint, "/mnt");
    EXPECT_TRUE(settings.foreground);
    EXPECT_TRUE(settings.mount.read_only);
    EXPECT_TRUE(settings.vfs.read_only);
  }
}

TEST(Options, OperandsAreCounted) {
  EXPECT_NE(refusal({}).find("usage: ftpfs"), std::string::npos);
  EXPECT_NE(refusal({"host:"}).find("usage: ftpfs"), std::string::npos);
  EXPECT_EQ(refusal({"host:", "/mnt", "more"}), "one argument too many: 'more'");
}

TEST(Options, CheckTakesASourceOnly) {
  const Settings settings =
      parse_arguments(std::vector<std::string>{"check", "--json", "-o", "ro", "host:dir"});
  EXPECT_EQ(settings.action, Settings::Action::check);
  EXPECT_EQ(settings.source, "host:dir");
  EXPECT_TRUE(settings.json);
  EXPECT_TRUE(settings.vfs.read_only);
  EXPECT_EQ(refusal({"check"}), "usage: ftpfs check [--json] [-o OPTIONS] SOURCE");
  EXPECT_EQ(refusal({"check", "host:", "/mnt"}), refusal({"check"}));
  EXPECT_EQ(refusal({"--json", "host:", "/mnt"}),
            "--json goes with check, status, stats, flush, list and recover");
  EXPECT_EQ(parse_arguments(std::vector<std::string>{"check:", "/mnt"}).source, "check:");
}

TEST(Options, CommandsAboutAMountTakeWhatTheyNeed) {
  using Action = Settings::Action;
  const auto parsed = [](std::vector<std::string> arguments) { return parse_arguments(arguments); };
  EXPECT_EQ(parsed({"status"}).action, Action::status);
  EXPECT_EQ(parsed({"status", "/mnt/file", "--watch", "--json"}).source, "/mnt/file");
  EXPECT_TRUE(parsed({"status", "--watch"}).watch);
  EXPECT_EQ(parsed({"stats", "/mnt"}).action, Action::stats);
  EXPECT_EQ(refusal({"stats"}), "usage: ftpfs stats [--json] MOUNTPOINT");
  EXPECT_EQ(parsed({"flush"}).action, Action::flush);
  EXPECT_EQ(refusal({"flush", "/mnt", "/other"}), "usage: ftpfs flush [--json] [MOUNTPOINT]");
  EXPECT_EQ(parsed({"list", "--json"}).action, Action::list);
  EXPECT_EQ(refusal({"list", "/mnt"}), "usage: ftpfs list [--json]");
  EXPECT_EQ(parsed({"recover"}).action, Action::recover);
  EXPECT_EQ(parsed({"recover", "--export", "/tmp/x", "/spool"}).export_directory, "/tmp/x");
  EXPECT_EQ(parsed({"recover", "--export=/tmp/x"}).export_directory, "/tmp/x");
  EXPECT_TRUE(parsed({"recover", "--send", "host:"}).send);
  EXPECT_EQ(refusal({"recover", "--send"}), "usage: ftpfs recover --send [-o OPTIONS] SOURCE");
  EXPECT_EQ(refusal({"recover", "--export"}), "--export needs a directory");
  EXPECT_EQ(refusal({"recover", "--send", "--export=/x", "host:"}), "--send and --export exclude each other");
  EXPECT_EQ(refusal({"list", "--watch"}), "--watch goes with status");
  EXPECT_EQ(refusal({"--send", "host:", "/mnt"}), "--send and --export go with recover");
  EXPECT_EQ(parsed({"status:", "/mnt"}).source, "status:") << "a host of that name";
  const std::vector<std::string> as_mount_does{"list", "/mnt"};
  EXPECT_EQ(parse_arguments(as_mount_does, Invocation::mount_helper).source, "list")
      << "mount(8) has no commands";
}

TEST(Options, DefaultsAreTheDocumentedOnes) {
  const Settings settings = parse({});
  EXPECT_FALSE(settings.ftp.max_conns);
  EXPECT_EQ(settings.ftp.timeout, milliseconds(30'000));
  EXPECT_EQ(settings.ftp.connect_timeout, milliseconds(10'000));
  EXPECT_EQ(settings.ftp.idle_timeout, milliseconds(60'000));
  EXPECT_EQ(settings.vfs.listing_ttl, milliseconds(20'000));
  EXPECT_EQ(settings.vfs.kernel_ttl, milliseconds(1'000));
  EXPECT_FALSE(settings.vfs.readahead_bytes);  // what suits the server
  EXPECT_EQ(settings.vfs.read_streams, 4u);
  EXPECT_EQ(settings.mount.readdirplus, fuse::Readdirplus::yes);
  EXPECT_TRUE(settings.vfs.list_ahead && settings.vfs.fetch_ahead);
  EXPECT_EQ(settings.vfs.uid, ::getuid());
  EXPECT_EQ(settings.vfs.gid, ::getgid());
  EXPECT_EQ(settings.vfs.upload, vfs::UploadMode::automatic);
  EXPECT_EQ(settings.vfs.perms, vfs::PermsMode::ignore);
  EXPECT_FALSE(settings.mount.read_only || settings.mount.allow_other || settings.mount.suid ||
               settings.mount.dev);
  EXPECT_EQ(settings.log_level, spdlog::level::warn);
  EXPECT_FALSE(settings.foreground);
}

TEST(Options, ReachTheConfigurationsOfTheLayers) {
  const Settings settings = parse(
      {"-o", "uid=12,gid=34,fmask=111,dmask=022,max_conns=2,timeout=1.5,connect_timeout=3,idle_timeout=7",
       "-o",
       "dcache_timeout=0,attr_timeout=9,disable_epsv,upload=atomic,perms=strict,readahead=1M,spool_dir=/s",
       "-o",
       "prefetch=off,read_streams=2,readdirplus=auto,codepage=GBK,iocharset=ISO-8859-1,no_utf8,server_tz=+"
       "0100",
       "-p", "2121", "-o",
       "fsname=x,username=alice,password_stdin,account=sales,log_level=info,suid,dev,noexec"});
  EXPECT_EQ(settings.ftp.account, "sales");
  EXPECT_EQ(settings.ftp.codepage, "GBK");
  EXPECT_EQ(settings.ftp.iocharset, "ISO-8859-1");
  EXPECT_FALSE(settings.ftp.ask_for_utf8);
  EXPECT_EQ(settings.ftp.server_zone, proto::Zone::from_offset("+0100"));
  EXPECT_EQ(settings.vfs.uid, 12u);
  EXPECT_EQ(settings.vfs.gid, 34u);
  EXPECT_EQ(settings.vfs.file_mask, 0111);
  EXPECT_EQ(settings.vfs.directory_mask, 022);
  EXPECT_EQ(settings.ftp.max_conns, 2u);
  EXPECT_EQ(settings.ftp.timeout, milliseconds(1500));
  EXPECT_EQ(settings.ftp.greeting_timeout, milliseconds(1500));
  EXPECT_EQ(settings.ftp.connect_timeout, milliseconds(3000));
  EXPECT_EQ(settings.ftp.idle_timeout, milliseconds(7000));
  EXPECT_EQ(settings.vfs.listing_ttl, milliseconds(0));
  EXPECT_EQ(settings.vfs.kernel_ttl, milliseconds(9000));
  EXPECT_TRUE(settings.ftp.disable_epsv);
  EXPECT_EQ(settings.vfs.upload, vfs::UploadMode::atomic);
  EXPECT_EQ(settings.vfs.perms, vfs::PermsMode::strict);
  EXPECT_EQ(settings.vfs.readahead_bytes, 1u << 20);
  EXPECT_EQ(settings.vfs.read_streams, 2u);
  EXPECT_EQ(settings.mount.readdirplus, fuse::Readdirplus::automatic);
  EXPECT_FALSE(settings.vfs.list_ahead || settings.vfs.fetch_ahead);
  EXPECT_EQ(settings.vfs.spool_directory, "/s");
  EXPECT_EQ(settings.port, 2121);
  EXPECT_EQ(settings.mount.fsname, "x");
  EXPECT_EQ(settings.user, "alice");
  EXPECT_TRUE(settings.password_stdin);
  EXPECT_EQ(settings.log_level, spdlog::level::info);
  EXPECT_TRUE(settings.mount.suid && settings.mount.dev && settings.mount.noexec);
}

TEST(Options, NameTheWayOut) {
  using enum net::Route::Family;
  EXPECT_EQ(parse({}).route.family, any);
  EXPECT_EQ(parse({"-o", "ipv4"}).route.family, ipv4);
  EXPECT_EQ(parse({"-o", "ipv4,ipv6"}).route.family, ipv6);
  EXPECT_EQ(parse({"-o", "interface=eth0"}).route.interface, "eth0");
}

TEST(Options, LimitTheBandwidthEachWay) {
  const auto rates = [](const char* value) {
    const ftp::FtpConfig config = parse({"-o", std::string("bwlimit=") + value}).ftp;
    return std::pair(config.upload_rate, config.download_rate);
  };
  EXPECT_EQ(rates("512K"), std::pair(524'288ul, 524'288ul));
  EXPECT_EQ(rates("1M:2M"), std::pair(1'048'576ul, 2'097'152ul));
  EXPECT_EQ(rates("off:1000"), std::pair(0ul, 1000ul));
  EXPECT_THROW(rates("fast"), Error);
  EXPECT_THROW(rates("1M:"), Error);
}

TEST(Options, SayHowDirectoriesAreListed) {
  using enum ftp::ListMode;
  EXPECT_EQ(parse({}).ftp.list, automatic);
  EXPECT_EQ(parse({"-o", "list=mlsd"}).ftp.list, mlsd);
  EXPECT_EQ(parse({"-o", "disable_mlsd"}).ftp.list, list);
  EXPECT_FALSE(parse({"-o", "disable_mlsd"}).ftp.list_options);
  EXPECT_EQ(parse({"-o", "list_hidden"}).ftp.list_options, "-a");
  EXPECT_EQ(parse({"-o", "custom_list=LIST -la"}).ftp.list_options, "-la");
  EXPECT_EQ(parse({"-o", "custom_list=LIST"}).ftp.list_options, "");
  EXPECT_EQ(parse({"-o", "custom_list=LIST"}).ftp.list, list);
  EXPECT_THROW(parse({"-o", "custom_list=DELE /"}), Error);
  EXPECT_THROW(parse({"-o", "custom_list=LIST /etc"}), Error);
  EXPECT_THROW(parse({"-o", "list=stat"}), Error);
}

// The words are sshfs's, and so are the colons; what needs no workaround here is taken all the same.
TEST(Options, SayWhatIsWrongWithTheServer) {
  const auto told = [](const std::string& list) {
    return parse({"-o", "workaround=" + list}).ftp.workarounds;
  };
  EXPECT_TRUE(told("rename").no_replacing);
  EXPECT_FALSE(told("rename").no_moving);
  EXPECT_TRUE(told("nodelaysrv:renamexdev:truncate").no_moving);
  EXPECT_TRUE(told("cwd_list\\,mdtm_set").mdtm_sets_time);
  EXPECT_TRUE(told("cwd_list:no_rest_stor").list_by_walking);
  EXPECT_TRUE(told("all").no_replacing);
  EXPECT_FALSE(told("all").mdtm_sets_time);
  EXPECT_FALSE(told("all:none").no_replacing);
  EXPECT_TRUE(parse({"-o", "writing_mdtm"}).ftp.workarounds.mdtm_sets_time);
  EXPECT_EQ(refusal({"-o", "workaround=renam", "host:", "/mnt"}),
            "option workaround: does not know 'renam'; did you mean 'rename'?");
  EXPECT_TRUE(
      refusal({"-o", "workaround=rename:", "host:", "/mnt"}).starts_with("option workaround: is a list"));
}

TEST(Options, KeepIdleConnectionsAlive) {
  EXPECT_EQ(parse({}).ftp.keepalive, milliseconds(0));
  EXPECT_EQ(parse({"-o", "keepalive=15"}).ftp.keepalive, std::chrono::seconds(15));
  EXPECT_EQ(parse({"-o", "ServerAliveInterval=15"}).ftp.keepalive, std::chrono::seconds(15));
}

TEST(Options, EachKindOfPrefetchHasItsSwitch) {
  const auto prefetch = [](const char* what) {
    const vfs::VfsConfig config = parse({"-o", std::string("prefetch=") + what}).vfs;
    return std::pair(config.list_ahead, config.fetch_ahead);
  };
  EXPECT_EQ(prefetch("on"), std::pair(true, true));
  EXPECT_EQ(prefetch("off"), std::pair(false, false));
  EXPECT_EQ(prefetch("directories"), std::pair(true, false));
  EXPECT_EQ(prefetch("files"), std::pair(false, true));
}

TEST(Options, AliasesMeanTheSame) {
  EXPECT_EQ(parse({"-o", "concurrency=3"}).ftp.max_conns, 3u);
  EXPECT_EQ(parse({"-o", "nomulticonn"}).ftp.max_conns, 1u);
  EXPECT_EQ(parse({"-o", "cache_timeout=5"}).vfs.listing_ttl, milliseconds(5000));
  EXPECT_EQ(parse({"-o", "actimeo=5"}).vfs.listing_ttl, milliseconds(5000));
  EXPECT_TRUE(parse({"-r"}).vfs.read_only);
  EXPECT_TRUE(parse({"--read-only"}).mount.read_only);
}

TEST(Options, TheLastWordCounts) {
  const Settings settings = parse({"-o", "ro,umask=077", "--rw", "-o", "fmask=0,nosuid,suid,exec"});
  EXPECT_FALSE(settings.mount.read_only);
  EXPECT_EQ(settings.vfs.file_mask, 0);
  EXPECT_EQ(settings.vfs.directory_mask, 077);
  EXPECT_TRUE(settings.mount.suid);
}

TEST(Options, AllowOtherMakesPermissionBitsCount) {
  const Settings settings = parse({"--allow-other"});
  EXPECT_TRUE(settings.mount.allow_other);
  EXPECT_TRUE(settings.mount.default_permissions);
}

TEST(Options, ABackslashKeepsACommaInAValue) {
  EXPECT_EQ(parse({"-o", R"(fsname=a\,b\\,ro)"}).mount.fsname, R"(a,b\)");
  EXPECT_EQ(parse({"-o", R"(username=DOMAIN\alice)"}).user, R"(DOMAIN\alice)");
  EXPECT_EQ(parse({"--fsname=a,b"}).mount.fsname, "a,b");
}

TEST(Options, WordsOfOtherProgramsMeanTheSame) {
  EXPECT_EQ(parse({"-o", "guest"}).user, "anonymous");
  EXPECT_EQ(parse({"-o", "file_mode=0640,dir_mode=0750"}).vfs.file_mask, 0137);
  EXPECT_EQ(parse({"-o", "file_mode=0640,dir_mode=0750"}).vfs.directory_mask, 027);
  EXPECT_EQ(parse({"-o", "read_timeout=7"}).ftp.timeout, milliseconds(7000));
  EXPECT_EQ(parse({"-o", "ConnectTimeout=7"}).ftp.connect_timeout, milliseconds(7000));
  EXPECT_EQ(parse({"-o", "dcache_dir_timeout=7"}).vfs.listing_ttl, milliseconds(7000));
  EXPECT_EQ(parse({"-o", "cache_stat_timeout=7"}).vfs.listing_ttl, milliseconds(7000));
  EXPECT_EQ(parse({"-o", "cache=no"}).vfs.listing_ttl, milliseconds(0));
  EXPECT_EQ(parse({"-o", "dir_cache=yes"}).vfs.listing_ttl, parse({}).vfs.listing_ttl);
  EXPECT_EQ(parse({"-o", "entry_timeout=7"}).vfs.kernel_ttl, milliseconds(7000));
  EXPECT_EQ(parse({"-o", "inplace"}).vfs.upload, vfs::UploadMode::inplace);
  EXPECT_EQ(parse({"-o", "no_readahead"}).vfs.readahead_bytes, 64u << 10);
  EXPECT_EQ(parse({"-o", "ftpfs_debug=1"}).log_level, spdlog::level::debug);
  EXPECT_EQ(parse({"-o", "sshfs_debug"}).log_level, spdlog::level::debug);
  EXPECT_EQ(parse({"-o", "verbose"}).log_level, spdlog::level::info);
  EXPECT_TRUE(parse({"-o", "debug"}).foreground);
  EXPECT_TRUE(parse({"-o", "syslog"}).syslog);
  EXPECT_NO_THROW(parse({"-o", "writeback=0,delay_upload=0,idmap=user"}));
}

TEST(Options, OfTheCacheOnDisk) {
  const Settings plain = parse({});
  EXPECT_FALSE(plain.keep_what_is_read);
  EXPECT_EQ(plain.vfs.cache_bytes, 1u << 30);
  EXPECT_EQ(plain.vfs.cache_age, std::chrono::hours(7 * 24));
  EXPECT_EQ(plain.vfs.cache_min_free, 256u << 20);
  const Settings ours =
      parse({"-o", "cache_mode=full,cache_dir=/c,cache_size=10G,cache_max_age=90m,cache_min_free=0"});
  EXPECT_TRUE(ours.keep_what_is_read);
  EXPECT_EQ(ours.vfs.cache_directory, "/c");
  EXPECT_EQ(ours.vfs.cache_bytes, 10ull << 30);
  EXPECT_EQ(ours.vfs.cache_age, std::chrono::minutes(90));
  EXPECT_EQ(ours.vfs.cache_min_free, 0u);
  const Settings rclone = parse({"--vfs-cache-mode=full", "--cache-dir=/c", "--vfs-cache-max-size=2G",
                                 "--vfs-cache-max-age=24h", "--vfs-cache-min-free-space=1G"});
  EXPECT_TRUE(rclone.keep_what_is_read);
  EXPECT_EQ(rclone.vfs.cache_bytes, 2ull << 30);
  EXPECT_EQ(rclone.vfs.cache_age, std::chrono::hours(24));
  EXPECT_EQ(rclone.vfs.cache_min_free, 1u << 30);
  EXPECT_FALSE(parse({"-o", "cache_mode=full,cache_mode=off"}).keep_what_is_read);
  EXPECT_FALSE(parse({"-o", "cache_mode=full,vfs_cache_mode=writes"}).keep_what_is_read);
  EXPECT_EQ(refusal({"-o", "cache_size=50", "h:", "/m"}),
            "option cache_size: less than 1M is no cache (64M, 10G)");
  EXPECT_EQ(refusal({"-o", "cache_max_age=soon", "h:", "/m"}),
            "option cache_max_age: 'soon' is not an age (such as 3600, 90m, 24h, 7d)");
}

TEST(Options, PromisesThatAreNotKeptAreRefusedWithTheReason) {
  EXPECT_EQ(refusal({"-o", "vfs_cache_mode=minimal", "h:", "/m"}),
            "option vfs_cache_mode: is one of: writes, full, off");
  EXPECT_EQ(refusal({"-o", "sslv3", "h:", "/m"}),
            "option sslv3 is broken for good; tls_min=1.0 is the oldest there is");
  for (const RefusedOption& option : refused_options()) {
    const std::string name(option.name);
    EXPECT_TRUE(refusal({"-o", name + "=x", "h:", "/m"}).starts_with("option " + name + " ")) << name;
  }
}

TEST(Options, VerbosityAddsUp) {
  EXPECT_EQ(parse({"-v"}).log_level, spdlog::level::info);
  EXPECT_EQ(parse({"-vv"}).log_level, spdlog::level::debug);
  EXPECT_EQ(parse({"-v", "-vv"}).log_level, spdlog::level::trace);
  EXPECT_EQ(parse({"-vvvvv"}).log_level, spdlog::level::trace);
}

TEST(Options, HowLongCallsWaitForAServerThatIsAway) {
  EXPECT_FALSE(parse({}).ftp.waits_for_server());
  EXPECT_EQ(parse({"-o", "retry_for=90"}).ftp.retry_for, milliseconds(90'000));
  EXPECT_EQ(parse({"-o", "soft,hard"}).ftp.retry_for, milliseconds::max());
  EXPECT_FALSE(parse({"-o", "hard,soft"}).ftp.waits_for_server());
}

TEST(Options, DebugStaysInTheForeground) {
  const Settings settings = parse({"-d"});
  EXPECT_TRUE(settings.foreground);
  EXPECT_TRUE(settings.mount.debug);
  EXPECT_EQ(settings.log_level, spdlog::level::trace);
}

TEST(Options, WhatFstabAndOtherProgramsSayIsAccepted) {
  EXPECT_NO_THROW(parse(
      {"-n", "-s", "-o",
       "auto,noauto,user,nouser,users,owner,group,defaults,nofail,_netdev,comment=x,x-systemd.automount,"
       "x-systemd.idle-timeout=10min,nonempty,large_read,hard_remove,use_ino,readdir_ino,krb4=private,"
       "engine=openssl,tcp_nodelay,intr,rw,"}));
  EXPECT_FALSE(parse({"-o", "user"}).user);
}

TEST(Options, UserMayBringItsPasswordWithAWarning) {
  const Settings settings = parse({"-o", "user=alice:a:b"});
  EXPECT_EQ(settings.user, "alice");
  EXPECT_EQ(settings.password, "a:b");
  EXPECT_EQ(settings.warnings.size(), 1u);
  EXPECT_EQ(parse({"-o", "password=x"}).warnings.size(), 1u);
  EXPECT_FALSE(parse({"-o", "user=alice"}).password);
}

TEST(Options, UnknownOnesAreRefusedWithTheNearestName) {
  EXPECT_EQ(refusal({"-o", "timout=3", "h:", "/m"}), "unknown option 'timout'; did you mean 'timeout'?");
  EXPECT_EQ(refusal({"--alow-other", "h:", "/m"}),
            "unknown option 'alow_other'; did you mean 'allow_other'?");
  EXPECT_EQ(refusal({"-o", "nofial", "h:", "/m"}), "unknown option 'nofial'; did you mean 'nofail'?");
  EXPECT_EQ(refusal({"-o", "ro,qqqqqqqq=1", "h:", "/m"}),
            "unknown option 'qqqqqqqq'; --help lists what there is");
  EXPECT_EQ(refusal({"-x", "h:", "/m"}), "unknown option '-x'; --help lists what there is");
}

TEST(Options, ValuesAreWantedWhereTheyBelong) {
  EXPECT_EQ(refusal({"-o", "timeout", "h:", "/m"}), "option timeout needs a value: timeout=SECS");
  EXPECT_EQ(refusal({"-o", "ro=1", "h:", "/m"}), "option ro takes no value");
  EXPECT_EQ(refusal({"-o", "upload=fast", "h:", "/m"}), "option upload: is one of: auto, atomic, inplace");
  EXPECT_EQ(refusal({"-o", "port=0", "h:", "/m"}), "option port: '0' is not a number from 1 to 65535");
  EXPECT_EQ(refusal({"h:", "/m", "-o"}), "-o needs a value");
}

// As libmount passes them: mount.ftpfs SOURCE DIRECTORY -s -f -n -v -o OPTIONS -t TYPE -N NAMESPACE.
TEST(Options, FlagsOfAMountHelperAreThoseOfMount) {
  const std::vector<std::string> arguments{"host:", "/mnt",       "-s", "-f",
                                           "-n",    "-v",         "-o", "ro,_netdev,user=alice",
                                           "-t",    "fuse.ftpfs", "-N", "/proc/1/ns/mnt"};
  const Settings settings = parse_arguments(arguments, Invocation::mount_helper);
  EXPECT_TRUE(settings.fake);
  EXPECT_FALSE(settings.foreground);
  EXPECT_TRUE(settings.mount.read_only);
  EXPECT_EQ(settings.mount_namespace, "/proc/1/ns/mnt");
  EXPECT_EQ(settings.log_level, spdlog::level::info);
  EXPECT_EQ(refusal({"host:", "/mnt", "-t", "fuse.ftpfs"}),
            "unknown option '-t'; --help lists what there is");
}

TEST(Options, TheNameSaysWhoHasStartedUs) {
  EXPECT_EQ(invocation_of("/usr/bin/ftpfs"), Invocation::command);
  EXPECT_EQ(invocation_of("ftpfs"), Invocation::command);
  EXPECT_EQ(invocation_of("/mount.d/ftpfs"), Invocation::command);
  EXPECT_EQ(invocation_of("/sbin/mount.ftpfs"), Invocation::mount_helper);
  EXPECT_EQ(invocation_of("mount.fuse.ftpfs"), Invocation::mount_helper);
  EXPECT_EQ(invocation_of("/sbin/umount.fuse.ftpfs"), Invocation::umount_helper);
  EXPECT_EQ(invocation_of(""), Invocation::command);
}

TEST(Options, HelpAndVersionNeedNothingElse) {
  EXPECT_EQ(parse_arguments(std::vector<std::string>{"-h"}).action, Settings::Action::help);
  EXPECT_EQ(parse_arguments(std::vector<std::string>{"--help"}).action, Settings::Action::help);
  EXPECT_EQ(parse_arguments(std::vector<std::string>{"-V"}).action, Settings::Action::version);
  EXPECT_EQ(parse_arguments(std::vector<std::string>{"--version", "--nonsense"}).action,
            Settings::Action::version);
}

}  // namespace
}  // namespace ftpfs::cli
