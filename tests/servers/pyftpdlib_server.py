# SPDX-License-Identifier: MIT
"""The pyftpdlib server of `serve`: pyftpdlib_server.py ROOT PORT MAX_CLIENTS IDLE_SECONDS."""

import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

DAEMON = 1  # the account, on every system


def main(root, port, max_clients, idle):
    os.setgid(DAEMON)
    os.setuid(DAEMON)
    authorizer = DummyAuthorizer()
    authorizer.add_user("tester", "opensesame", root, perm="elradfmwMT")
    FTPHandler.authorizer = authorizer
    FTPHandler.timeout = int(idle)
    server = FTPServer(("127.0.0.1", int(port)), FTPHandler)
    server.max_cons = int(max_clients)
    server.serve_forever(handle_exit=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
