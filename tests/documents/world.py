# SPDX-License-Identifier: MIT
"""The machine that the documents talk about: its names, users, folders, certificates and servers, and ftpfs installed.

It is made of namespaces and tmpfs: nothing of it is seen outside, and it ends with the process that made it."""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

from terminal import Command

HERE = os.path.dirname(os.path.abspath(__file__))
EVERYTHING = ("nas.example.org ftp.example.org www.example.org seedbox.example.org drop.example.org "
              "media.example.org fritz.box")
HOSTS = f"""127.0.0.1 localhost {EVERYTHING}
127.0.0.2 firewalled.example.org
127.0.0.3 selfsigned.example.org
127.0.0.4 ssh.example.org
127.0.0.5 nobody.example.org
"""
SIOCSIFFLAGS = 0x8914
HELPERS = ("mount.ftpfs", "mount.fuse.ftpfs", "umount.ftpfs", "umount.fuse.ftpfs")


def obstacle():
    """Why there can be no such world, or None."""
    if os.geteuid() != 0:
        return "not root"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    for program in ("unshare", "openssl", "fusermount3", "mount"):
        if not shutil.which(program):
            return f"no {program}"
    try:
        import OpenSSL, pyftpdlib  # noqa: F401, E401
    except ImportError as missing:
        return str(missing)
    return None


def enter():
    """Goes on in namespaces of its own; returns there."""
    if os.environ.get("FTPFS_DOCUMENTS_WORLD") == "entered":
        return
    os.environ["FTPFS_DOCUMENTS_WORLD"] = "entered"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                          "--propagation", "private", sys.executable, *sys.argv])


def raise_loopback():
    with socket.socket() as any_socket:
        up_and_running = struct.pack("16sh14x", b"lo", 0x41)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, up_and_running)


def sh(command):
    subprocess.run(["/bin/sh", "-ec", command], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


class World:
    def __init__(self, program, repository):
        self.base = "/run/world"  # what the repository has is copied there: it may lie in /home
        raise_loopback()
        sh("mount -t tmpfs -o mode=755 ftpfs-documents /run && mkdir /run/world")
        sh(f"cp {program} {self.base}/ftpfs && cp -r {HERE}/server.py {repository}/packaging/examples {self.base}/")
        sh(f"mknod -m 666 {self.base}/fuse c 10 229 && mount --bind {self.base}/fuse /dev/fuse")  # as udev makes it
        self._install()
        self._settle_etc()
        self._make_folders()
        self._certify()
        self.tree = f"{self.base}/tree"
        self.renew_tree()
        self.server = subprocess.Popen(
            ["/usr/bin/python3", f"{self.base}/server.py", self.tree, f"{self.base}/all.pem", f"{self.base}/nobody.pem"],
            stdout=subprocess.PIPE, text=True)
        if self.server.stdout.readline() != "ready\n":
            raise RuntimeError("the servers did not start")

    def _install(self):
        """ftpfs and its helpers appear in /usr/sbin beside what is there, as links."""
        sh(f"""mkdir {self.base}/sbin {self.base}/sbin-before
               mount --bind /usr/sbin {self.base}/sbin-before
               cp -rs {self.base}/sbin-before/. {self.base}/sbin/""")
        for name in ("ftpfs", *HELPERS):
            link = f"{self.base}/sbin/{name}"
            if os.path.lexists(link):
                os.remove(link)
            os.symlink(f"{self.base}/ftpfs", link)
        sh(f"mount --bind {self.base}/sbin /usr/sbin")

    def _settle_etc(self):
        sh(f"cp -a /etc {self.base}/etc && mount --bind {self.base}/etc /etc")
        write("/etc/hosts", HOSTS)
        write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        write("/etc/fuse.conf", "# user_allow_other\n")
        sh("sed -i '/^alice:/d; /:1000:/d' /etc/passwd; sed -i '/^staff:/d' /etc/group")
        sh("echo 'alice:x:1000:1000:Alice:/home/alice:/bin/bash' >>/etc/passwd; echo 'staff:x:50:' >>/etc/group")
        write("/etc/fstab", "")
        sh(f"mkdir /etc/ftpfs && install -m 600 {self.base}/examples/nas.* /etc/ftpfs/")

    def _make_folders(self):
        for folder in ("/home", "/mnt", "/srv", "/media", "/var/lib"):
            sh(f"mount -t tmpfs -o mode=755 ftpfs-documents {folder}")
        sh("mkdir -p /home/alice /srv/alice && chown 1000:1000 /home/alice /srv/alice")

    def _certify(self):
        """An authority that this machine trusts, and a certificate of it for every name; one that nobody signed."""
        names = ",".join(f"DNS:{name}" for name in EVERYTHING.split())
        key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
        sh(f"""cd {self.base}
               openssl req -x509 {key} -keyout ca.key -out ca.crt -subj '/CN=Authority of the documents'
               openssl req {key} -keyout all.key -out all.csr -subj /CN=nas.example.org
               printf 'subjectAltName={names}' >all.ext
               openssl x509 -req -in all.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile all.ext -out all.crt
               cat all.crt all.key >all.pem
               openssl req -x509 {key} -keyout nobody.key -out nobody.crt -subj /CN=selfsigned.example.org \
                 -addext subjectAltName=DNS:selfsigned.example.org
               cat nobody.crt nobody.key >nobody.pem
               mount -t tmpfs -o mode=755 ftpfs-documents /etc/ssl/certs
               cp ca.crt /etc/ssl/certs/$(openssl x509 -hash -noout -in ca.crt).0
               cp ca.crt /etc/ssl/certs/ca-certificates.crt""")

    def renew_tree(self):
        """What the server shows at the beginning of each block."""
        sh(f"""mkdir -p {self.tree} && cd {self.tree} && rm -rf ./* && umask 022
               mkdir -p share/music share/photos pub backup htdocs/wp-content site downloads incoming films docs
               mkdir -p FRITZ.NAS/Musik
               printf 'Welcome!\\nThis directory lives on an FTP server.\\n' >README.txt
               printf 'color = blue\\nsize = 10\\n' >docs/settings.ini
               printf '2026-01-01 the log begins\\n' >docs/diary.log
               printf 'a {{ color: blue }}\\n' >site/style.css
               head -c 3000000 /dev/zero >share/photos/sunset.jpg
               find . -exec touch -d '2026-01-02 03:04:05 UTC' {{}} +""")

    def environment(self):
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "TERM": "dumb",
                "ASAN_OPTIONS": "detect_leaks=0"}  # other tests look for leaks; that takes a fifth of the time

    def start(self, command, user="root", **more):
        return Command(command, user, self.environment(), **more)

    def run(self, command, user="root", **more):
        return self.start(command, user, **more).wait()

    def mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            return [line.split()[4].replace("\\040", " ") for line in table if " - fuse.ftpfs " in line]

    def unmount_all(self):
        """Nothing is left of a block but what it wrote outside of the tree."""
        for place in reversed(self.mounts()):
            subprocess.run(["umount", place], check=False, capture_output=True)
        end = time.monotonic() + 10
        while self.mounts() and time.monotonic() < end:
            for place in self.mounts():
                subprocess.run(["umount", "-l", place], check=False, capture_output=True)
            time.sleep(0.05)
        self._bury()

    def _bury(self):
        """Daemons whose parent is gone are ours, the first process of this world."""
        while True:
            try:
                dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if dead is None or dead.si_pid == self.server.pid:
                return
            os.waitpid(dead.si_pid, 0)
