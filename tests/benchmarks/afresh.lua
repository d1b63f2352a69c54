-- Each request asks for the page under a name that no process has kept it for, so that it is made afresh.
-- Argument: a number that tells runs apart. The site must answer to every name below localhost.
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
  return wrk.format("GET", nil, { ["Host"] = string.format("r%s-%d-%d.localhost", run, me, count) })
end
