# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the release of a mix project that lies on the controller, on the host that the task is for, and puts the tarball where a deploy looks for it.

The controller knows the source and what was built of it last, the host has the engine. So this packs the one for the other, and nothing where nothing has
changed: then no engine is asked.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import tempfile

import jinja2
from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _build, _tarball_info
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _elixir_code, _mix_project, _tarball
from ansible_collections.beamops.elixir.plugins.plugin_utils import _builder, _dockerfile, _source
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction

PLACE = "_build/prod"
RECORD = ".build.json"
RECORDED = ("source", "commit", "uncommitted", "image")
STEPS_WITH_TAR = ":tar"


class ActionModule(StepAction):
    TRANSFERS_FILES = True

    def run(self, tmp=None, task_vars=None):
        answer = super().run(tmp, task_vars)
        _validated, wanted = self.validate_argument_spec(_build.ARGUMENTS)
        try:
            return {**answer, **self._build(task_vars, wanted)}
        except (ReleaseError, OSError) as error:
            raise AnsibleActionFail(_module.in_words(error)) from None  # Ansible would tell the cause, too, in the same words
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _build(self, task_vars, wanted):
        project = os.path.abspath(wanted["project"])
        mix_exs = _mix_project.mix_exs(project)
        check_mix_exs(project, mix_exs, wanted["name"])
        source = _source.look(project, wanted["keep_out"])
        fleet = _builder.fleet(wanted["hosts"])
        versions = _builder.versions(read(os.path.join(project, ".tool-versions")), wanted["elixir"], wanted["otp"])
        theirs = _dockerfile.use(read(os.path.join(project, wanted["dockerfile"]))) if wanted["dockerfile"] else None
        image = _builder.Image("") if theirs else _builder.image(fleet, versions, wanted["image"])
        template = "" if theirs else read(self._template(wanted["template"]))
        counts = [fleet.machine, image, theirs, template, *(wanted[key] for key in ("name", "packages", "args", "options")), sorted(wanted["secrets"])]
        inputs = _source.digest(source, *counts)

        before = built_before(project, wanted["name"], inputs)
        if before:
            check_choice(project, before["path"], wanted["name"])
            words = f"Nothing has changed since {before['path']} was built from {before['source']}: remove it to build again."
            return {**before, "changed": False, "msg": words}
        engine, image_name = self._look(task_vars, image)
        check_machine(engine, fleet, wanted["options"])
        text, target = theirs or (self._ours(template, project, mix_exs, image_name, engine, wanted), "tarball")
        said = {
            "source": source.words,
            "commit": source.commit,
            "uncommitted": list(source.uncommitted),
            "image": image_name,
            "dockerfile": text,
            "diff": {"before": "", "after": text, "after_header": "Dockerfile (not written into the project)"},
        }
        if self._task.check_mode:
            where = f"{wanted['dockerfile']}, stage {target}" if theirs else image_name
            return {**said, "changed": True, "msg": f"Would build {wanted['name']} from {source.words}, for {fleet.machine or 'the hosts'}, in {where}."}
        order = {"name": wanted["name"], "dockerfile": text, "target": target, "buildkit": engine["buildkit"]}
        built = self._make(task_vars, source, {**order, "args": wanted["args"], "options": wanted["options"]})
        check_choice(project, built["path"], wanted["name"])
        write_record(built["path"], {**{key: said[key] for key in RECORDED}, "inputs": inputs, "sha256": built["sha256"]})
        return {**said, **built, "changed": True, "msg": f"Built {_tarball_info.summary(built)}, from {source.words}: {built['path']}"}

    def _template(self, name):
        try:
            return self._find_needle("templates", name)
        except AnsibleError as error:
            raise ReleaseError(f"There is no template {name} for a Dockerfile: {error}") from error

    def _look(self, task_vars, image):
        """At the engine; and which image it is to be."""
        found = self._send(task_vars, {"images": image.rather})
        return found["engine"], found["image"] or image.name

    def _send(self, task_vars, order):
        """What only looks does so in check mode, too."""
        was, self._task.check_mode = self._task.check_mode, False
        try:
            found = self.send(task_vars, {**self._task.args, "hosts": {}, "order": order})
        finally:
            self._task.check_mode = was
        if found.get("failed"):
            raise ReleaseError(found.get("msg") or found.get("module_stderr") or "The build host says nothing.")
        return found

    def _ours(self, template, project, mix_exs, image, engine, wanted):
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
        return environment.from_string(template).render(
            name=wanted["name"],
            image=image,
            packages=wanted["packages"],
            buildkit=engine["buildkit"],
            # Compiled code is of one Erlang and one Elixir
            cache=f"{wanted['name']}-{hashlib.sha256(image.encode()).hexdigest()[:8]}",
            locked=os.path.exists(os.path.join(project, "mix.lock")),
            aliases=[alias for alias in ("assets.setup", "assets.deploy") if f'"{alias}"' in mix_exs],
            node=os.path.exists(os.path.join(project, "assets", "package.json")),
        )

    def _make(self, task_vars, source, order):
        """On the build host; then fetched. What the tarball holds."""
        directory = self._connection._shell.tmpdir or self._make_tmp_path()
        context = self._connection._shell.join_path(directory, "context.tar.gz")
        with tempfile.TemporaryDirectory() as here:
            packed = os.path.join(here, "context.tar.gz")
            _source.pack(source, packed)
            self._transfer_file(packed, context)
            self._fixup_perms2((directory, context))
            found = self._send(task_vars, {**order, "context": context})
            fetched = os.path.join(here, os.path.basename(found["path"]))
            self._connection.fetch_file(found["path"], fetched)
            described = _tarball.describe(fetched)  # else it is none that a deploy would take
            target = os.path.join(source.project, PLACE, os.path.basename(found["path"]))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(fetched, f"{target}.part")
            os.replace(f"{target}.part", target)
        return {**described, "path": target}


