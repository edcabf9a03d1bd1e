# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dead-man timer: a process on the host that takes it back to what ran before, unless the run calls it off in time.

ROOT/.deadman/TOKEN/ is one timer: its plan, the code that it runs, its log, and a file that it has locked for as long as it lives.
Firing and calling off are each one rename of the plan, so exactly one of them wins. A timer never touches another one's plan.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import secrets
import shutil
import sys
import time
import typing as t
import zipfile

from ansible_collections.beamops.elixir.plugins.module_utils import _command, _current, _env_file, _layout, _processes, _releases, _secrets, _way_back
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

PACKAGE = __name__.rpartition(".")[0]
MAIN = f"""import sys

from {PACKAGE} import _deadman

_deadman.watch(sys.argv[1])
"""
SYSTEMD = "/run/systemd/system"
SYSTEMD_RUN_SECONDS = 20
LOOK_EVERY = 1
# For a Python to start on a busy host
APPEARS_WITHIN = 15


class Timer(t.NamedTuple):
    """Where the files of one timer are."""

    directory: str

    @property
    def plan(self) -> str:
        return os.path.join(self.directory, "plan.json")

    @property
    def withdrawn(self) -> str:
        return os.path.join(self.directory, "withdrawn.json")

    @property
    def fired(self) -> str:
        """The plan, once it is carried out; then what came of it."""
        return os.path.join(self.directory, "fired.json")

    @property
    def hurry(self) -> str:
        """Its time is over where this is."""
        return os.path.join(self.directory, "hurry")

    @property
    def program(self) -> str:
        return os.path.join(self.directory, "timer.pyz")

    @property
    def log(self) -> str:
        return os.path.join(self.directory, "timer.log")

    @property
    def lock(self) -> str:
        return os.path.join(self.directory, "alive.lock")


class Plan(t.NamedTuple):
    root: str
    release: str  # what is deployed, and left where the timer fires
    way_back: dict[str, t.Any]  # _way_back.WayBack; with the environment of a stranger, so this is for nobody else's eyes
    pointed: str | None
    seconds: float
    by: str | None

    @property
    def target(self) -> _way_back.WayBack:
        return _way_back.WayBack(*(self.way_back.get(field) for field in _way_back.WayBack._fields))


class Fired(t.NamedTuple):
    """What the timer did."""

    way_back: str
    seconds: float
    at: str
    ended: bool
    failed: str | None  # why the host could not go back

    def __str__(self) -> str:
        when = f"by itself at {self.at}, since it had no word from the run for {self.seconds:g} s"
        if self.failed:
            return f"This host tried to go back to {self.way_back} {when}, and failed: {self.failed}"
        return f"This host {'went' if self.ended else 'is going'} back to {self.way_back} {when}."


def plan(layout: _layout.Layout, account: _command.Account, release_id: str, seconds: float, by: str | None) -> Plan | None:
    """What the timer would do. None where there is nothing to go back to."""
    earlier = armed(layout)
    if earlier and earlier.release == release_id:  # it may run by now, but is not proven yet: it is nothing to go back to
        return earlier._replace(seconds=seconds, by=by)
    release = _releases.find(layout, release_id) if _releases.is_staged(layout, release_id) else None
    way_back = _way_back.find(layout, account, release, _processes.scan())
    return Plan(layout.root, release_id, way_back._asdict(), _current.pointed(layout), seconds, by) if way_back else None


def arm(layout: _layout.Layout, wanted: Plan | None) -> None:
    """There is one timer afterwards, or none where there is nothing to go back to. The new one runs before an earlier one is called off."""
    earlier = _timers(layout)
    for timer in earlier:
        _refuse_beside_one_that_goes_back(timer)
    started = _start(layout, wanted) if wanted else None
    try:
        for timer in earlier:
            if not _call_off(timer):
                _refuse_beside_one_that_goes_back(timer)  # it fired this moment
    except ReleaseError:
        if started:
            _call_off(started)
        raise
    for directory in _directories(layout):
        if not started or directory != started.directory:
            shutil.rmtree(directory, ignore_errors=True)


def disarm(layout: _layout.Layout) -> Plan | None:
    """The plan that was called off, if there was one. Raises where the timer was quicker, and every time from then on until the next one is armed."""
    found = [(timer, read_plan(timer)) for timer in _timers(layout)]
    for timer, called_off in found:
        if not _call_off(timer):
            raise ReleaseError(f"{_seen(timer)} See why the run was not heard of for so long, and deploy again.")
    return found[0][1] if found else None


