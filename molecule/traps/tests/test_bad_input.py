# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input is told before anything changes: what was given, what was found, what to do."""

import io
import pathlib
import shutil
import tarfile

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples" / "guestbook"


def snapshot(host):
    # Of the root itself only the name: a lock has come and gone there
    return host.beams(), host.run("cd /opt && find . -path '*/tmp/*' -prune -o -path ./guestbook -print -o -printf '%p %T@ %l\\n' | sort")


@pytest.fixture
def refused(playbook, tarballs, web1):
    """Run a deploy that is to fail, and to change nothing; its output."""

    def run(**variables):
        before = snapshot(web1)
        result = playbook("deploy", "--limit", "web1", **{"elixir_release_tarball": tarballs["0.2.0-again"], **variables})
        assert result.rc != 0, result.output
        assert snapshot(web1) == before
        return result.plain()

    return run


def archive(path, *members):
    """A tarball of members: a name and content, or a TarInfo."""
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            info, content = (member, b"") if isinstance(member, tarfile.TarInfo) else (tarfile.TarInfo(member[0]), member[1])
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return str(path)


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def patched(source, path, old, new):
    """The tarball with some bytes of its beam.smp replaced by as many others."""
    with tarfile.open(source) as tar, tarfile.open(path, "w:gz") as out:
        for member in tar:
            content = tar.extractfile(member).read()
            if member.name.endswith("/bin/beam.smp"):
                assert old in content
                content = content.replace(old, new)
            out.addfile(member, io.BytesIO(content))
    return str(path)


@at_length
def test_no_tarball(refused):
    assert "/nowhere/guestbook-0.2.0.tar.gz" in refused(elixir_release_tarball="/nowhere/guestbook-0.2.0.tar.gz")


def test_not_a_gzip(refused, tmp_path):
    (tmp_path / "app.tar.gz").write_text("not a tarball")
    assert "is not a gzip file" in refused(elixir_release_tarball=str(tmp_path / "app.tar.gz"))


@at_length
def test_truncated(refused, tarballs, tmp_path):
    whole = pathlib.Path(tarballs["0.2.0"]).read_bytes()
    (tmp_path / "guestbook-0.2.0.tar.gz").write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refused(elixir_release_tarball=str(tmp_path / "guestbook-0.2.0.tar.gz"))


def test_not_a_release(refused, tmp_path):
    assert "releases/start_erl.data" in refused(elixir_release_tarball=archive(tmp_path / "x.tar.gz", ("README.md", b"hello")))


@pytest.mark.parametrize(
    "members, words",
    [
        ([("../../etc/cron.d/x", b"")], "has a name with '..' in it"),
        pytest.param([("/etc/cron.d/x", b"")], "has an absolute name", marks=at_length),
        ([special("lib", tarfile.SYMTYPE, "/etc"), ("lib/cron.d/x", b"")], "is a symbolic link to '/etc', which may lead out of the directory"),
        pytest.param([special("bin/disk", tarfile.BLKTYPE)], "is a device file", marks=at_length),
    ],
    ids=["parent", "absolute", "symlink", "device"],
)
def test_an_archive_that_would_write_elsewhere(refused, tmp_path, members, words):
    output = refused(elixir_release_tarball=archive(tmp_path / "x.tar.gz", *members))
    assert str(tmp_path / "x.tar.gz") in output
    assert words in output


def test_unknown_release_name(refused, fleet, tarballs):
    project = fleet / "other-project"
    project.mkdir(exist_ok=True)
    shutil.copy(tarballs["0.2.0"], project / "guestbook-0.2.0.tar.gz")
    shutil.copy(EXAMPLE / "mix.exs", project / "mix.exs")
    output = refused(elixir_release_name="shop", elixir_release_tarball="", elixir_release_project=str(project))
    assert f"Unknown release name shop: mix.exs in {project} tells of guestbook" in output
    assert "guestbook-0.2.0.tar.gz" in output


@at_length
def test_the_tarball_is_another_release(refused):
    output = refused(elixir_release_name="shop")
    assert "shop" in output and "guestbook" in output


def test_env_file_missing(refused):
    assert "There is no env file /nowhere/.env" in refused(elixir_release_env_file="/nowhere/.env")


@pytest.mark.parametrize(
    "line, words",
    [
        pytest.param("export GREETING='open\n", "ends the shell that loads it", marks=at_length),
        ("export GREETING=ecto://host/db?ssl=true&pool=10\n", "(GREETING): a shell ends the value at the & in it"),
        pytest.param("export GREETING=hello\r\n", "Windows line ends", marks=at_length),
    ],
    ids=["syntax error", "lost assignment", "line ends"],
)
def test_an_env_file_that_a_shell_cannot_load(refused, fleet, line, words):
    path = fleet / "env-bad"
    with path.open("w", newline="") as file:
        file.write((fleet / "env.production").read_text() + line)
    output = refused(elixir_release_env_file=str(path))
    assert words in output
    assert "pool=10" not in output


@at_length
def test_root_not_absolute(refused):
    assert "elixir_release_root is 'srv/guestbook': give an absolute path" in refused(elixir_release_root="srv/guestbook")


def test_disk_too_small(refused, web1):
    web1.run("df --output=avail -B1 /dev/shm | tail -n 1 | { read free; fallocate -l $((free - 4000000)) /dev/shm/filler; }")
    try:
        assert "MiB" in refused(elixir_release_root="/dev/shm/guestbook")
    finally:
        web1.run("rm /dev/shm/filler")


@at_length
def test_a_release_for_another_machine(refused, tarballs, tmp_path):
    tarball = tmp_path / "guestbook-0.2.0.tar.gz"
    with tarfile.open(tarballs["0.2.0"]) as tar, tarfile.open(tarball, "w:gz") as out:
        for member in tar:
            content = tar.extractfile(member).read()
            if content[:4] == b"\x7fELF":
                content = content[:18] + (183).to_bytes(2, "little") + content[20:]
            out.addfile(member, io.BytesIO(content))
    output = refused(elixir_release_tarball=str(tarball))
    assert "aarch64" in output and "x86_64" in output


def test_a_release_for_a_newer_libc(refused, tarballs, tmp_path):
    output = refused(elixir_release_tarball=patched(tarballs["0.2.0"], tmp_path / "guestbook-0.2.0.tar.gz", b"GLIBC_2.34\0", b"GLIBC_2.99\0"))
    assert "glibc 2.99" in output


@at_length
def test_a_release_for_another_libc(refused, tarballs, tmp_path):
    musl = b"/lib/ld-musl-x86_64.so.1\0"
    output = refused(
        elixir_release_tarball=patched(
            tarballs["0.2.0"], tmp_path / "guestbook-0.2.0.tar.gz", b"/lib64/ld-linux-x86-64.so.2\0", musl.ljust(len(b"/lib64/ld-linux-x86-64.so.2\0"), b"\0")
        )
    )
    assert "musl" in output and "glibc" in output


def test_a_strategy_that_leads_each_host_for_itself(playbook, tarballs, hosts, monkeypatch):
    """The shipped playbooks choose theirs."""
    monkeypatch.setenv("ANSIBLE_STRATEGY", "ansible.builtin.free")
    before = [snapshot(host) for host in hosts.values()]
    run = playbook("traps/play.yml", elixir_release_tarball=tarballs["0.2.0-again"])
    assert run.rc != 0 and "run_once means nothing" in run.plain()
    assert [snapshot(host) for host in hosts.values()] == before
    assert playbook("deploy", "--check", elixir_release_tarball=tarballs["0.2.0-again"]).rc == 0
    assert "ROLLBACK TO" in playbook("status").output
