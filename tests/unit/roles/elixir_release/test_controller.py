# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the role finds what lies on the controller."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("ansible.plugins.action", reason="a host has no role")


def shown(run):
    """What a task that shows a variable has shown."""
    assert run.returncode == 0, run.stdout
    return json.loads(run.stdout.partition(" => ")[2].rpartition("}")[0] + "}")


@pytest.fixture
def show(play):
    def run(expression, **options):
        # The task file is of no importance
        task = {"debug": {"msg": expression}}
        return shown(play("start", "--tags", "shown", tasks=[{**task, "tags": "shown"}], **options))["msg"]

    return run


@pytest.mark.parametrize(
    "env, path",
    [
        ("A=1\nPATHS=/x\n", "Hello world!"),  # what `debug` says where its message is omitted
        ('A=1\nexport PATH="/opt/erlang/bin:$PATH"\n', "/opt/erlang/bin:$PATH"),
        ("PATH=/first\n  PATH='/last'\n", "/last"),
    ],
)
def test_the_path_of_the_env_file(show, tmp_path, env, path):
    (tmp_path / ".env.production").write_text(env)
    assert show("{{ elixir_release__path }}", cwd=tmp_path) == path


PATHS = ("project_path", "env_path", "cookie_path", "report_dir", "tarball_path")


def paths(show, **options):
    return show(f"{{{{ [{', '.join(f'elixir_release__{name}' for name in PATHS)}] }}}}", **options)


def test_all_lies_where_ansible_playbook_was_started(show, tmp_path):
    here = str(tmp_path)
    expected = [here, f"{here}/.env.production", f"{here}/.env.production.cookie", f"{here}/_build/deploy-failures"]
    assert paths(show, cwd=here, environ={"PWD": "/nowhere"})[:4] == expected


def test_what_is_relative_is_so_to_the_same_place(show, tmp_path):
    here = str(tmp_path)
    given = {"project": "app", "env_file": "env", "cookie_file": "../cookie", "report_dir": "/var/reports", "tarball": "~/app-0.1.0.tar.gz"}
    variables = {f"elixir_release_{name}": value for name, value in given.items()}
    expected = [f"{here}/app", f"{here}/env", f"{here}/../cookie", "/var/reports", "/home/kai/app-0.1.0.tar.gz"]
    assert paths(show, cwd=here, environ={"HOME": "/home/kai", "PWD": "/nowhere"}, **variables) == expected


@pytest.mark.parametrize("given", [{}, {"elixir_release_tarball": "guestbook-0.2.0.tar.gz"}], ids=["project", "tarball"])
def test_the_tarball_is_looked_for_there(play, tmp_path, tarball, release_files, given):
    """By a module, and that runs in the directory of the playbook."""
    (tmp_path / "mix.exs").write_text('[app: :guestbook, version: "0.2.0"]')
    (tmp_path / ".env.production").write_text("")
    path = tarball(release_files)
    run = play("prepare", "--check", "-vv", cwd=tmp_path, environ={"PWD": "/nowhere"}, elixir_release_root=str(tmp_path / "root"), **given)
    assert f'"path": "{path}"' in run.stdout, run.stdout
