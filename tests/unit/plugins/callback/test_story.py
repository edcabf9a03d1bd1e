# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible itself shows with it: plays of a user's own, run here. Of a real deploy: molecule/traps/tests/test_story.py."""

from __future__ import annotations

import contextlib
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _story

PLAYBOOK = """
- name: First
  hosts: all
  gather_facts: false
  serial: [1, 1]
  tasks:
    - name: Change it
      ansible.builtin.raw: echo hunter2
    - name: Look at it
      ansible.builtin.raw: echo hunter2
      changed_when: false
      no_log: true
    - name: Hidden, and fails
      ansible.builtin.raw: echo hunter2; exit 3
      no_log: true
      ignore_errors: true
    - name: Left out
      ansible.builtin.raw: echo
      when: false
    - name: Told
      ansible.builtin.debug:
        msg: "two\\nlines with \\"quotes\\""
    - name: A fact
      ansible.builtin.set_fact:
        fact: 1
    - name: A value
      ansible.builtin.debug:
        var: fact

- name: Nothing to tell
  hosts: all
  gather_facts: false
  tasks:
    - name: A fact
      ansible.builtin.set_fact:
        fact: 1

- name: Second
  hosts: all
  gather_facts: false
  tasks:
    - name: Table
      ansible.builtin.debug:
        msg: [HOST  AFTER, "web1  0.2.0"]
      run_once: true
    - name: Try again
      ansible.builtin.raw: "false"
      register: tried
      until: tried.rc == 0
      retries: 2
      delay: 0
      ignore_errors: true
    - name: Items
      ansible.builtin.raw: "{{ item }}"
      loop: ["true", "echo out; exit 4"]
      ignore_errors: true
    - name: Mended
      block:
        - name: Break it
          ansible.builtin.fail:
            msg: "it is\\nbroken"
      rescue:
        - name: Mend it
          ansible.builtin.raw: "true"
    - name: Undefined
      ansible.builtin.raw: "{{ nothing }}"
"""


class Runner:
    def __init__(self, directory):
        self.directory = directory
        collections = pathlib.Path(_story.__file__).parents[5]
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_HOME": str(directory / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "beamops.elixir.story",
            "TERM": "xterm",
        }

    def command(self, tasks, options):
        playbook = self.directory / "playbook.yml"
        playbook.write_text(tasks, encoding="utf-8")
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        return [program, "-i", "web1,longer,", "-e", f"ansible_connection=local ansible_python_interpreter={sys.executable}", *options, str(playbook)]

    def __call__(self, tasks, *options, **environ):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        run = subprocess.run(self.command(tasks, options), env={**self.environ, **environ}, text=True, check=False, **pipes)
        return run.returncode, run.stdout

    def on_terminal(self, tasks, *options, interrupt_when=None, **environ):
        """Until it ends by itself, or by Ctrl-C as soon as that was shown."""
        pid, terminal = pty.fork()
        if not pid:
            command = self.command(tasks, options)
            os.execve(command[0], command, {**self.environ, **environ})
        shown = ""
        with contextlib.suppress(OSError), os.fdopen(terminal, "r+b", buffering=0) as file:
            while part := file.read(4096):
                shown += part.decode()
                if interrupt_when and interrupt_when in shown:
                    interrupt_when = None
                    os.kill(pid, signal.SIGINT)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.replace("\r\n", "\n")


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    return Runner(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="module")
def told(play):
    rc, output = play(PLAYBOOK)
    assert rc == 2, output
    return output


def where(play, task):
    """The place of a task of that playbook, as it is told."""
    return f"({play.directory}/playbook.yml:{[line.strip() for line in PLAYBOOK.splitlines()].index(f'- name: {task}') + 1})"


def between(output, begin, end):
    """The lines of a phase."""
    lines = output.splitlines()
    return lines[lines.index(begin) + 1 : lines.index(end)]


def test_a_line_a_host_and_task_in_each_batch(told, play):
    lines = between(told, "First, 1 of 2", "First, 2 of 2")
    assert lines[:-2] == [
        "  web1  Change it: changed",
        "  web1  Look at it: ok",
        f"  web1  failed, which is ignored: Hidden, and fails {where(play, 'Hidden, and fails')}",
        "        the output has been hidden due to the fact that 'no_log: true' was specified for this result",
        "  web1  two",
        '        lines with "quotes"',
        "  web1  {",
        '            "fact": 1',
        "        }",
    ]
    assert re.fullmatch(r"  took \d+[.]\d s", lines[-2]) and not lines[-1]
    assert "  longer  Change it: changed" in between(told, "First, 2 of 2", "Second")


def test_what_has_nothing_to_tell_is_not_told(told):
    assert "Nothing to tell" not in told and "skipping" not in told and "Left out" not in told and "A fact" not in told


def test_nothing_that_is_hidden_is_told(told):
    assert "hunter2" not in told


def test_a_table_ends_its_phase(told):
    lines = told.splitlines()
    table = lines.index("HOST  AFTER")
    assert lines[table + 1] == "web1  0.2.0"
    assert lines[table - 1] == "" and re.fullmatch(r"  took .* s", lines[table - 2])


