# SPDX-License-Identifier: MIT
"""TROUBLESHOOTING of ftpfs(1) quotes what ftpfs says. Here is how to make it say each of that; what takes a
minute, or only the log tells, is looked for among the strings of the sources."""
import glob
import re

PIN = "0" * 64
# Text of the man page -> (user, command). `...` is whatever stands for .Ar there.
SAID = {
    "look up ...: Host not found": ("root", "ftpfs unknown.example.org: /mnt/m"),
    "connect to ... port ...: ...": ("root", "ftpfs nobody.example.org: /mnt/m"),
    "login as ... refused (server said: ...)": ("root", "echo wrong | ftpfs -o password_stdin joe@nas.example.org: /mnt/m"),
    "no password for user '...': give credentials=FILE, password_stdin or FTPFS_PASSWORD_FILE":
        ("root", "ftpfs joe@nas.example.org: /mnt/m </dev/null"),
    "credentials=...: others can read it: chmod 600 it":
        ("root", "echo password=x >/mnt/open; chmod 644 /mnt/open; ftpfs -o credentials=/mnt/open joe@nas.example.org: /mnt/m"),
    "the server's certificate is not trusted, ...": ("root", "ftpfs selfsigned.example.org: /mnt/m"),
    "it is not for this host name": ("root", "ftpfs ftpes://localhost/ /mnt/m"),
    "the server's certificate is not the pinned one": ("root", f"ftpfs -o tls_pin=sha256:{PIN} nas.example.org: /mnt/m"),
    "server refuses TLS": ("root", "ftpfs ftpes://firewalled.example.org/ /mnt/m"),
    "the server wants TLS, and tls=off does without": ("root", "ftpfs -o tls=off selfsigned.example.org: /mnt/m"),
    "not an FTP server": ("root", "ftpfs ssh.example.org: /mnt/m"),
    "no data connection": ("root", "ftpfs firewalled.example.org: /mnt/m"),
    "unknown option '...'; did you mean '...'?": ("root", "ftpfs -o max_con=1 nas.example.org: /mnt/m"),
    "mountpoint ...: does not exist": ("root", "ftpfs nas.example.org: /mnt/nowhere"),
    "mountpoint ...: is not empty": ("root", "ftpfs nas.example.org: /etc"),
    "mountpoint ...: an ftpfs is mounted there already":
        ("root", "ftpfs nas.example.org: /mnt/m; ftpfs nas.example.org: /mnt/m"),
    "mountpoint ...: mounting there needs write permission": ("alice", "ftpfs nas.example.org: /mnt/m"),
    "allow_other and allow_root need root, or the line user_allow_other in /etc/fuse.conf":
        ("alice", "mkdir ~/m; ftpfs -o allow_other nas.example.org: ~/m"),
    "there is no /dev/fuse: load the fuse module (modprobe fuse)":
        ("root", "unshare --mount sh -c 'mount -t tmpfs none /dev; mknod /dev/null c 1 3; ftpfs nas.example.org: /mnt/m'"),
    "spool directory ...: ...": ("root", "mkdir -m 777 /mnt/open; ftpfs -o spool_dir=/mnt/open nas.example.org: /mnt/m"),
    "Transport endpoint is not connected":
        ("root", "ftpfs nas.example.org: /mnt/m; kill -9 $(pidof ftpfs); while ls /mnt/m 2>&1 | grep -q abort; do :; done;"
                 "ls /mnt/m; e=$?; umount -l /mnt/m; exit $e"),
    "target is busy": ("root", "ftpfs nas.example.org: /mnt/m; cd /mnt/m; umount /mnt/m"),
}


def quoted(page):
    """The texts of the section, `...` for each argument."""
    section = re.search(r"^\.Sh TROUBLESHOOTING\n(.*?)^\.Sh ", page, re.DOTALL | re.MULTILINE)
    for item in re.findall(r"^\.It (.*)$", section[1] if section else "", re.MULTILINE):
        words, literal, glue = "", True, True
        for word in item.split():
            if word in ("Li", "Ar"):
                literal = word == "Li"
            elif word == "Ns":
                glue = True
            else:
                words += ("" if glue else " ") + (word if literal else "...")
                glue = False
        yield words.replace(r"\(aq", "'").replace(r"\&", "").replace(r"\e", "\\")


def pattern(text):
    return ".*".join(re.escape(part) for part in text.split("..."))


def strings_of(sources):
    """What the sources say, neighbouring literals in one, `...` for each {}."""
    text = ""
    for path in glob.glob(f"{sources}/**/*.cpp", recursive=True):
        with open(path, encoding="utf-8") as file:
            text += re.sub(r'"\s*\n\s*"', "", file.read())
    return re.sub(r"\{[^{}\n]*\}", "...", text)


def check(here, page, complain, said):
    texts = list(quoted(page))
    for text in texts:
        if text not in SAID:
            if text not in said:
                complain("man/ftpfs.1", f"TROUBLESHOOTING quotes what nobody says: {text}")
            continue
        user, command = SAID[text]
        here.run("mkdir -p /mnt/m; rm -rf /mnt/open /home/alice/m")
        status, printed = here.run(command, user)
        if status == 0 or not re.search(pattern(text), printed):
            complain("man/ftpfs.1", f"{command}: exit status {status}, prints: {printed}instead of: {text}")
        here.unmount_all()
    for text in SAID.keys() - set(texts):
        complain("tests/documents/troubles.py", f"TROUBLESHOOTING does not tell about: {text}")
    return len(texts)
