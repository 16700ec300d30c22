# SPDX-License-Identifier: MIT
"""Where client and server are: both on loopback, or in two network namespaces with a long line between them.

The line is veth with netem where the kernel has it, and `bench_link` (link.cpp) where it has not.
"""
import ctypes
import os
import subprocess
from dataclasses import dataclass

from processes import Failure, start, stop

CLONE_NEWNET = 0x40000000
NAMESPACES = "/run/netns"
PREFIX = "ftpfs-bench-"
DEVICE = "line0"
SEED = 1
# What Linux gives a connection by default, whatever this machine is tuned to. What one connection has learned about the
# line must not help the next tool's.
SETTINGS = ["net.ipv4.tcp_rmem=4096 131072 6291456", "net.ipv4.tcp_wmem=4096 16384 4194304",
            "net.ipv4.tcp_no_metrics_save=1"]


@dataclass(frozen=True)
class Line:
    """Both ways together take `round_trip_ms`; `loss` is a share of the packets."""

    round_trip_ms: float
    rate_mbit: int
    loss: float = 0.0


class Loopback:
    """Nothing to make."""

    address = "127.0.0.1"
    how = "loopback"
    at_server = ()  # what runs a command where the server is

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class FarNetwork:
    """Makes both namespaces and the line, and moves the bench, with all it starts, to the client's."""

    address = "10.213.7.2"
    client_address = "10.213.7.1"

    def __init__(self, line, program):
        self.line = line
        self.program = program
        self.client = f"{PREFIX}{os.getpid()}-client"
        self.server = f"{PREFIX}{os.getpid()}-server"
        self.at_server = ("nsenter", f"--net={NAMESPACES}/{self.server}")
        self.process = None
        self.home = None
        self.how = None

    def __enter__(self):
        remove_leftovers()
        try:
            for name in (self.client, self.server):
                ip("netns", "add", name)
            if not self.join_by_netem():
                self.join_by_program()
            self.configure(self.client, self.client_address)
            self.configure(self.server, self.address)
            self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            with open(f"{NAMESPACES}/{self.client}") as place:
                enter(place.fileno())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def join_by_netem(self):
        """False where the kernel does not know netem. Half of the delay, and of the loss, is on each way."""
        ip("-n", self.client, "link", "add", DEVICE, "type", "veth", "peer", "name", DEVICE, "netns", self.server)
        netem = ["root", "netem", "delay", f"{self.line.round_trip_ms / 2}ms", "rate", f"{self.line.rate_mbit}mbit",
                 "loss", f"{self.line.loss * 100}%", "limit", "20000"]
        for name in (self.client, self.server):
            command = ["tc", "-n", name, "qdisc", "add", "dev", DEVICE, *netem]
            if subprocess.run(command, stderr=subprocess.DEVNULL).returncode != 0:
                ip("-n", self.client, "link", "delete", DEVICE)
                return False
        self.how = "veth, netem"
        return True

    def join_by_program(self):
        if not self.program.exists():
            raise SystemExit(f"{self.program} is missing; build it (target bench_link) or name it with --link")
        places = [f"{NAMESPACES}/{name}" for name in (self.client, self.server)]
        command = [self.program, DEVICE, *places, f"{self.line.round_trip_ms * 500:.0f}", f"{self.line.rate_mbit}",
                   f"{self.line.loss * 1e6:.0f}", f"{SEED}"]
        self.process = start(command, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "up\n":
            raise SystemExit(self.process.stderr.read() or "bench_link failed")
        self.how = "bench_link"

    def configure(self, name, address):
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "address", "add", f"{address}/24", "dev", DEVICE)
        ip("-n", name, "link", "set", DEVICE, "mtu", "9000", "txqueuelen", "10000", "up")
        for setting in SETTINGS:
            must(["nsenter", f"--net={NAMESPACES}/{name}", "sysctl", "-q", "-w", setting])

    def close(self):
        if self.home is not None:
            enter(self.home)
            os.close(self.home)
            self.home = None
        if self.process:
            stop(self.process)
        for name in (self.client, self.server):
            if os.path.exists(f"{NAMESPACES}/{name}"):
                ip("netns", "delete", name)


def must(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")


def ip(*words):
    must(["ip", *words])


def enter(place):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(place, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def remove_leftovers():
    """Of a bench that was killed: the process in its names is gone."""
    if not os.path.isdir(NAMESPACES):
        return
    for name in os.listdir(NAMESPACES):
        if name.startswith(PREFIX) and not os.path.exists(f"/proc/{name[len(PREFIX):].split('-')[0]}"):
            ip("netns", "delete", name)
