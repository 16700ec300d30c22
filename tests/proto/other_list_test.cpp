// SPDX-License-Identifier: MIT
// The families of LIST that are not Unix.
#include <gtest/gtest.h>

#include "list_table.hpp"

namespace ftpfs::test {
namespace {

TEST(DosList, Lines) {
  expect_list_lines({
      {"03-18-98  06:01AM              2109440 file.tar", "file.tar file 2109440 - 1998-03-18T06:01"},
      {"03-18-1998  06:01PM              2109440 file.tar", "file.tar file 2109440 - 1998-03-18T18:01"},
      {"03-18-26  06:01PM              2109440 file.tar", "file.tar file 2109440 - 2026-03-18T18:01"},
      {"03-18-69  06:01PM              1 a", "a file 1 - 2069-03-18T18:01"},
      {"03-18-70  06:01PM              1 a", "a file 1 - 1970-03-18T18:01"},
      {"11-02-09  05:32PM       <DIR>          My Directory", "My Directory dir - - 2009-11-02T17:32"},
      {"12-25-10  12:00AM       <DIR>          midnight", "midnight dir - - 2010-12-25T00:00"},
      {"12-25-10  12:00PM       <DIR>          noon", "noon dir - - 2010-12-25T12:00"},
      {"12-25-10  17:03         <DIR>          24 hours", "24 hours dir - - 2010-12-25T17:03"},
      {"2002-09-02  18:48       <DIR>          iso", "iso dir - - 2002-09-02T18:48"},
      {"2002-09-02  19:06                9,730 grouped", "grouped file 9730 - 2002-09-02T19:06"},
      {"09/22/2014  10:32 AM             1,234,567 us", "us file 1234567 - 2014-09-22T10:32"},
      {"22.07.2014  10:32             1.234.567 german", "german file 1234567 - 2014-07-22T10:32"},
      {"22-07-14  10:32AM             5 day first", "day first file 5 - 2014-07-22T10:32"},
      {"05.02.2001  17:52       <DIR>          dots", "dots dir - - 2001-02-05T17:52"},
      {"02-05-01  05:52p       <DIR>          one letter", "one letter dir - - 2001-02-05T17:52"},
      {"02-05-01  12:52a              7 one letter", "one letter file 7 - 2001-02-05T00:52"},
      {"02-05-01  05:52x              7 no half of a day", nullptr},
      {"03-18-98  06:01AM              5  blank first", " blank first file 5 - 1998-03-18T06:01"},
      {"03-18-98  06:01AM              5 a -> b", "a -> b file 5 - 1998-03-18T06:01"},
      {"10-23-00  01:27PM       <JUNCTION>     b => foo", "b link - - 2000-10-23T13:27 > foo"},
      {"10-23-00  01:27PM       <JUNCTION>     c -> foo bar", "c link - - 2000-10-23T13:27 > foo bar"},
      {"10-23-00  01:27PM       <SYMLINKD>     d [C:\\foo bar]", "d link - - 2000-10-23T13:27 > C:\\foo bar"},
      {"10-23-00  01:27PM       <SYMLINK>      e", "e link - - 2000-10-23T13:27"},
      {"04-23-10  03:12AM       <DIR>          ..", nullptr},
      {"12-07-10  12:05AM       1234    ", nullptr},
      {"12-07-10  12:05AM       <DIR>", nullptr},
      {"12-07-10  12:05AM       <WRONG> x", nullptr},
      {"12-07-10  12:05AM       -1 x", nullptr},
      {"12-07-10  13:05PM       1 x", nullptr},
      {"12-07-10  25:05       1 x", nullptr},
      {"99-25-10  12:00AM       1 x", nullptr},
      {"13-13-10  12:00AM       1 x", nullptr},
      {"12-07-10  AM       1 x", nullptr},
      {"12-07-10  d  AM    1 x", nullptr},
      {"12-07-10  pp       1 x", nullptr},
      {"12-07-10", nullptr},
      {"12-07-10  12:05AM", nullptr},
  });
}

TEST(NameFirstList, Lines) {
  expect_list_lines({
      {"DESIGN1.DOC          11264      05-11-95        14:20", "DESIGN1.DOC file 11264 - 1995-05-11T14:20"},
      {"CMT             <DIR>           11-21-94        10:17", "CMT dir - - 1994-11-21T10:17"},
      {"README.TXT    4096   Oct 30 1995", "README.TXT file 4096 - 1995-10-30"},
      {"README.TXT    4096   05-11-95   14:20  more", nullptr},
  });
}

TEST(SizeFirstList, Lines) {
  expect_list_lines({
      {"36611      A    04-23-103  10:57  two words", "two words file 36611 - 2003-04-23T10:57"},
      {" 1123      AHRS    07-14-99   12:37  x", "x file 1123 - 1999-07-14T12:37"},
      {"     0           DIR   12-30-97   12:32  d", "d dir 0 - 1997-12-30T12:32"},
      {"               169               11-29-94  09:20  SYSLEVEL.MPT",
       "SYSLEVEL.MPT file 169 - 1994-11-29T09:20"},
      {"2048    Feb-28-1998  05:23:30   a dir <DIR>", "a dir dir 2048 - 1998-02-28T05:23:30"},
      {"2048    Feb-28-1998  05:23:30   x", "x file 2048 - 1998-02-28T05:23:30"},
      {"206876  Apr 04, 2000 21:06 a file", "a file file 206876 - 2000-04-04T21:06"},
      {"0  Dec 12, 2002 02:13 a dir/", "a dir dir 0 - 2002-12-12T02:13"},
      {"  size          date       time       name", nullptr},
      {"--------       ------     ------    --------", nullptr},
      {"     0           DIR   13-05-97   25:49  x", nullptr},
      {"     0           dir   12-30-97   12:32  x", nullptr},
      {"587823    RSA    DIR   Jan-08-97   13:58  x", nullptr},
      {" 33280      A          1997-02-03 13:49  x", nullptr},
      {"     0           DIR   12-30-97   12:32", nullptr},
  });
}

TEST(VmsList, Lines) {
  expect_list_lines({
      {"LOGIN.COM;12               1/9           2-JUN-1998 07:32:04  [GROUP,OWNER]     (,RWED,RWED,RE)",
       "LOGIN.COM file 512 - 1998-06-02T07:32:04"},
      {"DATA.DIR;1     1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)", "DATA dir 512 - 1996-09-08T16:09"},
      {"lower.dir;1     1  8-SEP-1996 16:09", "lower dir 512 - 1996-09-08T16:09"},
      {"A.;2  18/18  1-JUL-1998  8:43:20", "A. file 9216 - 1998-07-01T08:43:20"},
      {"X.TXT;1  13-FEB-2002 23:32:40.47  2", "X.TXT file 1024 - 2002-02-13T23:32:40"},
      {"X.TXT;1 17-JUN-1994 17:25:37 6308/13 (RWED,R,)", "X.TXT file 3229696 - 1994-06-17T17:25:37"},
      {"X.TXT;1   [SUMMARY, ALL]    1/3     2-AUG-2006 13:05  (RWE, RWE,RE,)",
       "X.TXT file 512 - 2006-08-02T13:05"},
      {"X.TXT;1    2/8    7-JAN-2000    [IV2_XXX]   (RWED,RWED,RE,)", "X.TXT file 1024 - 2000-01-07"},
      {"X.ISO;2 ******  6-MAY-2008 09:29 [A,B] (RE,RWED,RE,RE)", "X.ISO file - - 2008-05-06T09:29"},
      {"LONG_NAME.TXT;1\r\n                     10     2-JUL-2003 10:30:08.59  [A,B]      (RWED,RWED,RE,)",
       "LONG_NAME.TXT file 5120 - 2003-07-02T10:30:08"},
      {"SECRET.TXT;1        %RMS-E-PRV, insufficient privilege or file protection violation",
       "SECRET.TXT other - - -"},
      {"*.*;0              <%RMS-E-FNF, file not found>", nullptr},
      {"X.LOG;23\r\n      <%SYSTEM-F-NOPRIV, insufficient privilege or object protection violation>",
       nullptr},
      {"Directory DISK$USER:[ANONYMOUS.PUB]", nullptr},
      {"Total of 11 files, 53 blocks.", nullptr},
      {"Grand total of 2 directories, 12 files, 53 blocks.", nullptr},
      {"[SOME.FILES]X.DIR;1 1/3 5-MAR-1993 18:09", "X dir 512 - 1993-03-05T18:09"},
      {"X.TXT;1    6/8    15-JUI-2002    OWNER   (RWED,RWED,RE,)", "X.TXT file 3072 - 2002-07-15"},
      {"X.TXT;1  a/9  2-JUN-1998 07:32:04  [A,B]  (RWED,RWED,RE,)", nullptr},
      {"X.TXT;1  9/9  2-JUN-1998 07:32:04 PM  [A,B]  (RWED,RWED,RE,)", nullptr},
      {"X.TXT;1  9/9  2-JUN-1998 07:32:04  [A,B]  (RWED2,RWED,RE,)", nullptr},
      {"X.TXT;1  9/9  JUN-2-1998 07:32:04", nullptr},
      {"X.TXT; 1  9/9  2-JUN-1998 07:32:04", nullptr},
      {"X.TXT;1", nullptr},
  });
}

TEST(ZosList, DataSets) {
  expect_list_lines({
      {"WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  SOME.FILE", "SOME.FILE file - - 2003-05-21"},
      {"WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO  SOME.LIBRARY",
       "SOME.LIBRARY dir - - 2004-03-04"},
      {"WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO-E  SOME.LIBRARY",
       "SOME.LIBRARY dir - - 2004-03-04"},
      {"NRP004 3390   **NONE**    1   15  NONE     0     0  PO  X.Y", "X.Y dir - - -"},
      {"TSO005 3390   2005/06/06 213000 U 0 27998 PO X.Y", "X.Y dir - - 2005-06-06"},
      {"YNSABH 3390   2022/02/18  1+++++  VBS  32767 27966  PS  $.BDATA.XBB",
       "$.BDATA.XBB file - - 2022-02-18"},
      {"TSO004 3390   VSAM SOME.CLUSTER", "SOME.CLUSTER file - - -"},
      {"SESPUS 3380                                        VSAM SOME.INDEX", "SOME.INDEX file - - -"},
      {"                                                   VSAM SOME.CLUSTER", "SOME.CLUSTER file - - -"},
      {"                                                   PATH SOME.PATH", "SOME.PATH file - - -"},
      {"                                                   AIX  SOME.AIX", "SOME.AIX file - - -"},
      {"GDG                                                SOME.GROUP", "SOME.GROUP dir - - -"},
      {"                                                   GDG  SOME.GROUP", "SOME.GROUP dir - - -"},
      {"WYOSPT 3420   2003/05/21  1  200  FB      80  8053  GDG SOME.GROUP", "SOME.GROUP dir - - 2003-05-21"},
      {"              2003/05/21  1  200  FB      80  8053  PS  NO.VOLUME", "NO.VOLUME file - - 2003-05-21"},
      {"WYOSPT        2003/05/21  1  200  FB      80  8053  PO  NO.UNIT", "NO.UNIT dir - - 2003-05-21"},
      {"V43525 Tape                                             ON.TAPE", "ON.TAPE file - - -"},
      {"VSAM some words", nullptr},
      {"GDG lower", nullptr},
      {"Migrated                                                SOME.FILE", "SOME.FILE file - - -"},
      {"Pseudo Directory                                        SOME.LEVEL", "SOME.LEVEL dir - - -"},
      {"ARCIVE Not Direct Access Device                         SOME.FILE", "SOME.FILE file - - -"},
      {"USERX1 Error determining attributes                     SOME.FILE", "SOME.FILE file - - -"},
      {"Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname", nullptr},
  });
}

TEST(ZosList, Members) {
  expect_list_lines({
      {"MEMBER1   01.03 2002/09/12 2002/10/11 09:37    11    11     0 USER01",
       "MEMBER1 file - - 2002-10-11T09:37"},
      {"#MEMBER$  00B308 000411  00 FO                31    ANY", "#MEMBER$ file 45832 - -"},
      {"MEMBER3   000C48 00011F MEMBER4 00 FO RN ANY ANY", "MEMBER3 file 3144 - -"},
      {"MEMBER5", "MEMBER5 file - - -"},
      {"MEMBER6       ", "MEMBER6 file - - -"},
      {" Name     VV.MM   Created       Changed      Size  Init   Mod   Id", nullptr},
      {" Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode", nullptr},
      {"000000000x ", nullptr},
      {"12345", nullptr},
  });
}

TEST(ZosList, Jobs) {
  expect_list_lines({
      {"USER1     JOB01906  OUTPUT    3 Spool Files", "JOB01906 file - - -"},
      {"USER1     TSU01907  ACTIVE", "TSU01907 file - - -"},
      {"USER1     J0001908  USER1    OUTPUT A        RC=0000 5 spool files", "J0001908 file - - -"},
      {"USER1M62 TSU02305 USER1M62 OUTPUT TSU      RC=0000 3 spool files", "TSU02305 file - - -"},
      {"BPXAS    STC04218 START2   ACTIVE STC      ", "STC04218 file - - -"},
      {"USER1T   J0887691 USER1    OUTPUT A        (JCL error) 3 spool files", "J0887691 file - - -"},
      {"USER1C   JOB00100 USER1    INPUT  A        -HELD-", "JOB00100 file - - -"},
      {"USER1C   JOB00100 INPUT", "JOB00100 file - - -"},
      {"JOBNAME  JOBID    OWNER    STATUS CLASS", nullptr},
      {"--------", nullptr},
      {"         ID  STEPNAME PROCSTEP C DDNAME   BYTE-COUNT", nullptr},
      {"         001 JESE              H JESMSGLG      1200", nullptr},
      {"        STEPNAME HRECALL  PROCNAME        N/A", nullptr},
      {"3 spool files", nullptr},
  });
}

TEST(ZvmList, Lines) {
  expect_list_lines({
      {"README   ANONYMOU V         71       26        1 1997-04-02 12:33:20 TCP291",
       "README.ANONYMOU file 1846 - 1997-04-02T12:33:20"},
      {"DATA     FIXED    F         80       10        1 1997-04-02 12:33:20 TCP291",
       "DATA.FIXED file 800 - 1997-04-02T12:33:20"},
      {"SOURCES           DIR        -          -          - 1999-09-20 10:31:11 -",
       "SOURCES dir - - 1999-09-20T10:31:11"},
      {"DATA     FIXED    X         80       10        1 1997-04-02 12:33:20 TCP291", nullptr},
  });
}

TEST(Os400List, Lines) {
  expect_list_lines({
      {"OWNER           36864 12/25/04 14:06:34 *FILE      SOME.FILE",
       "SOME.FILE file 36864 - 2004-12-25T14:06:34"},
      {"OWNER            8192 25/12/98 14:06:34 *DIR       a dir/", "a dir dir 8192 - 1998-12-25T14:06:34"},
      {"OWNER            8192 04/12/25 14:06:34 *STMF      a file", "a file file 8192 - 2004-12-25T14:06:34"},
      {"OWNER            8192 31/12/25 14:06:34 *STMF      ambiguous ends",
       "ambiguous ends file 8192 - 2031-12-25T14:06:34"},
      {"OWNER            8192 04.12.13 14:06:34 *STMF      dots", "dots file 8192 - 2013-12-04T14:06:34"},
      {"OWNER            8192 2013-12-04 14:06:34 *STMF      iso", "iso file 8192 - 2013-12-04T14:06:34"},
      {"OWNER              36 12/25/04 14:06:34 *SYMLNK    a link", "a link link 36 - 2004-12-25T14:06:34"},
      {"OWNER                                   *MEM       SOME.FILE/MEMBER.MBR", "MEMBER.MBR file - - -"},
      {"                                        *MEM       SOME.FILE/MEMBER.MBR", "MEMBER.MBR file - - -"},
      {"OWNER            8192 25/12/98 14:06:34 *LIB       QGPL", "QGPL dir 8192 - 1998-12-25T14:06:34"},
      {"OWNER            8192 25/12/04 14:06:34 STMF      x", nullptr},
      {"*MEM /", nullptr},
      {"OWNER            8192 25/12/04 *STMF      x", nullptr},
      {"OWNER            8192 25/12/04 14:06:34 *STMF", nullptr},
      {"OWNER            8192 25/25/25 14:06:34 *STMF      x", nullptr},
  });
}

TEST(EplfList, Lines) {
  expect_list_lines({
      {"+i8388621.48594,m825718503,r,s280,up755\ta file", "a file file 280 0755 1996-03-01T22:15:03"},
      {"+m825718503,/,\ta dir", "a dir dir - - 1996-03-01T22:15:03"},
      {"+r,sx,m-,up9\tbad facts", "bad facts file - - -"},
      {"+m99999999999999999999,r\toverflow", "overflow file - - -"},
      {"+\tno facts", "no facts other - - -"},
      {"+r,s5", nullptr},
      {"+r,s5\t", nullptr},
  });
}

TEST(NonStopList, Lines) {
  expect_list_lines({
      {"ALV           101             2 27-Mar-08 14:15:05 54, 73 \"nnnn\"",
       "ALV file 2 - 2008-03-27T14:15:05"},
      {"EMSACSTM O    101           528  6-Apr-07 14:21:18 255,255 \"oooo\"",
       "EMSACSTM file 528 - 2007-04-06T14:21:18"},
      {"File         Code             EOF  Last Modification    Owner  RWEP", nullptr},
  });
}

TEST(Os9List, Lines) {
  expect_list_lines({
      {"20.20 07/03/29 1026 d-ewrewr 2650 85920 a dir", "a dir dir 85920 - 2007-03-29"},
      {" 0.0  88/02/18 1026 ----r-wr 26AC 5120 f", "f file 5120 - 1988-02-18"},
      {"Owner  Last modified  Attributes Sector Bytecount Name", nullptr},
  });
}

TEST(DlsList, Lines) {
  expect_list_lines({
      {"README              763  Information about this server", "README file 763 - -"},
      {"README              763", "README file 763 - -"},
      {"etc/                  =  11 Jul 21:04", "etc dir - - -"},
      {"morgan               14  -> ../real/morgan", "morgan link 14 - - > ../real/morgan"},
      {"a-name-too-long-for-its-column\n                    763  described here",
       "a-name-too-long-for-its-column file 763 - -"},
      {"word 763 more words", nullptr},
  });
}

}  // namespace
}  // namespace ftpfs::test
