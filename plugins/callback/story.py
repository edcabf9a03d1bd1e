# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells a run as the story of a deploy. What is said is plugin_utils' _story; here is when, and how it comes to the screen."""

from __future__ import annotations

DOCUMENTATION = r"""
name: story
type: stdout
short_description: The output of a deploy as its story
version_added: 0.2.0
author:
  - the beamops.elixir authors (@beamops)
description:
  - For a person who runs the playbooks of this collection at a terminal. Each play is a phase, with the seconds that it took; in it stands a line for
    each host and step that matters, made of what the modules answered; tables are plain text.
  - What only looked or was skipped is not told. Of a task of your own, such as in C(elixir_release_before_switch_tasks), its name is told, and whether it
    changed something.
  - What fails is told in full, with the task and the host. So are warnings and, with C(--diff), differences. What C(no_log) hides stays hidden.
  - On a terminal, what takes longer than a second has a line that is drawn anew each second - for how long it has been going on, which hosts are waited
    for and, where the task itself has a limit, a bar of the time until then. Of an upload it is not known how much has arrived, since Ansible's connection
    does not tell; the size of the tarball is shown, which is the most that is sent. The line is not there where the output is no terminal, or E(TERM)
    is V(dumb).
  - With C(-v) and more, the output is that of P(ansible.builtin.default#callback). All options other than O(display_failed_stderr) and those about the
    format of results are for that.
requirements:
  - Set it as the C(stdout_callback) in the section C(defaults) of C(ansible.cfg), or by E(ANSIBLE_STDOUT_CALLBACK).
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  stdout_callback = beamops.elixir.story

environment: |
  ANSIBLE_STDOUT_CALLBACK=beamops.elixir.story ansible-playbook -i hosts.yml deploy.yml
"""

import functools
import os
import re
import shutil
import sys
import time

from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.template import Templar

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet, _progress, _story

COLLECTION = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Whose tasks are the collection's own: the user's, too, may lie below a checkout of it
OWN = tuple(os.path.join(COLLECTION, place, "") for place in ("roles", "playbooks"))
STEP = "beamops.elixir.elixir_release_"
# Before a task's name stands that of its role, which for a task file of the user's is the one that included it
OWN_ROLE = re.compile(r"^beamops[.]elixir[.]\w+ : ")
BUILTIN = re.compile(r"^ansible[.](builtin|legacy)[.]")
# What these do no host notices
QUIET = frozenset(
    """add_host assert gather_facts group_by include_role include_tasks include_vars meta set_fact setup stat
    validate_argument_spec""".split()
)
# What writes to the terminal by itself
SPEAKERS = ("pause", f"{STEP}say")
# For how many seconds a step may go on, by its option; the first that a task sets
LIMITS = ("drain", "within")


def unless_verbose(method):
    """With -v and more, the default callback tells it."""

    @functools.wraps(method)
    def tell(self, *arguments, **options):
        if self._display.verbosity:
            return getattr(super(CallbackModule, self), method.__name__)(*arguments, **options)
        return method(self, *arguments, **options)

    return tell


@functools.lru_cache(maxsize=None)
def is_own(path):
    """Of a task, by its path with the line."""
    return os.path.realpath(path.rpartition(":")[0]).startswith(OWN)


def action_of(task):
    return BUILTIN.sub("", task.resolved_action or task.action)


