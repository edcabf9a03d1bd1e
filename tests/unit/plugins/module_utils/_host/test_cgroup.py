# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup

MEMINFO = "MemTotal:       32876708 kB\nMemFree:         1000000 kB\nMemAvailable:    2097152 kB\n"
V1 = "9:name=systemd:/system.slice/guestbook.service\n4:memory:/system.slice/guestbook.service\n1:cpu,cpuacct:/\n0::/\n"
V2 = "0::/system.slice/guestbook.service\n"
SERVICE = "system.slice/guestbook.service"
MIB = 1 << 20


@pytest.fixture
def host(tmp_path):
    def make(cgroup, files, meminfo=MEMINFO):
        contents = {"proc/42/cgroup": cgroup, "proc/self/cgroup": cgroup, "proc/meminfo": meminfo, **{f"cgroup/{name}": text for name, text in files.items()}}
        for name, text in contents.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return {"proc": str(tmp_path / "proc"), "cgroups": str(tmp_path / "cgroup")}

    return make


@pytest.mark.parametrize("pid", [42, None])
@pytest.mark.parametrize(
    "cgroup, files",
    [
        pytest.param(
            V1,
            {
                f"memory/{SERVICE}/memory.limit_in_bytes": "9223372036854771712\n",
                f"memory/{SERVICE}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
                "memory/system.slice/memory.limit_in_bytes": f"{512 * MIB}\n",
                "memory/system.slice/memory.usage_in_bytes": f"{500 * MIB}\n",
                "memory/memory.limit_in_bytes": "9223372036854771712\n",
                "memory/memory.oom_control": "oom_kill 7\n",
            },
            id="v1",
        ),
        pytest.param(
            V2,
            {
                f"{SERVICE}/memory.max": "max\n",
                f"{SERVICE}/memory.events": "low 0\noom 2\noom_kill 2\noom_group_kill 0\n",
                "system.slice/memory.max": f"{512 * MIB}\n",
                "system.slice/memory.current": f"{500 * MIB}\n",
            },
            id="v2",
        ),
        pytest.param(
            "4:memory:/docker/0123\n0::/\n",
            {
                "memory/memory.limit_in_bytes": f"{512 * MIB}\n",
                "memory/memory.usage_in_bytes": f"{500 * MIB}\n",
                "memory/memory.oom_control": "oom_kill 2\n",
            },
            id="in a container, which does not see where it is itself",
        ),
    ],
)
def test_memory(host, cgroup, files, pid):
    assert _cgroup.memory(pid, **host(cgroup, files)) == _cgroup.Memory(available=2048 * MIB, limit=512 * MIB, used=500 * MIB, oom_kills=2)


@pytest.mark.parametrize("cgroup", [V1, V2, "0::/\n", "", "odd\n"])
def test_memory_without_a_limit(host, cgroup):
    assert _cgroup.memory(42, **host(cgroup, {"memory/memory.limit_in_bytes": "9223372036854771712\n"})) == (2048 * MIB, None, None, None)


STAT_V1 = "inactive_file 1\nactive_file 2\ntotal_inactive_file 104857600\ntotal_active_file 3\n"
STAT_V2 = "anon 5\ninactive_file 104857600\nactive_file 3\n"


@pytest.mark.parametrize(
    "cgroup, files",
    [
        (
            V1,
            {
                "memory/system.slice/memory.limit_in_bytes": f"{512 * MIB}\n",
                "memory/system.slice/memory.usage_in_bytes": f"{500 * MIB}\n",
                "memory/system.slice/memory.stat": STAT_V1,
            },
        ),
        (V2, {"system.slice/memory.max": f"{512 * MIB}\n", "system.slice/memory.current": f"{500 * MIB}\n", "system.slice/memory.stat": STAT_V2}),
    ],
)
def test_a_page_cache_that_can_be_reclaimed_is_not_used(host, cgroup, files):
    places = host(cgroup, files)
    assert _cgroup.memory(42, **places).used == 400 * MIB
    room = _cgroup.room(**places)
    assert room.bytes == 112 * MIB
    assert room.limit.endswith("system.slice is limited to 512 MiB, of which 400 MiB are used")


def test_the_room_is_that_of_the_narrowest_and_not_of_the_smallest_limit(host):
    files = {f"{SERVICE}/memory.max": f"{100 * MIB}\n", f"{SERVICE}/memory.current": f"{10 * MIB}\n"}
    above = {"system.slice/memory.max": f"{512 * MIB}\n", "system.slice/memory.current": f"{500 * MIB}\n"}
    assert _cgroup.room(**host(V2, {**files, **above})).bytes == 12 * MIB


def test_the_room_of_a_host_without_limits_is_what_is_available_and_swap(host):
    assert _cgroup.room(**host(V2, {}, MEMINFO + "SwapFree: 1048576 kB\n")) == (3072 * MIB, "the host has 2048 MiB available and 1024 MiB of swap")
    assert _cgroup.room(**host(V2, {})).bytes == 2048 * MIB
    assert _cgroup.room(**host(V2, {}, "")) is None


def test_where_nothing_can_be_known(tmp_path):
    assert _cgroup.memory(42, proc=str(tmp_path), cgroups=str(tmp_path)) == (None, None, None, None)
    assert _cgroup.unit(42, proc=str(tmp_path)) is None


def test_of_this_very_host():
    assert _cgroup.memory(None).available > 0
    assert _cgroup.memory(os.getpid()).available > 0


@pytest.mark.parametrize(
    "cgroup, unit",
    [
        (V1, "guestbook.service"),
        (V2, "guestbook.service"),
        ("0::/system.slice/guestbook.service/beam\n", "guestbook.service"),
        ("0::/user.slice/user-0.slice/session-1.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/guestbook.service\n", "user@1000.service"),
        ("9:name=systemd:/docker/0123/../../system.slice/guestbook.service\n", "guestbook.service"),
        ("0::/\n", None),
    ],
)
def test_unit(host, cgroup, unit):
    assert _cgroup.unit(42, proc=host(cgroup, {})["proc"]) == unit
