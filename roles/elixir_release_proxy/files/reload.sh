#!/bin/sh
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Reloads nginx, or starts it where it does not run. A reload returns before it has happened, and ends with 0 also where the configuration cannot be applied.
# So it waits until no worker of before takes new connections, and fails where one still does.
set -eu
export SYSTEMD_COLORS=0

readonly LIMIT=10 # seconds
readonly ERRORS=/var/log/nginx/error.log

has_systemd() { [ -d /run/systemd/system ]; }

by_systemd() { has_systemd && systemctl --quiet is-active nginx; }

master() {
  if by_systemd; then systemctl show --property MainPID --value nginx; else cat /run/nginx.pid 2>/dev/null || true; fi
}

is_running() { [ -n "$1" ] && grep -qs '^nginx: master' "/proc/$1/cmdline"; }

# Which of several nginx on a machine, say in containers, it is: the children of this master
workers() { grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d / -f 3 || true; }

takes_connections() { [ -e "/proc/$1" ] && ! grep -qs 'is shutting down' "/proc/$1/cmdline"; }

reload() { if by_systemd; then systemctl reload nginx; else nginx -s reload; fi; }

start() { if has_systemd; then systemctl start nginx; else nginx >/dev/null 2>&1 </dev/null; fi; }

# why NUMBER_OF_LINES: what nginx could not do since its log had so many lines
why() { [ ! -r "$ERRORS" ] || tail -n +"$(($1 + 1))" "$ERRORS" | grep -F '[emerg]' | tail -n 3 >&2 || true; }

logged=0
[ ! -r "$ERRORS" ] || logged=$(wc -l <"$ERRORS")

nginx=$(master)
if ! is_running "$nginx"; then
  if ! start; then
    echo 'nginx did not run, and does not start' >&2
    why "$logged"
    exit 1
  fi
  echo 'nginx was started'
  exit
fi

old=$(workers "$nginx")
reload
tenths=$((10 * LIMIT))
for worker in $old; do
  while takes_connections "$worker"; do
    if [ "$tenths" -le 0 ]; then
      echo "$LIMIT s after the reload, the workers of before still take connections: nginx has not applied its configuration" >&2
      why "$logged"
      exit 1
    fi
    sleep 0.1
    tenths=$((tenths - 1))
  done
done
echo 'nginx was reloaded'
