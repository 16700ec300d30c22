# SPDX-License-Identifier: MIT
"""The columns of the table: the clients without a mount, and the tools that mount."""
import shutil
import subprocess
import sys

from server import PASSWORD, USER

RAW, PGET, RCLONE, FTPFS = "curl/lftp", "lftp pget -n 4", "rclone", "ftpfs"
COLUMNS = [RAW, PGET, RCLONE, "rclone-writes", "rclone-full", "curlftpfs", FTPFS]


class RawClient:
    """Mounts nothing; what it does for a row is in the row itself."""

    mounts = False

    def __init__(self, name, *programs):
        self.name = name
        self.programs = programs

    def missing(self):
        return next((f"{program} is not installed" for program in self.programs if not shutil.which(program)), None)


class MountingTool:
    """How to run one tool in the foreground: command(scene, mountpoint, private folder, options) -> arguments."""

    mounts = True

    def __init__(self, name, program, command, environment=None):
        self.name = name
        self.program = program
        self.command = command
        self.environment = environment or {}
        self.caches_contents = False

    def missing(self):
        return None if shutil.which(self.program) else f"{self.program} is not installed"

    def knows(self, option):
        done = subprocess.run([self.program, "--help"], capture_output=True, text=True)
        return option.split("=")[0] in done.stdout


def rclone(name, cache_mode):
    """Write-back at once: the bench waits until the server has the file, and rclone would wait 5 s first."""

    def command(scene, mountpoint, private, _):
        obscured = subprocess.check_output(["rclone", "obscure", PASSWORD], text=True).strip()
        secure = ",explicit_tls=true,no_check_certificate=true" if scene.server.certificate else ""
        remote = f":ftp,host={scene.server.address},port={scene.server.port},user={USER},pass={obscured}{secure}:"
        return ["rclone", "mount", "--config", "/dev/null", "--cache-dir", private, "--vfs-cache-mode", cache_mode,
                "--vfs-write-back", "0s", remote, mountpoint]

    tool = MountingTool(name, "rclone", command)
    tool.caches_contents = cache_mode != "off"
    return tool


def curlftpfs():
    def command(scene, mountpoint, *_):
        secure = ",ssl,no_verify_peer,no_verify_hostname" if scene.server.certificate else ""
        url = f"ftp://{scene.server.address}:{scene.server.port}/"
        return ["curlftpfs", "-f", "-o", f"user={USER}:{PASSWORD}{secure}", url, mountpoint]

    return MountingTool("curlftpfs", "curlftpfs", command)


def ftpfs(program, verbose):
    def command(scene, mountpoint, private, options):
        options = [f"spool_dir={private}/spool", *options]
        if scene.server.certificate:
            options.append(f"server_cert={scene.server.certificate}")
        scheme = "ftpes" if scene.server.certificate else "ftp"
        url = f"{scheme}://{USER}@{scene.server.address}:{scene.server.port}/"
        return [program, "-f", *(["-vv"] if verbose else []), "-o", ",".join(options), url, mountpoint]

    return MountingTool(FTPFS, program, command, {"FTPFS_PASSWORD": PASSWORD})


def choose(all_of_them, names, what):
    known = {each.name: each for each in all_of_them}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no such {what}: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]


def choose_tools(program, names, verbose):
    """Those that are asked for must be there; of all of them those that are."""
    tools = [RawClient(RAW, "curl", "lftp"), RawClient(PGET, "lftp"), rclone(RCLONE, "off"),
             rclone("rclone-writes", "writes"), rclone("rclone-full", "full"), curlftpfs(), ftpfs(program, verbose)]
    if names:
        tools = choose(tools, names, "tool")
    present = []
    for tool in tools:
        reason = tool.missing()
        if not reason:
            present.append(tool)
        elif names:
            sys.exit(f"{tool.name}: {reason}")
        else:
            print(f"Left out: {tool.name} ({reason}).", file=sys.stderr)
    return present
