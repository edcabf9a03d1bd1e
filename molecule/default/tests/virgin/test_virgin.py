# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What --check left on hosts that nothing was deployed to: nothing."""

import pathlib


def test_no_directory_and_no_user(hosts):
    for host in hosts.values():
        assert not host.os.file("/opt/guestbook").exists
        assert not host.os.user("guestbook").exists


def test_nothing_runs(hosts):
    for host in hosts.values():
        assert host.beams() == []


def test_no_migration_ran(database):
    assert database("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == ["0"]


def test_no_cookie_was_kept(group_vars):
    assert not pathlib.Path(group_vars["elixir_release_cookie_file"]).exists()
