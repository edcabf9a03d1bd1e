# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the process of a dead-man timer, with the code of this collection that this run brought along."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pkgutil
import sys
import time
import typing as t
import zipfile

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file, _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _timer

PACKAGE = "ansible_collections.beamops.elixir.plugins.module_utils"
# All else there needs no more than Python
WITH_ANSIBLE = {"_module", "_modules"}
# What the run waits for is the lock. All else takes ten times as long, while the old release is asked to stop
MAIN = """import fcntl
import sys

lock = open(sys.argv[2], "w")
fcntl.flock(lock, fcntl.LOCK_EX)  # until this process ends, however it ends

# All of it now: when the time is over, nothing is to depend on the disk any more
from {package} import _http, {entry}

{entry}.watch(sys.argv[1])
"""
SYSTEMD_RUN_SECONDS = 20
# For a Python to start on a busy host
APPEARS_WITHIN = 15


def start(layout: _layout.Layout, plan: dict[str, t.Any], home: str | None = None, entry: str = "_timer_process", what: str = "") -> _timer.Timer:
    """`entry` has the function that is its whole work."""
    timer = _timer.make(home or layout.deadman)
    try:
        ship(timer.program, entry)
        _timer.write(timer.plan, plan)
        _wait_for(timer, _launch(timer, what or f"Takes {layout.root} back unless the deploy calls it off"))
    except BaseException:
        _timer.call_off(timer)
        raise
    return timer


def entries() -> tuple[t.Any, ...]:
    """Never called: Ansible packs what it sees imported, and what it has not packed cannot be shipped."""
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _http, _timer_process, _warm

    return _http, _timer_process, _warm


def ship(program: str, entry: str = "_timer_process") -> None:
    """Packs the code of this collection, from files or from Ansible's own zip, so that it runs without Ansible."""
    parts = PACKAGE.split(".")
    with zipfile.ZipFile(program, "w") as archive:
        for depth in range(1, len(parts)):
            archive.writestr("/".join([*parts[:depth], "__init__.py"]), "")
        for file, source in _sources(PACKAGE, without=WITH_ANSIBLE):
            archive.writestr(file, source)
        archive.writestr("__main__.py", MAIN.format(package=f"{PACKAGE}._steps", entry=entry))


def _sources(package: str, without: t.Collection[str] = ()) -> t.Iterator[tuple[str, str]]:
    """All that is there of it, loaded or not. Packages are empty, and some have no file to be read from."""
    directory = package.replace(".", "/")
    yield f"{directory}/__init__.py", ""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        name = f"{package}.{module.name}"
        if module.name in without:
            continue
        if module.ispkg:
            yield from _sources(name)
        else:
            yield f"{directory}/{module.name}.py", importlib.util.find_spec(name).loader.get_source(name)


def _launch(timer: _timer.Timer, what: str) -> str:
    """Away from the login that this came by: where systemd may end what a login leaves behind, it has to be a unit of its own."""
    home, token = timer.directory.split(os.sep)[-2:]
    argv = [sys.executable, "-I", "-B", timer.program, timer.directory, timer.lock]
    account = _command.account(None)
    if _systemd.may_be_told():
        unit = [
            "systemd-run",
            "--quiet",
            "--collect",
            f"--unit=elixir-release-{home.lstrip('.')}-{token}",
            f"--description={what}",
            # What it starts stays
            "--property=KillMode=process",
        ]
        with contextlib.suppress(ReleaseError):  # there is none
            result = _command.run([*unit, *argv], env=_env_file.base(account), cwd="/", account=account, timeout=SYSTEMD_RUN_SECONDS)
            if result.rc == 0:
                return "by systemd-run"
    _command.leave(argv, env=_env_file.base(account), cwd="/")
    return "in the background"


def _wait_for(timer: _timer.Timer, how: str) -> None:
    deadline = time.monotonic() + APPEARS_WITHIN
    while not _timer.is_alive(timer):
        if time.monotonic() > deadline:
            raise ReleaseError(
                f"The dead-man timer was started {how}, but does not run ({_timer.log(timer) or 'it said nothing'}): nothing would take this host back "
                f"if the run were lost. See that {sys.executable} can run a program from {os.path.dirname(timer.directory)}."
            )
        time.sleep(0.02)