def hurry(layout: _layout.Layout) -> bool:
    """Have the timer go back now, without waiting any longer. Whether there is one that will."""
    waiting = [timer for timer in _timers(layout) if os.path.exists(timer.plan) and _is_alive(timer)]
    for timer in waiting:
        with open(timer.hurry, "w", encoding="utf-8"):
            pass
    return bool(waiting)


def outcome(layout: _layout.Layout) -> tuple[str | None, str]:
    """What the timer did, if anything: going, back or failed. And the same in words."""
    timer = next((timer for timer in _timers(layout) if os.path.exists(timer.fired)), None)
    if not timer:
        return None, "No timer has gone back."
    fired = _seen(timer)
    return "failed" if fired.failed else "back" if fired.ended else "going", str(fired)


def armed(layout: _layout.Layout) -> Plan | None:
    """The plan that would be carried out if no word came."""
    plans = (read_plan(timer) for timer in _timers(layout) if _is_alive(timer))
    return next((found for found in plans if found), None)


def read_plan(timer: Timer) -> Plan | None:
    fields = _read(timer.plan)
    return Plan(*(fields.get(field) for field in Plan._fields)) if fields else None


def read_fired(timer: Timer) -> Fired:
    fields = _read(timer.fired)
    if "root" in fields:  # still the plan, as it was renamed this moment
        fields = {**fields, "way_back": fields["way_back"]["id"] or fields["way_back"]["path"], "at": _now(), "ended": False}
    return Fired(
        way_back=fields.get("way_back", "what ran before"),
        seconds=fields.get("seconds", 0),
        at=fields.get("at", "an unknown time"),
        ended=fields.get("ended", True),
        failed=fields.get("failed"),
    )


