# SPDX-License-Identifier: MIT
"""The work of the table done without a mount, by curl and lftp: what the wire and the server allow.

curl moves big files, lftp does the rest; four connections (`mirror --parallel=4`) where that helps. What lftp has no
command for is done by Python's ftplib.
"""
import contextlib
import ftplib
import io
import socket

import scene as sizes
from processes import Failure, Limit, TooLong, finish, run, start
from server import PASSWORD, USER


def curl(scene, path, *options):
    secure = ["--ssl-reqd", "--tlsv1.3", "--cacert", scene.server.certificate] if scene.server.certificate else []
    return ["curl", "--silent", "--show-error", *secure, *options, scene.server.url(path)]


def lftp(scene, commands, output=None):
    words = ["lftp", "-c", f"open {scene.server.url()}; {commands}"]
    if output:
        with open(output, "w") as file:
            run(words, file)
    else:
        run(words)


@contextlib.contextmanager
def log_in(scene):
    try:
        with ftplib.FTP(timeout=Limit.seconds) as session:
            session.connect(scene.server.address, scene.server.port)
            session.login(USER, PASSWORD)
            session.voidcmd("TYPE I")
            yield session
    except TimeoutError:
        raise TooLong("no answer") from None


def read(name):
    return lambda scene: run(curl(scene, name, "--output", "/dev/null"))


def read_in_pieces(name):
    """Four connections, each a quarter of the file."""

    def work(scene):
        folder = scene.empty_folder("fetched")
        lftp(scene, f"pget -n 4 {name} -o {folder}/file")
        if (folder / "file").stat().st_size != (scene.root / name).stat().st_size:
            raise Failure("lftp did not fetch everything")

    return work


def read_at_once(readers):
    def work(scene):
        processes = [start(curl(scene, f"reader{number}", "--output", "/dev/null")) for number in range(readers)]
        for process in processes:
            finish(process, "curl")

    return work


def read_tail(name):
    return lambda scene: run(curl(scene, name, "--range", "-100", "--output", "/dev/null"))


def read_small(scene):
    folder = scene.empty_folder("fetched")
    lftp(scene, f"mirror --parallel=4 small {folder}/small")
    if len(list((folder / "small").iterdir())) != sizes.SMALL_FILES:
        raise Failure("lftp did not fetch everything")


def read_at(offsets):
    def work(scene):
        with log_in(scene) as session:
            for offset in offsets:
                read_piece(session, offset)

    return work


def read_piece(session, offset):
    with session.transfercmd("RETR big", rest=offset) as data:
        if len(data.recv(sizes.SMALL_SIZE, socket.MSG_WAITALL)) != sizes.SMALL_SIZE:
            raise Failure("a short read")
    with contextlib.suppress(ftplib.error_temp):  # 426: we hung up
        session.voidresp()


def list_names(name):
    return lambda scene: run(curl(scene, f"{name}/", "--output", "/dev/null"))


def walk(scene):
    found = scene.base / "found"
    lftp(scene, "find walk", found)
    expected = 1 + sizes.FOLDERS * (1 + sizes.FILES_PER_FOLDER)
    if len(found.read_text().splitlines()) != expected:
        raise Failure("lftp did not find everything")


def send(scene):
    run(curl(scene, "up/sent", "--upload-file", scene.sources / "sent"))


def send_small(scene):
    lftp(scene, f"mirror -R --parallel=4 --no-perms {scene.sources}/small up")


def append(lines):
    def work(scene):
        with log_in(scene) as session:
            for line in lines:
                session.storbinary("APPE up/log", io.BytesIO(line.encode()))

    return work


def remove(scene):
    names = " ".join(sizes.small_name(number) for number in range(sizes.SMALL_FILES))
    lftp(scene, f"cd up; rm {names}")


def remove_tree(scene):
    lftp(scene, "rm -r up/tree")