def check_mix_exs(project, mix_exs, name):
    """What can be told before anything is built."""
    unknown = _mix_project.unknown(project, name, _elixir_code.mix_project(mix_exs))
    if unknown:
        raise ReleaseError(f"{unknown}. Set elixir_release_name to one of them.")
    if STEPS_WITH_TAR not in mix_exs:
        raise ReleaseError(
            f"No release in {os.path.join(project, 'mix.exs')} makes a tarball: add `steps: [:assemble, :tar]` to it, as in "
            f"`releases: [{name}: [steps: [:assemble, :tar]]]`."
        )


def check_machine(engine, fleet, options):
    if fleet.machine in (None, engine["machine"]) or any(option.startswith("--platform") for option in options):
        return
    raise ReleaseError(
        f"The hosts are {fleet.machine}, and the Docker engine of the build host is {engine['machine']}. It could only pretend to be one (QEMU), under which "
        "Erlang's JIT is known to crash. Build on a host of that kind, with elixir_release_build_host; or try it all the same, with "
        "--platform in elixir_release_build_options."
    )


def check_choice(project, tarball, name):
    """What a deploy would take instead is told now."""
    found = _mix_project.find(project, name)
    if found.path != tarball:
        raise ReleaseError(f"{tarball} is what was built, and a deploy would take {found.path}: remove that, or build again after removing both.")


def built_before(project, name, inputs):
    """The tarball that was built of just this and still is what it was, with its record; None where there is none."""
    for path in glob.glob(os.path.join(glob.escape(project), PLACE, f"{name}-*{RECORD}")):
        try:
            record = json.loads(read(path))
            tarball = f"{path.removesuffix(RECORD)}.tar.gz"
            if record["inputs"] != inputs or not os.path.isfile(tarball):
                continue
            described = _tarball.describe(tarball)
            if described["sha256"] == record["sha256"]:
                return {**{key: record[key] for key in RECORDED}, **described}
        except (ValueError, KeyError, ReleaseError):
            continue
    return None


def write_record(tarball, record):
    with open(f"{tarball.removesuffix('.tar.gz')}{RECORD}", "w", encoding="utf-8") as file:
        json.dump(record, file, indent=1)


def read(path):
    """Empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
