# SPDX-License-Identifier: MIT
"""What happens to a server and its connections. Each fault says whether it really happened."""
import os
import pathlib
import random
import signal
import subprocess
import time


def children(process):
    """All below it, as process ids."""
    found, unseen = [], [process]
    while unseen:
        for task in pathlib.Path(f"/proc/{unseen.pop()}/task").glob("*/children"):
            try:
                more = [int(word) for word in task.read_text().split()]
            except OSError:
                continue
            found += more
            unseen += more
    return found


def send(processes, number):
    hit = 0
    for process in processes:
        try:
            os.kill(process, number)
            hit += 1
        except ProcessLookupError:
            pass
    return hit > 0


def sessions_die(server):
    """One half of the server's processes, at once: the kernel resets what they had open."""
    serving = children(server.process.pid)
    return send(random.sample(serving, (len(serving) + 1) // 2), signal.SIGKILL)


def server_restarts(server):
    """All of it, and it is away for a moment."""
    serving = children(server.process.pid)
    server.close()
    send(serving, signal.SIGKILL)
    time.sleep(random.choice([0.1, 1, 4]))
    server.start()
    return True


def server_stands_still(server):
    """The connections live, and nobody answers."""
    still = [server.process.pid, *children(server.process.pid)]
    try:
        happened = send(still, signal.SIGSTOP)
        time.sleep(random.choice([0.5, 3, 8]))
    finally:
        send(still, signal.SIGCONT)
    return happened


def connections_are_reset(server):
    """By the kernel, at both ends. Where it cannot (CONFIG_INET_DIAG_DESTROY), nothing happens."""
    command = ["ss", "-H", "-K", "dst", server.address, "dport", "=", str(server.port)]
    return bool(subprocess.run(command, capture_output=True, text=True).stdout.strip())


ALL = [sessions_die, server_restarts, server_stands_still, connections_are_reset]
