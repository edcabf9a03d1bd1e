# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts a release in several ways and prints what can be seen of it. Runs as root in a container: see record."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time

ROOT = "/opt/guestbook"
RELEASE = f"{ROOT}/releases/0.1.0-1a2b3c4d"
LOG = f"{ROOT}/tmp/log/erlang.log.1"
USER = pwd.getpwnam("guestbook")
STATUS = 'IO.puts(inspect({:init.get_status(), System.pid(), System.get_env("RELEASE_VSN")}))'
ENVIRON = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": ROOT,
    "USER": USER.pw_name,
    "LOGNAME": USER.pw_name,
    "LANG": "C.UTF-8",
    "RELEASE_TMP": f"{ROOT}/tmp",
    "ERL_CRASH_DUMP": f"{ROOT}/tmp/erl_crash.dump",
    "DATABASE_URL": "postgres://guestbook:s3cret@127.0.0.1/guestbook",
    "SECRET_KEY_BASE": "x" * 64,
    "PORT": "4000",
    "RELEASE_COOKIE": "RECORDEDCOOKIE",
    "PHX_SERVER": "true",
}


def become():
    os.umask(0o027)
    os.setgid(USER.pw_gid)
    os.setuid(USER.pw_uid)


def spawn(*arguments, **environ):
    environ = {key: value for key, value in {**ENVIRON, **environ}.items() if value is not None}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([f"{RELEASE}/bin/guestbook", *arguments], env=environ, cwd=f"{ROOT}/tmp", preexec_fn=become, universal_newlines=True, **pipes)


def call(*arguments, **environ):
    process = spawn(*arguments, **environ)
    stdout, stderr = process.communicate(timeout=60)
    return {"rc": process.returncode, "stdout": stdout, "stderr": stderr}


def started(**environ):
    """Starts a daemon and answers what rpc says as soon as it is up."""
    call("daemon", **environ)
    answer = call("rpc", STATUS)
    while "{:started," not in answer["stdout"]:
        answer = call("rpc", STATUS)
    return answer


def read(path):
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "surrogateescape")


def seen(directory):
    """A process, as its own user sees it."""
    os.setegid(USER.pw_gid)
    os.seteuid(USER.pw_uid)
    try:
        with_secrets = os.path.basename(read(f"{directory}/cmdline").split("\0")[0]) == "beam.smp"
        return {
            "cmdline": read(f"{directory}/cmdline").split("\0")[:-1],
            "environ": read(f"{directory}/environ").split("\0")[:-1] if with_secrets else [],
            "stat": read(f"{directory}/stat"),
            "status": "".join(
                line + "\n" for line in read(f"{directory}/status").splitlines() if line.split(":")[0] in ("Name", "State", "Pid", "PPid", "Uid", "NSpid")
            ),
            "fd": {os.path.basename(path): os.readlink(path) for path in glob.glob(f"{directory}/fd/*")},
        }
    finally:
        os.seteuid(0)
        os.setegid(0)


def processes(*programs):
    found = {}
    for directory in glob.glob("/proc/[0-9]*"):
        with contextlib.suppress(OSError):
            if os.stat(directory).st_uid == USER.pw_uid:
                process = seen(directory)
                if not programs or os.path.basename("".join(process["cmdline"][:1])) in programs:
                    found[os.path.basename(directory)] = process
    return found


def kill_all():
    for pid in processes("run_erl", "heart"):
        os.kill(int(pid), signal.SIGKILL)
    for pid in processes("beam.smp"):
        os.kill(int(pid), signal.SIGKILL)
    time.sleep(1)


def epmd():
    with socket.create_connection(("127.0.0.1", 4369)) as connection:
        connection.sendall(b"\x00\x01n")
        return connection.makefile("rb").read().decode("latin-1")


def table(name):
    """Connections that are over are left out."""
    return [line.rstrip() for line in read(f"/proc/net/{name}").splitlines() if line.split()[3] != "06"]


def otherwise(*programs, **environ):
    call("daemon", **environ)
    time.sleep(10)
    try:
        return processes(*programs)
    finally:
        kill_all()


def main():
    recorded = {"dry_run": {}, "rpc": {"down": call("rpc", STATUS)}}
    for distribution, node in (("sname", "guestbook"), ("name", "guestbook@127.0.0.1"), ("none", "guestbook")):
        recorded["dry_run"][distribution] = call("start", RELEASE_DISTRIBUTION=distribution, RELEASE_NODE=node, ELIXIR_CLI_DRY_RUN="1")["stdout"]

    recorded["rpc"]["started"] = started()
    helpers = [spawn("rpc", "Process.sleep(8000)"), spawn("eval", "Process.sleep(8000)")]
    time.sleep(4)
    recorded["running"] = processes("beam.smp", "run_erl", "epmd", "erl_child_setup")
    recorded.update(tcp=table("tcp"), tcp6=table("tcp6"), uptime=read("/proc/uptime"), epmd=epmd())
    for helper in helpers:
        helper.communicate()
    call("stop")
    recorded["rpc"]["stopping"] = call("rpc", STATUS)
    kill_all()
    recorded["epmd_without_nodes"] = epmd()

    recorded["with_heart"] = otherwise("beam.smp", "heart", ELIXIR_ERL_OPTIONS="-heart")
    recorded["long_name"] = otherwise("beam.smp", RELEASE_DISTRIBUTION="name", RELEASE_NODE="guestbook@127.0.0.1")
    recorded["undistributed"] = otherwise("beam.smp", RELEASE_DISTRIBUTION="none")
    os.unlink(LOG)
    otherwise("beam.smp", SECRET_KEY_BASE=None)
    recorded["log_of_a_crash"] = read(LOG)
    json.dump(recorded, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
