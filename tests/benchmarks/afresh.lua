-- Each request asks for the page at a port that no process has kept it for, so that it is made afresh.
-- Argument: a number that tells runs apart.
local threads = 0
local count = 0

function setup(thread)
  thread:set("me", threads)
  threads = threads + 1
end

function init(args)
  run = args[1]
end

function request()
  count = count + 1
  return wrk.format("GET", nil, { ["Host"] = string.format("127.0.0.1:%d%02d%07d", run + 1, me, count) })
end
