# SPDX-License-Identifier: MIT
"""The pyftpdlib server of `serve`:
pyftpdlib_server.py ROOT ADDRESS PORT MAX_CLIENTS MAX_PER_ADDRESS IDLE_SECONDS [explicit|implicit PEM]."""

import os
import sys

from pyftpdlib import handlers
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.servers import FTPServer

DAEMON = 1  # the account, on every system


def tls_handler(tls, pem):
    """A handler that insists on TLS; implicit: from the first byte on, which pyftpdlib itself does not know."""

    class Handler(handlers.TLS_FTPHandler):
        certfile = pem
        tls_control_required = True
        tls_data_required = True

        def handle(self):
            if tls == "implicit":
                self.secure_connection(self.ssl_context)
            super().handle()

    return Handler


def main(root, address, port, max_clients, max_per_address, idle, tls="", pem=""):
    handler = tls_handler(tls, pem) if tls else handlers.FTPHandler
    if tls:
        handler.get_ssl_context()  # reads the key, which may be root's alone
    os.setgid(DAEMON)
    os.setuid(DAEMON)
    authorizer = DummyAuthorizer()
    authorizer.add_user("tester", "opensesame", root, perm="elradfmwMT")
    handler.authorizer = authorizer
    handler.timeout = int(idle)
    server = FTPServer((address, int(port)), handler)
    server.max_cons = int(max_clients)
    server.max_cons_per_ip = int(max_per_address)  # 0: no limit
    server.serve_forever(handle_exit=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
