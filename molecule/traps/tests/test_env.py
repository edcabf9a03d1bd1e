# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Env files with faults: what a release makes of them shows no secret, and touches nothing."""

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"
# As Ecto and others do where they cannot read a URL: all of it, its parts as they were taken, and decoded
RAISE = """
url = System.fetch_env!("DATABASE_URL")
IO.puts(url)
IO.puts(:stderr, URI.decode(url))
IO.inspect(String.split(url, ["/", ":", "@", "#", "?"]))
:io.format("~p~n", [String.to_charlist(url)])
raise "invalid url " <> inspect(url) <> ", parsed as " <> inspect(Map.from_struct(URI.parse(url)))
"""


@pytest.fixture
def another_env_file(fleet):
    """That of the fleet with another line for one variable."""

    def write(name, line):
        path = fleet / "env-of-test-env"
        kept = [kept for kept in (fleet / "env.production").read_text().splitlines(keepends=True) if name not in kept]
        path.write_text("".join(kept) + line + "\n")
        return str(path)

    return write


@pytest.mark.parametrize(
    "url",
    [
        'ecto:/kai:hun"ter22@nowhere/zq',
        pytest.param("postgres//kai:hunter%2022@nowhere/zq", marks=at_length),
        pytest.param("ecto://kai:x/hunter22#hunter33@nowhere/zq", marks=at_length),
    ],
)
def test_a_malformed_url_leaves_all_as_it_was_and_its_password_is_nowhere(deploy, another_env_file, web1, url):
    before = web1.current(), web1.beams()
    path = another_env_file("DATABASE_URL", f"export DATABASE_URL='{url}'")
    run = deploy("0.1.0", "-vvv", "--diff", elixir_release_env_file=path, elixir_release_rehearse=RAISE)
    assert run.rc != 0
    assert "invalid url" in run.plain() and "The rehearsal failed" in run.plain()
    for piece in ("hunter", "hun", "ter22", "ter33"):
        assert piece not in run.output
    assert (web1.current(), web1.beams()) == before and web1.site.get("/health")[0] == 200


def test_what_is_refused_is_refused_by_a_dry_run_too(deploy, another_env_file, web1):
    before = web1.current(), web1.beams()
    mistakes = {
        'export SECRET_KEY_BASE="hunter22$$hunter22"': "line {} (SECRET_KEY_BASE): a shell puts something of its own for a $ in it: write",
        "RELEASE_COOKIE=": "The cookie of the env file, RELEASE_COOKIE, is empty",
    }
    for line, words in mistakes.items():
        path = another_env_file("SECRET_KEY_BASE" if "SECRET" in line else "nothing", line)
        with open(path, encoding="utf-8") as file:
            words = words.format(len(file.readlines()))
        for options in (["--check", "--diff"], []):
            run = deploy("0.1.0", *options, elixir_release_env_file=path)
            assert run.rc != 0 and words in run.plain() and "hunter22" not in run.output
    run = deploy("0.1.0", "--check", "--diff", elixir_release_env_file=another_env_file("nothing", 'export SEEN_AS="$(id -un)"'))
    assert run.rc == 0, run.output
    assert "+SEEN_AS (computed)" in run.output
    run = deploy("0.1.0", "--check", elixir_release_env_file=another_env_file("DATABASE_URL", ""))
    assert "config/runtime.exs asks for DATABASE_URL, and the env file does not set it" in run.plain()
    assert (web1.current(), web1.beams()) == before


def test_a_root_that_is_mounted_read_only_is_told_by_a_dry_run(deploy, web1):
    """No mount can be made in a container, but /sys/firmware is one, with room in it."""
    assert " ro," in web1.run("grep ' /sys/firmware tmpfs ' /proc/mounts")
    before = web1.beams()
    run = deploy("0.1.0", "--check", elixir_release_root="/sys/firmware/guestbook")
    assert run.rc != 0
    assert "/sys/firmware is on a file system that is mounted read-only, and /sys/firmware/guestbook/releases is to be written" in run.plain()
    assert web1.beams() == before