def test_an_attempt_is_told_of_once(told):
    assert told.count("  web1    Try again: not yet\n") == 1


def test_failures_in_full_and_once(told, play):
    lines = between(told, "Second", "HOST  AFTER")
    assert sum("failed, which is ignored: Items, echo out; exit 4" in line for line in lines) == 2
    assert lines[lines.index("          stdout:") + 1] == "            out"
    first, second = (index for index, line in enumerate(lines) if "FAILED: Break it" in line)
    assert lines[first].endswith(f"  FAILED: Break it {where(play, 'Break it')}")
    assert lines[first + 1 : first + 3] == ["          it is", "          broken"]
    assert lines[second].endswith("  FAILED: Break it, as above")
    assert "  web1    Mend it: changed" in lines
    undefined = next(index for index, line in enumerate(lines) if "FAILED: Undefined" in line)
    assert "'nothing' is undefined" in lines[undefined + 1]


def test_the_last_line(told):
    last = told.splitlines()[-1]
    assert re.fullmatch(r"Hosts: 2 of 2 failed \(longer, web1\)[.] \d+[.]\d s[.] The reason stands above; -v shows all that the tasks answer[.]", last)


def test_no_terminal_no_escapes(told):
    assert "\r" not in told and "\x1b" not in told


def test_check_mode_and_differences(play, tmp_path):
    tasks = f"""
- name: Write
  hosts: web1
  gather_facts: false
  tasks:
    - name: Write it
      ansible.builtin.copy:
        content: new
        dest: {tmp_path}/file
        mode: "0600"
    - name: Only looks
      ansible.builtin.stat:
        path: {tmp_path}/file
"""
    rc, output = play(tasks, "--check", "--diff")
    assert rc == 0 and not (tmp_path / "file").exists()
    lines = output.splitlines()
    assert lines[1:3] == ["Write (check mode)", "  web1  Write it:"] and "+new" in lines
    assert lines[-4] == "  web1  Write it: changed" and lines[-1].startswith("Hosts: 1 of 1 would change."), "and nothing of what only looks"


def test_warnings_are_notes(play):
    tasks = """
- name: Warn
  hosts: all
  gather_facts: false
  tasks:
    - name: Group
      ansible.builtin.group_by:
        key: "a-b"
    - name: Find
      ansible.builtin.find:
        paths: /no/such/path
"""
    rc, output = play(tasks)
    assert rc == 0
    assert re.search(r"^  web1    note: Skipped '/no/such/path' path due to", output, re.MULTILINE), output
    assert "Find: ok" in output


def test_verbose_output_is_ansibles_own(play):
    tasks = "- name: Show\n  hosts: web1\n  gather_facts: false\n  tasks:\n    - ansible.builtin.raw: echo out\n"
    rc, output = play(tasks, "-v")
    assert rc == 0 and "PLAY [Show]" in output and "TASK [ansible.builtin.raw]" in output and '"stdout_lines": ["out"]' in output and "PLAY RECAP" in output
    assert "took" not in output


SLOW = """
- name: Slow
  hosts: web1
  gather_facts: false
  tasks:
    - name: Take some time
      ansible.builtin.raw: sleep {}
"""


def test_progress_on_a_terminal(play):
    rc, shown = play.on_terminal(SLOW.format(2.5), NO_COLOR="1")
    assert rc == 0
    assert shown.startswith("\x1b[K  1 s  web1: Take some time\r\x1b[K  2 s  web1: Take some time\r")
    assert "\x1b[K\r\nSlow\n  web1  Take some time: changed\n" in shown
    assert set(re.findall("\x1b[^K]*K", shown)) == {"\x1b[K"}, "no colours"


def test_no_progress_on_a_terminal_that_can_do_nothing(play):
    rc, shown = play.on_terminal(SLOW.format(1.5), TERM="dumb", NO_COLOR="1")
    assert rc == 0 and "\r" not in shown and "\x1b" not in shown


def test_what_is_said_as_it_is_has_nothing_drawn_over_it(play):
    tasks = """
- name: Say
  hosts: all
  gather_facts: false
  tasks:
    - name: Take some time
      ansible.builtin.raw: sleep 1.5
      changed_when: false
    - name: Say it
      beamops.elixir.elixir_release_say:
        lines: [HOST  RUNNING, 'web1  "0.2.0"']
      run_once: true
    - name: Stop for a moment
      ansible.builtin.pause:
        seconds: 2
"""
    rc, shown = play.on_terminal(tasks, NO_COLOR="1")
    assert rc == 0 and '\nHOST  RUNNING\nweb1  "0.2.0"\n' in shown
    assert "\x1b" not in shown[shown.index("HOST") :], "nor while somebody may be asked"


def test_an_interrupt_ends_it_at_once(play):
    rc, shown = play.on_terminal(SLOW.format(60), NO_COLOR="1", interrupt_when="1 s  web1")
    assert rc == 99 and "User interrupted execution" in shown
    assert shown.endswith("\x1b[K\r"), "the line is gone"
