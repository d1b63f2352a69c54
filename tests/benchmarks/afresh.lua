-- Each request asks for the page under an address that no process has kept it for, as far behind as no
-- list goes, so that it is made afresh. Argument: a word that tells runs apart.
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
  return wrk.format("GET", wrk.path .. "?before=" .. run .. "-" .. me .. "-" .. count)
end
