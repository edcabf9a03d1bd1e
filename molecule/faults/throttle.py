# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""throttle HOST PORT BYTES: a ProxyCommand that sends so many bytes a second."""

import os
import selectors
import socket
import sys
import time

PIECE = 16384


def main():
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    seconds = PIECE / int(sys.argv[3])
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(connection, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                data = os.read(key.fd, PIECE)
                if not data:
                    return
                if key.fd == 0:
                    connection.sendall(data)
                    time.sleep(seconds * len(data) / PIECE)
                else:
                    os.write(1, data)


main()
