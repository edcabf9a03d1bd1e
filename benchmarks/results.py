# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of results: each run as it was, and the machine that it was made on."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import typing as t


class Results:
    def __init__(self, path: pathlib.Path, resume: bool):
        self.path = path
        self.content: dict[str, t.Any] = {"machine": machine(), "collections": {}, "stable_for": {}, "runs": []}
        if resume and path.exists():
            self.content = json.loads(path.read_text(encoding="utf-8"))

    @property
    def runs(self) -> list[dict[str, t.Any]]:
        return self.content["runs"]

    def has(self, key: dict[str, t.Any]) -> bool:
        return any(not run["error"] and key.items() <= run.items() for run in self.runs)

    def add(self, run: dict[str, t.Any]) -> None:
        """Saved at once, so that a benchmark that is broken off is not lost."""
        self.runs.append(run)
        self.save()

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        head = json.dumps({key: value for key, value in self.content.items() if key != "runs"}, indent=2)
        # A line for each run
        lines = ",\n".join("    " + json.dumps(rounded(run)) for run in self.runs)
        unfinished.write_text(f'{head[:-2]},\n  "runs": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
        unfinished.replace(self.path)


def rounded(value: t.Any) -> t.Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def machine() -> dict[str, t.Any]:
    processor = [line.partition(":")[2].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": processor[0] if processor else platform.machine(),
        "kernel": platform.release(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
        "load_before": os.getloadavg()[0],
        "ansible_core": importlib.metadata.version("ansible-core"),
        "python": platform.python_version(),
    }


def commit(checkout: pathlib.Path) -> str:
    argv = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False).stdout.strip() or "no git checkout"
