# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input is told in a sentence, and good input is not."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

pytest.importorskip("ansible.plugins.action", reason="a host has no role")

PROJECT = pathlib.Path(__file__).resolve().parents[4]

BAD = [
    ({"elixir_release_name": "my-shop"}, "elixir_release_name is 'my-shop'"),
    ({"elixir_release_name": "Shop"}, "elixir_release_name is 'Shop'"),
    ({"elixir_release_name": "shop\n"}, "elixir_release_name is 'shop\n'"),
    ({"elixir_release_name": "../shop"}, "elixir_release_name is '../shop'"),
    ({"elixir_release_ports": [4000]}, "give two different ports"),
    ({"elixir_release_ports": [4000, 4000]}, "give two different ports"),
    ({"elixir_release_ports": [4000, "4000"]}, "give two different ports"),
    ({"elixir_release_ports": [4000, 4001, 4002]}, "give two different ports"),
    ({"elixir_release_ports": [4000, 65535]}, "elixir_release_proxy_port is 65536: a port is a number from 1 to 65535"),
    ({"elixir_release_ports": [0, 4001]}, "a port is a number from 1 to 65535"),
    ({"elixir_release_proxy_port": 4001}, "elixir_release_proxy_port is 4001, which is that of a slot"),
    ({"elixir_release_proxy_port": 80}, "elixir_release_proxy_port is 80, which is public"),
    ({"elixir_release_proxy_server_names": ["shop.example.com; root /"]}, "elixir_release_proxy_server_names is"),
    ({"elixir_release_proxy_server_names": ["https://shop.example.com"]}, "elixir_release_proxy_server_names is"),
    ({"elixir_release_proxy_trusted": ["balancer.example.com"]}, "elixir_release_proxy_trusted is"),
    ({"elixir_release_proxy_trusted": ["10.0.0.0/8;"]}, "elixir_release_proxy_trusted is"),
    ({"elixir_release_proxy_read_timeout": 0}, "elixir_release_proxy_read_timeout is 0"),
    ({"elixir_release_static": True, "elixir_release_root": "opt/shop"}, "elixir_release_root is 'opt/shop'"),
    ({"elixir_release_static": True, "elixir_release_root": "/opt/my shop"}, "elixir_release_root is '/opt/my shop'"),
    ({"elixir_release_static": True, "elixir_release_root": "/opt/$shop"}, "elixir_release_root is '/opt/$shop'"),
    ({"elixir_release_proxy_maintenance_page": "no/such/page.html"}, "There is no maintenance page /"),
]

GOOD = [
    {},
    {"elixir_release_name": "shop_2"},
    {"elixir_release_ports": ["4010", "4011"], "elixir_release_proxy_port": "4000"},
    {"elixir_release_proxy_server_names": ["shop.example.com", "*.example.com", ".example.org", "_"]},
    {"elixir_release_proxy_trusted": ["10.0.0.7", "10.0.0.0/24", "fd00::/8", "::1"]},
    {"elixir_release_static": True, "elixir_release_root": "/srv/my-shop_1.0"},
    {"elixir_release_root": "/srv/my shop"},
    {"elixir_release_proxy_maintenance_page": str(PROJECT / "roles" / "elixir_release_proxy" / "files" / "maintenance.html")},
]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What the role says of each of the inputs above, in one run of a playbook."""
    role = {"import_role": {"name": "beamops.elixir.elixir_release_proxy", "tasks_from": "check"}, "vars": {"elixir_release_name": "shop"}}
    tell = "=<{{ elixir_release_proxy__complaints | to_json | ansible.builtin.b64encode }}>="
    inputs = [case[0] for case in BAD] + GOOD
    tasks = [role, *({"debug": {"msg": tell}, "vars": {"elixir_release_name": "shop", **each}} for each in inputs)]
    play = tmp_path_factory.mktemp("playbooks") / "play.yml"
    play.write_text(json.dumps([{"hosts": "all", "connection": "local", "gather_facts": False, "tasks": tasks}]))
    environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections"), "ANSIBLE_NOCOLOR": "1"}
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(play)]
    run = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout
    return [json.loads(base64.b64decode(text)) for text in re.findall("=<(.*?)>=", run.stdout)]


@pytest.mark.parametrize("index", range(len(BAD)), ids=[case[1] for case in BAD])
def test_bad_input(complaints, index):
    assert len(complaints[index]) == 1 and BAD[index][1] in complaints[index][0], complaints[index]


@pytest.mark.parametrize("index", range(len(GOOD)))
def test_good_input(complaints, index):
    assert complaints[len(BAD) + index] == []
