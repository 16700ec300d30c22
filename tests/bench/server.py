# SPDX-License-Identifier: MIT
"""One vsftpd, where the network says, in clear or with TLS 1.3; on demand it logs every command."""
import contextlib
import pathlib
import socket
import subprocess

from processes import start_daemon, stop, wait_for

SERVE = pathlib.Path(__file__).resolve().parent.parent / "servers" / "serve"
USER, PASSWORD = "tester", "opensesame"  # the one user of tests/servers/serve
LOG_OF_COMMANDS = ["xferlog_enable=YES", "xferlog_std_format=NO", "log_ftp_protocol=YES"]


class Server:
    def __init__(self, scene, network, tls=False, log=False):
        self.scene = scene
        self.root = scene.root
        self.state = scene.base / "state"
        self.network = network
        self.address = network.address
        self.certificate = make_certificate(scene.base, self.address) if tls else None
        self.log = self.state / "commands" if log else None
        self.port = None
        self.process = None

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Also once more after close(), where it was."""
        self.scene.empty_folder("state")
        try:
            self.process = start_daemon(self.command(), stderr=None)
            wait_for(self.answers, "the server's greeting", 20)
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.process:
            stop(self.process)

    def command(self):
        command = [*self.network.at_server, SERVE, "-a", self.address]
        if self.log:
            for line in [*LOG_OF_COMMANDS, f"vsftpd_log_file={self.log}"]:
                command += ["-e", line]
        if self.certificate:
            command += ["-t", "explicit", "-k", self.certificate.with_suffix(".pem"), "-v", "1.3"]
        return [*command, "vsftpd", self.root, self.state, str(self.port)]

    def answers(self):
        if self.process.poll() is not None:
            raise SystemExit("vsftpd does not run; has tests/servers/install been run?")
        with contextlib.suppress(ConnectionRefusedError):
            with socket.create_connection((self.address, self.port), 1) as control:
                return control.recv(3) == b"220"
        return False

    def url(self, path=""):
        return f"ftp://{USER}:{PASSWORD}@{self.address}:{self.port}/{path}"


def make_certificate(folder, address):
    """server.crt signs itself; server.pem holds its key too, as vsftpd wants it."""
    certificate, both = folder / "server.crt", folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=ftpfs-bench", "-addext", f"subjectAltName=IP:{address}",
                    "-keyout", both, "-out", certificate], check=True, capture_output=True)
    with open(both, "a") as file:
        file.write(certificate.read_text())
    return certificate
