# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release has in common with those before it is neither sent nor kept twice."""

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _contents

ROOT = "/opt/guestbook"
# Made for the host, in the place of what was built or beside it
OWN = {"releases/COOKIE", ".env", ".deploy.json", ".contents.json"}


@pytest.fixture
def release(web1):
    return lambda: f"{ROOT}/releases/{web1.current()}"


def built(tarball):
    return {path: entry.content for path, entry in _contents.of_tarball(tarball).items() if entry.kind == "file" and path not in OWN}


def on_disk(host, release):
    lines = host.run(f"cd {release} && find . -type f -exec sha256sum {{}} +").splitlines()
    found = {path.replace("./", "", 1): checksum for checksum, path in (line.split("  ", 1) for line in lines)}
    return {path: checksum for path, checksum in found.items() if path not in OWN}


def shared(host, release):
    return int(host.run(f"find {release} -type f -links +1 | wc -l"))


def test_what_is_put_together_is_what_was_built(deploy, tarballs, web1, release):
    assert deploy("0.2.0").rc == 0
    first = release()
    assert deploy("0.2.0-again").rc == 0
    assert release() != first and web1.serves("0.2.0")
    assert on_disk(web1, release()) == built(tarballs["0.2.0-again"])
    assert shared(web1, release()) > 500
    own = int(web1.run(f"du -sk {first} {release()} | tail -n 1").split()[0])
    assert own < 0.1 * int(web1.run(f"du -sk {first}").split()[0]), "the second takes next to nothing"


def test_a_file_that_somebody_changed_on_the_host_is_not_spread(deploy, env_file, tarballs, web1, release):
    """Whichever release it would be taken from: what is put together is compared with what was built, and then the whole tarball is sent."""
    files = f"{ROOT}/releases/*/lib/stdlib-*/ebin/zip.beam"
    web1.run(f"for file in {files}; do mv $file $file.kept && echo changed > $file; done")
    try:
        assert deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_SHARES="nothing")).rc == 0
        assert on_disk(web1, release()) == built(tarballs["0.1.0"]) and shared(web1, release()) == 0
    finally:
        web1.run(f"for file in {files}.kept; do mv $file ${{file%.kept}}; done")


def test_the_application_can_write_to_no_file_of_its_release(web1, release):
    assert web1.run(f"sudo -u guestbook find {release()} -not -type l -writable | wc -l").strip() == "0"


def test_a_node_is_asked_and_stopped_without_booting_a_beam_for_it(deploy, playbook, web1, release):
    """bin/NAME would not get through here."""
    script = f"{release()}/bin/guestbook"
    lines = ["#!/bin/sh", "case $1 in rpc | stop | pid) exit 1 ;; esac", 'exec "$0.real" "$@"']
    web1.run(f"mv {script} {script}.real && printf '%s\\n' {' '.join(repr(line) for line in lines)} > {script} && chmod 755 {script}")
    before = web1.beams()
    try:
        run = playbook("restart", "--limit", "web1")
        assert run.rc == 0, run.output
        assert web1.beams() != before and web1.serves("0.1.0")
    finally:
        web1.run(f"mv {script}.real {script}")
    assert deploy("0.2.0").rc == 0
