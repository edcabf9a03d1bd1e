# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module's main() does: take the arguments, call the work, turn a ReleaseError into a failed task."""

from __future__ import annotations

import contextlib
import os
import types
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file, _layout, _releases, _secrets

ROOT = {"root": {"type": "path", "required": True}}
USER = {"user": {"type": "str"}}


def main(it: types.ModuleType, **arguments: t.Any) -> None:
    """What _modules has under a module's name: ARGUMENTS, `work` and, where they are needed, RULES of AnsibleModule's."""
    module = AnsibleModule(argument_spec={**it.ARGUMENTS, **arguments}, **{"supports_check_mode": True, **getattr(it, "RULES", {})})
    try:
        answer = it.work(module)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=in_words(error))
    else:
        module.exit_json(**answer)


def in_words(error: ReleaseError | OSError) -> str:
    if isinstance(error, ReleaseError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}. Look at the owner and mode of that path, and at the disk ('df'), on this host."


def layout(module: AnsibleModule) -> _layout.Layout:
    root = module.params["root"]
    if not os.path.isabs(root) or os.path.realpath(root) == "/":
        raise ReleaseError(f"root is {root!r}: give the absolute path of a directory of the application's own, such as /opt/guestbook.")
    # Without links, as processes tell where they run from
    return _layout.Layout(os.path.realpath(root))


def hide(module: AnsibleModule, environ: t.Mapping[str, str], *shown: str) -> None:
    """From now on the secrets of that environment appear in nothing that the module answers."""
    module.no_log_values.update(_secrets.of(environ, (*shown, module.params["root"])))


def show(module: AnsibleModule, *texts: str) -> None:
    """What stands in one of these is no secret, whatever variable has it too: a run goes by the names of nodes, which an env file may list."""
    module.no_log_values -= {value for value in module.no_log_values if any(value in text for text in texts)}


def warn(module: AnsibleModule, text: str) -> None:
    """Of what the application said: Ansible hides what it is to hide in an answer, and not in a warning."""
    module.warn(remove_values(text, module.no_log_values))


def hide_env_file(module: AnsibleModule, release: _releases.Release) -> None:
    """The secrets that the release was staged with: an answer of the application, or its log, may hold one."""
    with contextlib.suppress(OSError, ReleaseError):
        runs_it = _command.owner(os.stat(layout(module).tmp).st_uid)
        hide(module, _env_file.load(_layout.env_file(release.path), runs_it), release.name, release.id)
