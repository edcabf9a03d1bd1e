# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the text of an env file as far as a reader without a shell can: what it assigns, and what a shell would change without a word."""

from __future__ import annotations

import re
import typing as t

QUOTED = r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\."
NESTED = rf"\((?:[^()'\"\\]|{QUOTED})*\)"
NESTED = rf"\((?:[^()'\"\\]|{QUOTED}|{NESTED})*\)"
DOLLAR = rf"\$\((?:[^()'\"\\]|{QUOTED}|{NESTED})*\)|`(?:[^`\\]|\\.)*`|\$\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|\$[A-Za-z_][A-Za-z0-9_]*|\$[0-9@*#?$!-]"
OUTSIDE = re.compile(
    rf"(?P<single>'[^']*')|(?P<open>\"|')|(?P<escape>\\.)|(?P<dollar>{DOLLAR})|(?P<ansi>\$(?=['\"]))|(?P<blank>[ \t]+)|(?P<newline>\n)"
    r"|(?P<operator>&&|\|\||;;|<<-?|>>|[;&|<>()])|(?P<plain>[^\s'\"\\$`;&|<>()]+|.)",
    re.DOTALL,
)
INSIDE = re.compile(rf"(?P<end>\")|(?P<escape>\\.)|(?P<dollar>{DOLLAR})|(?P<plain>[^\"\\$`]+|.)", re.DOTALL)
SPECIAL = re.compile(r"\$\{?[0-9@*#?$!-]")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
EXPORTS = {"export", "readonly", "declare", "typeset"}
CONTROL = {"if", "case", "for", "while", "until", "unset", "function", "{", "!"}
# Behind these another command begins
RESERVED = {"then", "else", "elif", "do", "if", "while", "until", "{", "!"}
PRINTS = {"echo", "printf", "cat"}
SMART_QUOTES = "\u2018\u2019\u201c\u201d"


class Piece(t.NamedTuple):
    kind: str  # plain, quoted, escape, dollar or ansi
    text: str  # what it stands for; as it is written where only a shell knows that
    dollars: tuple[str, ...] = ()


class Word(t.NamedTuple):
    line: int
    last_line: int
    raw: str
    pieces: tuple[Piece, ...]
    glued: str  # the operator that follows without a blank

    @property
    def key(self) -> str | None:
        """The variable that it assigns."""
        match = ASSIGNMENT.match(self.pieces[0].text) if self.pieces[0].kind == "plain" else None
        return match[1] if match else None

    @property
    def value(self) -> list[Piece]:
        """The pieces behind the `=`."""
        first = Piece("plain", self.pieces[0].text.partition("=")[2])
        return [*([first] if first.text else []), *self.pieces[1:]]

    @property
    def literal(self) -> str | None:
        """The value, where it is what the text says; None where a shell computes it."""
        value = self.value
        home = bool(value) and value[0].kind == "plain" and re.search(r"(^|:)~", value[0].text)
        return None if home or any(piece.dollars for piece in value) else "".join(piece.text for piece in value)


class Command(t.NamedTuple):
    words: tuple[Word, ...]
    redirected: bool

    @property
    def own(self) -> tuple[Word, ...]:
        """Its words without `then` and the like."""
        at = 0
        while at < len(self.words) and self.words[at].raw in RESERVED:
            at += 1
        return self.words[at:]

    @property
    def exports(self) -> bool:
        return bool(self.own) and self.own[0].raw in EXPORTS

    @property
    def assignments(self) -> list[Word]:
        if self.exports:
            return [word for word in self.own if word.key]
        count = next((at for at, word in enumerate(self.own) if not word.key), len(self.own))
        return list(self.own[:count])


class Script(t.NamedTuple):
    commands: list[Command]
    control: bool  # whether it has control flow: only a shell knows then
    open_at: int | None  # the line of the word in which a quote is left open

    def at(self, line: int) -> Command | None:
        return next((command for command in self.commands if any(word.line <= line <= word.last_line for word in command.words)), None)

    def key_at(self, line: int) -> str | None:
        command = self.at(line)
        words = command.assignments if command else []
        return next((word.key for word in words if word.line <= line <= word.last_line), None)


class Fault(t.NamedTuple):
    line: int
    key: str | None
    text: str


def read(text: str) -> Script:
    return _Reader(text).read()


def fault(script: Script) -> Fault | None:
    """The first thing in it of which a shell makes something else, without a word or with one that helps nobody."""
    if script.control:
        return None
    return next(filter(None, map(_fault, script.commands)), None)


def right(word: Word) -> str:
    """The line that would be right, without the value."""
    return f"write {word.key}='...', with the value in single quotes" + (r" and '\'' for each ' in it" if "'" in word.raw else "")


def _fault(command: Command) -> Fault | None:
    words = command.own
    if not words:
        return None
    first = words[0]
    if first.raw == "source":
        return Fault(first.line, None, "'source' is a word of bash, which not every sh knows: write . and the file's absolute path")
    if first.raw in PRINTS and not command.redirected:
        return Fault(first.line, None, f"'{first.raw}' prints, and an env file only assigns variables: remove that line")
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*:", first.raw):
        return Fault(first.line, first.raw[:-1], f"'{first.raw}' is YAML, and this is a file for sh: write {first.raw[:-1]}=...")
    for before, after in zip(words, words[1:]):
        if NAME.fullmatch(before.raw) and after.raw.startswith("="):
            return Fault(before.line, before.raw, f"a shell knows no blank around the '=': write {before.raw}=...")
    for word in command.assignments:
        text = _changed(word, command)
        if text:
            return Fault(word.line, word.key, text)
    return None


