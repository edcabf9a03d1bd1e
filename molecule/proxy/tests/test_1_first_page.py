# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/zero-downtime.md, from a server with nginx to the first deploy: each command as it stands there, in that order. Then what it says of assets.

The tests build on each other.
"""

import re
import urllib.error

import pytest

BUILDS = ["0.1.0", "0.2.0"]  # of the first deploy, and of the next one


def style(web):
    """Where its page finds the style."""
    return re.search(r'href="(/assets/app-[0-9a-f]+\.css)"', web.get("/"))[1]


def test_nginx_serves_its_default_page(web):
    assert "Welcome to nginx" in web.get("/")


def test_the_commands_on_the_controller(page, project, web, web1, tarballs):
    commands = [command for command in page.commands() if command.startswith("ansible-playbook")]
    assert [command.rpartition(".")[2] for command in commands] == ["proxy", "deploy", "deploy", "rollback"]
    builds = iter(BUILDS)
    served = []
    for command in commands:
        if command.endswith("deploy"):
            version = next(builds)
            project.has(version, tarballs[version])
        run = project.run(command)
        assert run.rc == 0, run.output
        if not command.endswith("proxy"):
            served.append(web.version())
    assert served == ["0.1.0", "0.2.0", "0.1.0"]
    assert len(web1.beams()) == 1


def test_the_commands_on_the_server(page, project, web1, tarballs):
    project.has("0.2.0", tarballs["0.2.0"])
    assert project.run("ansible-playbook -i hosts.yml beamops.elixir.deploy").rc == 0
    slot, status, journal = [command for command in page.commands() if not command.startswith("ansible-playbook")]
    assert web1.run(slot.replace("curl ", "python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())' ")).strip() == "green"
    assert "active (running)" in web1.run(f"{status} --no-pager")
    assert "guestbook" in web1.run(journal.replace(" -f", " --no-pager --lines 5"))


def test_the_assets_of_the_release_before(project, web, tarballs):
    """Lost without elixir_release_static, and there with it."""

    def run(playbook, options=""):
        done = project.run(f"ansible-playbook -i hosts.yml beamops.elixir.{playbook} {options}")
        assert done.rc == 0, done.output

    before = style(web)
    project.has("0.1.0", tarballs["0.1.0"])
    run("deploy")
    with pytest.raises(urllib.error.HTTPError):
        web.get(before)
    before = style(web)
    project.has("0.2.0", tarballs["0.2.0"])
    for playbook in ("proxy", "deploy"):
        run(playbook, "-e elixir_release_static=true")
    assert web.version() == "0.2.0" and style(web) != before
    assert "guestbook 0.1.0" in web.get(before) and "guestbook 0.2.0" in web.get(style(web))


def test_a_maintenance_page(project, web):
    for shown in ("true", "false"):
        run = project.run(f"ansible-playbook -i hosts.yml beamops.elixir.maintenance -e elixir_release_maintenance={shown}")
        assert run.rc == 0, run.output
        if shown == "true":
            with pytest.raises(urllib.error.HTTPError) as error:
                web.get("/version")
            assert error.value.code == 503
    assert web.version() == "0.2.0"