def watch(directory: str) -> None:
    """The process itself: until its plan is gone, or its time is over."""
    timer = Timer(directory)
    _redirect_output(timer.log)
    os.umask(0o022)
    os.chdir("/")
    with open(timer.lock, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until this process ends, however it ends
        found = read_plan(timer)
        if found and _time_is_over(timer, found.seconds):
            _fire(timer, found)


def _time_is_over(timer: Timer, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while os.path.exists(timer.plan):
        left = deadline - time.monotonic()
        if left <= 0 or os.path.exists(timer.hurry):
            return True
        time.sleep(min(LOOK_EVERY, left))
    return False


def _fire(timer: Timer, found: Plan) -> None:
    if not _rename(timer.plan, timer.fired):
        return
    layout, way_back = _layout.Layout(found.root), found.target
    outcome = Fired(way_back.label, found.seconds, _now(), False, None)
    _tell(timer, outcome)
    try:
        _way_back.go_back(layout, way_back, found.pointed)
    except Exception as error:  # whatever it is: nobody is there to read a traceback
        text = _masked(error, _way_back.environ(layout, way_back), (way_back.label, way_back.name))
        sys.stderr.write(f"{text}\n")
        # In the ledger without the log that it may quote
        outcome = outcome._replace(failed=text.partition("\n")[0])
    _tell(timer, outcome._replace(ended=True))
    _note(layout, found, outcome.failed)


def _masked(error: Exception, environ: dict[str, str], shown: tuple[str, str]) -> str:
    return _secrets.mask(str(error) or repr(error), _secrets.of(environ, shown))


def _tell(timer: Timer, outcome: Fired) -> None:
    with contextlib.suppress(OSError):  # a full disk is no reason to stay
        _write(timer.fired, outcome._asdict())


def _note(layout: _layout.Layout, found: Plan, failed: str | None) -> None:
    reason = f"no word from the run for {found.seconds:g} s"
    record = found.target.record._replace(reason=f"{reason}, and going back failed: {failed}" if failed else reason)
    _current.note(layout, "failure" if failed else "rollback", record, found.release, f"dead-man timer of {found.by}" if found.by else "dead-man timer")


def _start(layout: _layout.Layout, wanted: Plan) -> Timer:
    home = _home(layout)
    os.makedirs(home, mode=0o700, exist_ok=True)
    _refuse_foreign(home)
    timer = Timer(os.path.join(home, secrets.token_hex(8)))
    os.mkdir(timer.directory, 0o700)
    try:
        ship(timer.program)
        _write(timer.plan, wanted._asdict())
        _wait_for(timer, _launch(timer, wanted.root))
    except BaseException:
        _call_off(timer)
        raise
    return timer


def ship(program: str) -> None:
    """Packs the code of this collection that runs right now, from files or from Ansible's own zip, so that it runs without Ansible."""
    with zipfile.ZipFile(program, "w") as archive:
        parts = PACKAGE.split(".")
        for depth in range(len(parts)):
            archive.writestr("/".join([*parts[: depth + 1], "__init__.py"]), "")
        for name, module in sorted(sys.modules.items()):
            if name.rpartition(".")[0] == PACKAGE:
                archive.writestr(name.replace(".", "/") + ".py", module.__spec__.loader.get_source(name))
        archive.writestr("__main__.py", MAIN)


def _launch(timer: Timer, root: str) -> str:
    """Away from the login that this came by: where systemd may end what a login leaves behind, it has to be a unit of its own."""
    argv = [sys.executable, "-I", "-B", timer.program, timer.directory]
    account = _command.account(None)
    if os.path.isdir(SYSTEMD) and account.uid == 0:
        unit = [
            "systemd-run",
            "--quiet",
            "--collect",
            f"--unit=elixir-release-deadman-{os.path.basename(timer.directory)}",
            f"--description=Takes {root} back unless the deploy calls it off",
            # What it starts stays
            "--property=KillMode=process",
        ]
        with contextlib.suppress(ReleaseError):  # there is none
            result = _command.run([*unit, *argv], env=_env_file.base(account), cwd="/", account=account, timeout=SYSTEMD_RUN_SECONDS)
            if result.rc == 0:
                return "by systemd-run"
    _command.leave(argv, env=_env_file.base(account), cwd="/")
    return "in the background"


def _wait_for(timer: Timer, how: str) -> None:
    deadline = time.monotonic() + APPEARS_WITHIN
    while not _is_alive(timer):
        if time.monotonic() > deadline:
            raise ReleaseError(
                f"The dead-man timer was started {how}, but does not run ({_log(timer) or 'it said nothing'}): nothing would take this host back "
                f"if the run were lost. See that {sys.executable} can run a program from {os.path.dirname(timer.directory)}."
            )
        time.sleep(0.02)


def _is_alive(timer: Timer) -> bool:
    try:
        with open(timer.lock, encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _call_off(timer: Timer) -> bool:
    """Whether this came before the timer's time was over. Else the timer has the plan, and carries it out."""
    if not _rename(timer.plan, timer.withdrawn):
        return False
    shutil.rmtree(timer.directory, ignore_errors=True)
    return True


def _refuse_beside_one_that_goes_back(timer: Timer) -> None:
    if os.path.exists(timer.fired) and _is_alive(timer) and not read_fired(timer).ended:
        raise ReleaseError(f"{_seen(timer)} Wait until it has, see what runs then, and deploy again.")


def _seen(timer: Timer) -> Fired:
    fired = read_fired(timer)
    if not fired.ended and not _is_alive(timer):
        fired = fired._replace(failed=f"the timer itself was ended while it did ({_log(timer) or 'it said nothing'}).")
    return fired


def _refuse_foreign(home: str) -> None:
    """Code that runs with our rights lies there."""
    status = os.lstat(home)
    if os.path.islink(home) or status.st_uid != os.geteuid():
        raise ReleaseError(f"{home} is not a directory of the user that this runs as (uid {os.geteuid()}): see who made it, then remove it.")
    os.chmod(home, 0o700)


def _home(layout: _layout.Layout) -> str:
    return os.path.join(layout.root, ".deadman")


def _directories(layout: _layout.Layout) -> list[str]:
    try:
        return [os.path.join(_home(layout), name) for name in sorted(os.listdir(_home(layout)))]
    except FileNotFoundError:
        return []


def _timers(layout: _layout.Layout) -> list[Timer]:
    """Those that are armed, and those that have fired; where both are, the former first."""
    timers = [Timer(directory) for directory in _directories(layout)]
    timers = [timer for timer in timers if os.path.exists(timer.plan) or os.path.exists(timer.fired)]
    return sorted(timers, key=lambda timer: not os.path.exists(timer.plan))


def _rename(source: str, target: str) -> bool:
    try:
        os.rename(source, target)
    except FileNotFoundError:
        return False
    return True


def _read(path: str) -> dict[str, t.Any]:
    """Nothing where it is not there, or damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _write(path: str, fields: dict[str, t.Any]) -> None:
    _releases.replace(path, json.dumps(fields, indent=2, sort_keys=True) + "\n", 0o600)


def _log(timer: Timer) -> str:
    with contextlib.suppress(OSError), open(timer.log, encoding="utf-8", errors="replace") as file:
        return " ".join(file.read().split())[-500:]
    return ""


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def _redirect_output(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    for output in (1, 2):
        os.dup2(descriptor, output)
    os.close(descriptor)
