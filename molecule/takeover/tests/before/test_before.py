# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the bash script left. Keeps what the takeover is to leave alone."""

import json

FILES = "find /home/deploy/guestbook -type f -not -path '*/tmp/*' -exec sha256sum {} + | sort"


def test_the_bash_script_deployed(hosts, fleet):
    found = {}
    for name, host in hosts.items():
        assert host.site.version()["version"] == "0.1.0"
        assert len(host.beams()) == 1
        found[name] = {"pids": host.beams(), "files": host.run(FILES)}
        assert "/home/deploy/guestbook/bin/guestbook" in found[name]["files"]
    (fleet / "before.json").write_text(json.dumps(found))