def _changed(word: Word, command: Command) -> str | None:
    value = word.value
    if _in_smart_quotes(value):
        return f"typographic quotes are no quotes to a shell: {right(word)}"
    if word.glued and word.glued != ";":
        return f"a shell ends the value at the {word.glued} in it: {right(word)}"
    if command.redirected and command.own[-1].key:
        return f"a shell takes the < or > behind it for a redirection: {right(word)}"
    if any(piece.kind == "ansi" for piece in value):
        return f"$' and $\" mean something else to each shell: {right(word)}"
    if any(SPECIAL.match(dollar) for piece in value for dollar in piece.dollars):
        return f"a shell puts something of its own for a $ in it: {right(word)}"
    if any(piece.kind == "escape" and piece.text.isalnum() for piece in value):
        return f"a shell drops a \\ in it: {right(word)}"
    if any({before.kind, after.kind} == {"plain", "quoted"} and not (before.dollars or after.dollars) for before, after in zip(value, value[1:])):
        return f"a shell drops quotes in it: {right(word)}"
    return None


def _in_smart_quotes(value: list[Piece]) -> bool:
    return bool(value) and any(piece.kind == "plain" and piece.text and piece.text[end] in SMART_QUOTES for piece, end in ((value[0], 0), (value[-1], -1)))


class _Reader:
    """Goes through the text once. What it has read of the current word and command is its state."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.commands: list[Command] = []
        self.words: list[Word] = []
        self.pieces: list[Piece] = []
        self.start = (0, 1)
        self.redirected = self.control = False
        self.target = ""  # the redirection whose target comes next
        self.documents: list[tuple[str, bool]] = []  # the ends of here documents that begin on the next line

    def read(self) -> Script:
        while self.at < len(self.text):
            match = OUTSIDE.match(self.text, self.at)
            kind, token = match.lastgroup, match[0]
            if kind == "plain" and token.startswith("#") and not self.pieces:
                self._skip(re.compile(r"[^\n]*").match(self.text, self.at)[0])
                continue
            if kind in ("blank", "newline", "operator"):
                self._end_word(token if kind == "operator" else "")
                getattr(self, f"_{kind}")(token)
                continue
            if not self.pieces:
                self.start = self.at, self.line
            self._skip(token)
            if kind == "open" and not (token == '"' and self._double()):
                return self._open()
            self._piece(kind, token)
        self._end_word("")
        self._end_command()
        return Script(self.commands, self.control, None)

    def _open(self) -> Script:
        """A quote has no end, if this was read as a shell reads it, which only a shell knows."""
        line = self.start[1]
        self.at = len(self.text)
        self.line = self.text.count("\n") + 1
        self.pieces = self.pieces or [Piece("quoted", "")]
        self._end_word("")
        self._end_command()
        return Script(self.commands, True, line)

    def _piece(self, kind: str, token: str) -> None:
        if kind == "single":
            self.pieces.append(Piece("quoted", token[1:-1]))
        elif kind == "escape":
            if token != "\\\n" or self.pieces:
                self.pieces.append(Piece("escape", "" if token == "\\\n" else token[1]))
        elif kind in ("dollar", "ansi"):
            self.pieces.append(Piece(kind, token, (token,)))
        elif kind == "plain":
            self.pieces.append(Piece("plain", token) if not self._is_plain() else Piece("plain", self.pieces.pop().text + token))

    def _is_plain(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].kind == "plain"

    def _double(self) -> bool:
        """Behind the first quote. False where there is no second."""
        texts, dollars = [], []
        while self.at < len(self.text):
            match = INSIDE.match(self.text, self.at)
            kind, token = match.lastgroup, match[0]
            self._skip(token)
            if kind == "end":
                self.pieces.append(Piece("quoted", "".join(texts), tuple(dollars)))
                return True
            if kind == "dollar":
                dollars.append(token)
            if kind == "escape" and token[1] in '$`"\\\n':
                token = token[1].strip("\n")
            texts.append(token)
        return False

    def _blank(self, token: str) -> None:
        self._skip(token)

    def _newline(self, token: str) -> None:
        self._end_command()
        self._skip(token)
        for end, tabs in self.documents:
            while self.at < len(self.text):
                line = re.compile(r"[^\n]*\n?").match(self.text, self.at)[0]
                self._skip(line)
                if (line.strip("\t") if tabs else line).rstrip("\n") == end:
                    break
        self.documents = []

    def _operator(self, token: str) -> None:
        glued_before = self.at > 0 and not self.text[self.at - 1].isspace()
        self._skip(token)
        assigns = bool(self.words) and bool(self.words[-1].key) and glued_before
        if token[0] in "<>":
            self.target, self.redirected = token, True
            if self.words and self.words[-1].raw.isdigit() and glued_before:
                self.words.pop()
            return
        if token == "&" and self.target and glued_before:  # as in 2>&1
            return
        if token in ("(", ")", ";;") or (token in ("&&", "||") and self.text[self.at : self.at + 1].isspace()):
            self.control = self.control or not assigns
        self._end_command()

    def _end_word(self, glued: str) -> None:
        if not self.pieces:
            return
        start, line = self.start
        word = Word(line, self.line, self.text[start : self.at], tuple(self.pieces), glued)
        self.pieces = []
        if self.target:
            if self.target.startswith("<<"):
                self.documents.append(("".join(piece.text for piece in word.pieces), self.target == "<<-"))
            self.target = ""
            return
        self.words.append(word)

    def _end_command(self) -> None:
        if self.words:
            self.control = self.control or self.words[0].raw in CONTROL
            self.commands.append(Command(tuple(self.words), self.redirected))
        self.words, self.redirected, self.target = [], False, ""

    def _skip(self, token: str) -> None:
        self.at += len(token)
        self.line += token.count("\n")
