-- Copyright (c) 2026, the beamops.elixir authors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- count.lua MILLISECONDS: for wrk with one thread. Waits so long between two requests of a connection, and tells the statuses and the longest gap.

local ffi = require("ffi")
ffi.cdef("struct moment { long seconds, nanoseconds; }; int clock_gettime(int, struct moment *);")
local moment = ffi.new("struct moment")

local function now()
  ffi.C.clock_gettime(0, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local thread

function setup(it)
  thread = it
end

-- What is told at the end is global: another Lua asks for it.
function init(arguments)
  longest, at, last = 0, now(), now()
  counts = {}
  local wait = tonumber(arguments[1])
  -- wrk looks for the function once: without it there is always a request in hand
  if wait > 0 then
    delay = function() return wait end
  end
end

function response(status)
  counts[status] = (counts[status] or 0) + 1
  if status == 200 then
    local moment_of_answer = now()
    if moment_of_answer - last > longest then
      longest, at = moment_of_answer - last, last
    end
    last = moment_of_answer
  end
end

function done()
  local longest, at, last = thread:get("longest"), thread:get("at"), thread:get("last")
  if now() - last > longest then
    longest, at = now() - last, last
  end
  for status, count in pairs(thread:get("counts")) do
    print(string.format("status %d %d", status, count))
  end
  print(string.format("longest gap %.4f at %.4f", longest, at))
end
