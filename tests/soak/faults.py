# SPDX-License-Identifier: MIT
"""What happens to a server and its connections. Each fault says whether it really happened."""
import os
import pathlib
import random
import signal
import subprocess
import time


def processes_of(server):
    """The one that listens and all sessions, also those that an earlier listener has left behind, as process ids."""
    mark = str(server.state).encode()
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "cmdline").read_bytes() and b"vsftpd" in (process / "comm").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def sessions_of(server):
    return [process for process in processes_of(server) if process != server.process.pid]


def send(processes, number):
    hit = 0
    for process in processes:
        try:
            os.kill(process, number)
            hit += 1
        except ProcessLookupError:
            pass
    return hit > 0


def end(server):
    """With what no longer belongs to it: sessions whose listener is gone, and those that stood still for good."""
    server.close()
    send(processes_of(server), signal.SIGKILL)


def sessions_die(server):
    """One half of the server's processes, at once: the kernel resets what they had open."""
    serving = sessions_of(server)
    return send(random.sample(serving, (len(serving) + 1) // 2), signal.SIGKILL)


def server_restarts(server):
    """All of it, and it is away for a moment."""
    end(server)
    time.sleep(random.choice([0.1, 1, 4]))
    server.start()
    return True


def server_stands_still(server):
    """The connections live, and nobody answers."""
    still = processes_of(server)
    try:
        happened = send(still, signal.SIGSTOP)
        time.sleep(random.choice([0.5, 3, 8]))
    finally:
        send(still, signal.SIGCONT)
    time.sleep(2)  # the sessions go on, as far as they can
    end_stuck_sessions(server)
    return happened


def end_stuck_sessions(server):
    """vsftpd 3.0.3's process with rights takes it for the end of the one that serves that this was stopped, and waits
    for that end. What serves then waits for help with its next data connection, for ever, and keeps the file locked."""
    for process in sessions_of(server):
        try:
            waits = pathlib.Path(f"/proc/{process}/wchan").read_text() == "do_wait"
            children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text()
        except OSError:
            continue
        if waits:
            send([int(child) for child in children.split()], signal.SIGKILL)


def connections_are_reset(server):
    """By the kernel, at both ends. Where it cannot (CONFIG_INET_DIAG_DESTROY), nothing happens."""
    command = ["ss", "-H", "-K", "dst", server.address, "dport", "=", str(server.port)]
    return bool(subprocess.run(command, capture_output=True, text=True).stdout.strip())


ALL = [sessions_die, server_restarts, server_stands_still, connections_are_reset]
