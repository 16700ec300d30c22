# SPDX-License-Identifier: MIT
"""The FTP servers of the documents' world: server.py TREE CERTIFICATE SELF_SIGNED. Prints "ready" when all listen.

127.0.0.1   every name of the documents: port 21 with TLS for who asks for it, port 990 with TLS from the first byte;
            any user, but the password "wrong" is
127.0.0.2   no TLS; its passive ports lead nowhere
127.0.0.3   insists on TLS, with a certificate that nobody signed
127.0.0.4   no FTP server
"""
import os
import socket
import sys
import threading

from pyftpdlib import handlers
from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
from pyftpdlib.log import config_logging
from pyftpdlib.servers import FTPServer


class Anybody(DummyAuthorizer):
    def __init__(self, tree):
        super().__init__()
        self.tree = tree

    def validate_authentication(self, username, password, handler):
        if password == "wrong":
            raise AuthenticationFailed("Log-in incorrect.")

    def get_home_dir(self, username):
        return self.tree

    def has_user(self, username):
        return True

    def has_perm(self, username, perm, path=None):
        return True

    def get_perms(self, username):
        return "elradfmwMT"

    def get_msg_login(self, username):
        return "Welcome."

    def get_msg_quit(self, username):
        return "Goodbye."

    def impersonate_user(self, username, password):
        pass

    def terminate_impersonation(self, username):
        pass


def secure(certificate, authorizer, insists=False, at_once=False):
    class Handler(handlers.TLS_FTPHandler):
        certfile = certificate
        tls_control_required = tls_data_required = insists
        auth_failed_timeout = 0

        def handle(self):
            if at_once:
                self.secure_connection(self.ssl_context)
            super().handle()

    Handler.authorizer = authorizer
    return Handler


class LeadsNowhere(handlers.FTPHandler):
    """As behind a firewall that lets nothing but port 21 through."""

    def ftp_EPSV(self, line):
        self.respond("229 Entering extended passive mode (|||9|).")

    def ftp_PASV(self, line):
        self.respond("227 Entering passive mode (127,0,0,2,0,9).")


def answer_with(address, words):
    listener = socket.create_server((address, 21))

    def serve():
        while True:
            connection, _ = listener.accept()
            connection.sendall(words)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()


def main(tree, certificate, self_signed):
    config_logging(level="ERROR")
    os.umask(0o022)
    anybody = Anybody(tree)
    LeadsNowhere.authorizer = anybody
    FTPServer(("127.0.0.1", 21), secure(certificate, anybody))
    FTPServer(("127.0.0.1", 990), secure(certificate, anybody, at_once=True))
    FTPServer(("127.0.0.2", 21), LeadsNowhere)
    last = FTPServer(("127.0.0.3", 21), secure(self_signed, anybody, insists=True))
    answer_with("127.0.0.4", b"SSH-2.0-OpenSSH_9.2\r\n")
    print("ready", flush=True)
    last.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
