# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.beamops.elixir.plugins.plugin_utils import _ssh

DEFAULT = "-C -o ControlMaster=auto -o ControlPersist=60s"


class Connection:
    """What a connection of Ansible's says of itself."""

    def __init__(self, transport="ssh", **options):
        self.transport, self.options = transport, {"ssh_executable": "ssh", "ssh_args": DEFAULT, "host": "web1", **options}

    def get_option(self, name):
        return self.options.get(name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["ssh", "-t", "web1"]),
        ({"remote_user": "deploy", "port": 2222, "private_key_file": "/k"}, ["ssh", "-p", "2222", "-i", "/k", "-t", "deploy@web1"]),
        ({"ssh_common_args": "-o ProxyJump=bastion -J 'a b'"}, ["ssh", "-o", "ProxyJump=bastion", "-J", "a b", "-t", "web1"]),
        ({"ssh_extra_args": "-A", "host_key_checking": False}, ["ssh", "-o", "StrictHostKeyChecking=no", "-A", "-t", "web1"]),
        ({"ssh_args": "-C -oControlMaster=auto -o ControlPath=/x -o ServerAliveInterval=5 -4"}, ["ssh", "-o", "ServerAliveInterval=5", "-4", "-t", "web1"]),
        ({"ssh_executable": "/opt/ssh", "ssh_args": None}, ["/opt/ssh", "-t", "web1"]),
    ],
)
def test_the_way_that_the_inventory_tells(options, words):
    remote = "sudo -u guestbook sh -c 'cd / && exec x'"
    assert shlex.split(_ssh.command(Connection(**options), remote)) == [*words, remote]


def test_a_key_in_the_home_of_who_calls(monkeypatch):
    monkeypatch.setenv("HOME", "/home/kai")
    assert "-i /home/kai/.ssh/key " in _ssh.command(Connection(private_key_file="~/.ssh/key"), "x")


def test_another_way_than_ssh():
    assert _ssh.command(Connection("local"), "sudo x") == "sudo x"
    with pytest.raises(AnsibleActionFail, match="reached by docker, and not by ssh. Run this on it: sudo x"):
        _ssh.command(Connection("docker"), "sudo x")


@pytest.mark.parametrize(
    ("method", "user", "expected"),
    [
        (None, None, "tail 'a b'"),
        ("sudo", None, "sudo tail 'a b'"),
        ("ansible.builtin.sudo", "guestbook", "sudo -u guestbook tail 'a b'"),
        ("community.general.doas", "guestbook", "doas -u guestbook tail 'a b'"),
    ],
)
def test_as_another_user(method, user, expected):
    assert _ssh.as_user(method, user, ["tail", "a b"]) == expected


def test_a_way_to_become_that_is_not_known():
    with pytest.raises(AnsibleActionFail, match="by su here, and this knows sudo and doas only. As guestbook, run: x"):
        _ssh.as_user("su", "guestbook", ["x"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [("sudo: a password is required\n", True), ("doas: Authentication required", True), ("", False), ("doas: Operation not permitted", False)],
)
def test_whether_a_password_is_wanted(said, expected):
    assert _ssh.wants_password(said) is expected
