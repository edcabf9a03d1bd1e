# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The units of a release and of epmd: their names and texts. Nothing here touches the disk.

A unit names a release by its own path, never by `current`: what systemd starts again after a crash is what was proven.
"""

from __future__ import annotations

import os
import re
import typing as t

DIRECTORY = "/etc/systemd/system"
# Says whose a unit is. systemd leaves what begins with X- to others
MARK = "X-ElixirRelease"
EPMD = "/usr/local/libexec/elixir-release/epmd"
EPMD_UNIT = "elixir-release-epmd@.service"
PRIVILEGED_PORTS = 1024
HOMES = ("/home", "/root", "/run/user")
# A start meets the name of the one before in epmd for a moment
RESTART_SECONDS = 2
# So many starts in so many seconds, and systemd gives up
BURST, BURST_SECONDS = 5, 60


class Service(t.NamedTuple):
    """What a release's unit is made of."""

    root: str
    path: str  # of the release
    name: str
    version: str
    user: str
    tmp: str
    environment_file: str
    stop_seconds: float
    writable: t.Sequence[str]
    port: int | None
    epmd_port: int | None  # None where it needs no epmd


def unit(root: str, slot: str | None = None) -> str:
    """By the directory, which is the application's own, and not by the release's name, of which a host may have two."""
    name = re.sub(r"[^A-Za-z0-9:_.-]", "-", os.path.basename(root)).lstrip(".-") or "release"
    return f"{name}-{slot}.service" if slot else f"{name}.service"


def epmd_unit(port: int) -> str:
    return EPMD_UNIT.replace("@", f"@{port}")


def file(name: str) -> str:
    return os.path.join(DIRECTORY, name)


def mark(root: str) -> str:
    return f"{MARK}={_plain(root)}"


def is_of(text: str, root: str) -> bool:
    return mark(root) in text.splitlines()


def text(service: Service) -> str:
    epmd = epmd_unit(service.epmd_port) if service.epmd_port else ""
    capability = "CAP_NET_BIND_SERVICE" if service.port and service.port < PRIVILEGED_PORTS else ""
    at_home = any(f"{path}/".startswith(f"{home}/") for path in (service.root, *service.writable) for home in HOMES)
    return "\n".join(
        [
            "# Written by each deploy. What is to be otherwise belongs into a drop-in: systemctl edit",
            "[Unit]",
            f"Description={_plain(service.name)} {_plain(service.version)}, an Elixir release of {_plain(service.root)}",
            f"After=network-online.target {epmd}".rstrip(),
            f"Wants=network-online.target {epmd}".rstrip(),
            f"StartLimitIntervalSec={BURST_SECONDS}",
            f"StartLimitBurst={BURST}",
            mark(service.root),
            "",
            "[Service]",
            "Type=exec",
            f"User={service.user}",
            f"WorkingDirectory={_plain(service.tmp)}",
            f"EnvironmentFile={_plain(service.environment_file)}",
            f"ExecStart={_argument(os.path.join(service.path, 'bin', service.name))} start",
            f"SyslogIdentifier={_plain(service.name)}",
            "# SIGTERM goes to the BEAM alone, which then stops as bin/NAME stop does; what is left of it at its end is killed",
            "KillMode=mixed",
            f"TimeoutStopSec={service.stop_seconds:g}",
            "Restart=on-failure",
            f"RestartSec={RESTART_SECONDS}",
            "LimitNOFILE=65536",
            "# One program that it has started and that is killed for lack of memory takes nothing else along",
            "OOMPolicy=continue",
            "UMask=0027",
            "",
            "# What a BEAM does without. It writes only here:",
            f"ReadWritePaths={' '.join(map(_word, (service.tmp, *service.writable)))}",
            "ProtectSystem=strict",
            *([] if at_home else ["ProtectHome=true"]),
            "PrivateTmp=true",
            "PrivateDevices=true",
            "ProtectClock=true",
            "ProtectControlGroups=true",
            "ProtectHostname=true",
            "ProtectKernelLogs=true",
            "ProtectKernelModules=true",
            "ProtectKernelTunables=true",
            "ProtectProc=invisible",
            "LockPersonality=true",
            "NoNewPrivileges=true",
            "RemoveIPC=true",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
            "RestrictNamespaces=true",
            "RestrictRealtime=true",
            "RestrictSUIDSGID=true",
            "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service",
            "SystemCallErrorNumber=EPERM",
            f"CapabilityBoundingSet={capability}",
            f"AmbientCapabilities={capability}",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )


def epmd_text() -> str:
    """Of its own, since an epmd that a BEAM starts is of that BEAM's unit: it would end with it, and with it all names of this host."""
    return "\n".join(
        [
            "[Unit]",
            "Description=epmd of the Elixir releases of this host, at port %i",
            "After=network.target",
            "",
            "[Service]",
            "Type=exec",
            "# Debian's, or one that a daemon has started, may have the port",
            f"ExecCondition=/bin/sh -c '! {EPMD} -port %i -names >/dev/null 2>&1'",
            f"ExecStart={EPMD} -port %i",
            "DynamicUser=true",
            "Restart=on-failure",
            f"RestartSec={RESTART_SECONDS}",
            "CapabilityBoundingSet=",
            "NoNewPrivileges=true",
            "ProtectSystem=strict",
            "ProtectHome=true",
            "PrivateDevices=true",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
            "SystemCallArchitectures=native",
            "",
        ]
    )


def _plain(text: str) -> str:
    """A percent sign begins a specifier."""
    return text.replace("%", "%%")


def _word(text: str) -> str:
    """Of a list of paths."""
    escaped = _plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return escaped if re.fullmatch(r"[A-Za-z0-9/_.@:+%$-]+", escaped) else f'"{escaped}"'


def _argument(text: str) -> str:
    """Of a command line, where a dollar begins a variable."""
    return _word(text).replace("$", "$$")