def step_of(task):
    """The module of this collection that a task calls, without what all of their names begin with. Empty where it calls another one."""
    return action_of(task).removeprefix(STEP) if action_of(task).startswith(STEP) else ""


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "beamops.elixir.story"

    def __init__(self):
        super().__init__()
        self._began = time.monotonic()
        self._heading, self._phase_began, self._phase_shown = "", self._began, False
        self._table = []  # what the phase ends with
        self._batches = {}  # how many of a play have begun
        self._width = 0
        self._known = {}  # of each host, see _story.learned
        self._told = set()
        self._lost = set()  # who cannot be reached
        self._waiting, self._looked, self._limit = [], {}, None  # for whom, what the last attempt saw there, and how long at most
        self._what, self._size = "", ""  # for what, and how large the tarball is
        self._progress = _progress.Progress(self._draw, sys.stdout.isatty() and os.environ.get("TERM") != "dumb")

    # What is said

    def _draw(self, text):
        self._display.display(text, color=C.COLOR_DEBUG, newline=False, screen_only=True)

    def _print(self, text, color=None, stderr=False):
        if self._heading and not self._phase_shown:
            self._phase_shown = True
            self._print(f"\n{self._heading}")
        with self._progress.away():
            self._display.display(text, color=color, stderr=stderr)

    def _say(self, host, lines, color=None, stderr=False):
        """The first line beside the host, and the others under that."""
        lines = lines.splitlines() if isinstance(lines, str) else lines
        labels = [f"  {host:<{self._width}}  ", *[" " * (self._width + 4)] * (len(lines) - 1)]
        self._print("\n".join(f"{label}{text}".rstrip() for label, text in zip(labels, lines)), color, stderr)

    def _once(self, key):
        """Whether that is told for the first time."""
        first = key not in self._told
        self._told.add(key)
        return first

    def _end_phase(self):
        if self._phase_shown:
            self._print(f"  took {_story.seconds(time.monotonic() - self._phase_began)}", C.COLOR_DEBUG)
        self._heading, self._phase_shown, self._phase_began = "", False, time.monotonic()
        if self._table:
            self._print("\n".join(["", *self._table]))
        self._table = []

    # What is waited for

    def _wait_for(self, task):
        self._waiting, self._looked, self._limit = [], {}, None
        self._what = "" if action_of(task) in SPEAKERS else self._name_of(task.get_name())
        if self._size and step_of(task) == "stage":
            self._what += f", at most {self._size} to each"
        self._progress.show(None)
        self._progress.begin()

    def _show_progress(self):
        if not self._waiting or not self._what:
            self._progress.show(None)
            return
        # What a host was seen to lack says more than what all of them do
        looked = (f"{host}: {self._looked[host]}" for host in self._waiting if host in self._looked)
        what, limit = next(looked, f"{_story.names(self._waiting)}: {self._what}"), self._limit
        self._progress.show(lambda passed: _story.progress(passed, limit, what, shutil.get_terminal_size().columns - 1))

    def _limit_of(self, host, task):
        asked = next((task.args[option] for option in LIMITS if option in task.args), None) if step_of(task) else None
        if asked is None:
            return None
        try:
            variables = self._play.get_variable_manager().get_vars(play=self._play, host=host, task=task)
            return float(Templar(loader=self._play.get_loader(), variables=variables).template(asked))
        except (AnsibleError, TypeError, ValueError):
            return None  # the task itself will say what is wrong

    def _has_answered(self, result):
        host = result.host.get_name()
        if host in self._waiting:
            self._waiting.remove(host)
        self._show_progress()
        self._tell_notes(result)

    # What comes of a task

    @staticmethod
    def _name_of(name):
        return OWN_ROLE.sub("", name.strip())

    def _tell_notes(self, result):
        """Its warnings. Of what is deprecated Ansible itself tells."""
        answer = result.result
        for warning in answer.pop("warnings", None) or ():
            if self._once(("warning", result.host.get_name(), str(warning))):
                self._say(result.host.get_name(), f"note: {warning}", C.COLOR_WARN)
        if answer.get("deprecations"):
            with self._progress.away():
                self._handle_warnings(answer)

    def _tell_step(self, result):
        host, task = result.host.get_name(), result.task
        step = _story.Step(step_of(task), result.result, task.args, task.check_mode is True, self._known.get(host, {}))
        text = _story.line(step)
        self._known[host] = _story.learned(step)
        if step.name == "tarball_info" and "size" in step.answer:
            self._size = _story.amount(step.answer["size"])
        if step.name in _story.OF_THE_RUN and text:
            if self._once(("run", text)):
                self._print(f"  {text}")
        elif text:
            self._say(host, text)
        elif step.name == "eval":  # of anything
            self._tell_task(result)

    def _tell_debug(self, result):
        lines = _story.said(result.result)
        if lines is None:
            self._clean_results(result.result, result.task.action)
            self._say(result.host.get_name(), self._dump_results(result.result).strip())
        elif not result.task.run_once:
            self._say(result.host.get_name(), lines)
        elif len(lines) > 1:
            self._table = lines
        elif self._once(("run", *lines)):
            self._print(f"  {''.join(lines)}")

    def _tell_task(self, result):
        """Of the user's own, and what a role of this collection has changed on a host."""
        changed, task = result.result.get("changed"), result.task
        if action_of(task) in QUIET or is_own(task.get_path() or "") and not (changed and task.delegate_to is None):
            return
        self._say(self.host_label(result), f"{self._name_of(result.task_name)}: {'changed' if changed else 'ok'}")

    def _tell_failure(self, result, ignored, item=""):
        """In full, but for a host that says the very same as another one."""
        task, lines = result.task, _story.failure(result.result)
        own = is_own(task.get_path() or "")
        what, color = ("failed, which is ignored", C.COLOR_SKIP) if ignored else ("FAILED", C.COLOR_ERROR)
        # What the role itself ends with says all
        title = what if own and action_of(task) == "fail" else f"{what}: {self._name_of(result.task_name)}{item}"
        if self._once((task._uuid, title, *lines)):
            lines = [title, *lines] if own or not task.get_path() else [f"{title} ({task.get_path()})", *lines]
        else:
            lines = [f"{title}, as above"]
        self._say(self.host_label(result), lines, color, stderr=self.get_option("display_failed_stderr"))

    # What Ansible calls

    @unless_verbose
    def v2_playbook_on_play_start(self, play):
        self._end_phase()
        self._play = play
        number = self._batches[play._uuid] = self._batches.get(play._uuid, 0) + 1
        hosts = play.get_variable_manager().get_vars(play=play).get("ansible_play_hosts_all", ())
        batches = len(_fleet.batch_sizes(len(hosts), play.serial)) if play.serial else 1
        self._heading = _story.heading(play.get_name().strip(), number, batches, play.check_mode)

    @unless_verbose
    def v2_playbook_on_task_start(self, task, is_conditional):
        self._wait_for(task)

    @unless_verbose
    def v2_playbook_on_handler_task_start(self, task):
        self._wait_for(task)

    @unless_verbose
    def v2_runner_on_start(self, host, task):
        self._width = max(self._width, len(host.get_name()))
        if self._progress.visible and not self._waiting:
            self._limit = self._limit_of(host, task)
        self._waiting.append(host.get_name())
        self._show_progress()

    @unless_verbose
    def v2_runner_retry(self, result):
        host, answer = result.host.get_name(), result.result
        text = answer["msg"] if step_of(result.task) and answer.get("msg") else f"{self._name_of(result.task_name)}: not yet"
        self._looked[host] = text
        self._show_progress()
        if not self._progress.visible and self._once((result.task._uuid, host, text)):
            self._say(host, text, C.COLOR_DEBUG)

    @unless_verbose
    def v2_runner_on_ok(self, result):
        self._has_answered(result)
        self._lost.discard(result.host.get_name())
        if action_of(result.task) == "debug":
            if not result.task.loop:  # else the items have said it
                self._tell_debug(result)
        elif step_of(result.task) and not result.task.loop and "censored" not in result.result:
            self._tell_step(result)
        else:
            self._tell_task(result)

    @unless_verbose
    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._has_answered(result)
        self._lost.discard(result.host.get_name())
        if not (result.task.loop and "results" in result.result):  # else the items have said it
            self._tell_failure(result, ignore_errors)

    @unless_verbose
    def v2_runner_on_skipped(self, result):
        self._has_answered(result)

    @unless_verbose
    def v2_runner_on_unreachable(self, result):
        self._has_answered(result)
        host = result.host.get_name()
        lines = ["still cannot be reached"] if host in self._lost else ["cannot be reached", *_story.failure(result.result)]
        self._lost.add(host)
        self._say(self.host_label(result), lines, C.COLOR_UNREACHABLE, stderr=self.get_option("display_failed_stderr"))

    @unless_verbose
    def v2_runner_item_on_ok(self, result):
        self._tell_notes(result)
        if action_of(result.task) == "debug":
            self._tell_debug(result)

    @unless_verbose
    def v2_runner_item_on_failed(self, result):
        self._tell_notes(result)
        self._tell_failure(result, result.task.ignore_errors, f", {self._get_item_label(result.result)}")

    @unless_verbose
    def v2_runner_item_on_skipped(self, result):
        self._tell_notes(result)

    @unless_verbose
    def v2_on_file_diff(self, result):
        answer = result.result
        for one in answer["results"] if result.task.loop and "results" in answer else [answer]:
            text = self._get_diff(one["diff"]) if one.get("diff") and one.get("changed") else ""
            if text.strip():
                self._say(self.host_label(result), f"{self._name_of(result.task_name)}:")
                self._print(text.strip("\n"))

    @unless_verbose
    def v2_playbook_on_include(self, included_file):
        pass

    @unless_verbose
    def v2_runner_on_async_poll(self, result):
        pass

    @unless_verbose
    def v2_runner_on_async_ok(self, result):
        pass

    @unless_verbose
    def v2_runner_on_async_failed(self, result):
        pass

    @unless_verbose
    def v2_playbook_on_no_hosts_matched(self):
        self._print("  no host is meant", C.COLOR_SKIP)

    @unless_verbose
    def v2_playbook_on_no_hosts_remaining(self):
        self._print("  no host is left")

    @unless_verbose
    def v2_playbook_on_stats(self, stats):
        self._progress.show(None)
        self._end_phase()
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        if hosts:
            text, well = _story.ending(hosts, time.monotonic() - self._began, context.CLIARGS.get("check"))
            if self._known and not well:
                text += " beamops.elixir.status tells what runs now."
            self._print(f"\n{text}", C.COLOR_OK if well else C.COLOR_ERROR)
        self._began = time.monotonic()  # of the next playbook
