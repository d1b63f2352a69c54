-- Each post is another person from another network, told by a proxy that the copy trusts: the limits
-- are on, and nobody reaches one. Arguments: the form's stamp, and a word that tells runs apart.
local threads = 0
local count = 0

function setup(thread)
  thread:set("me", threads)
  threads = threads + 1
end

function init(args)
  stamp, run = args[1], args[2]
end

function request()
  count = count + 1
  local network = string.format("%d.%d.%d.%d", 11 + me, count / 65536, count / 256 % 256, count % 256)
  local address = string.format("r%s-%d-%d%%40mail%d.example", run, me, count, count % 200)
  return wrk.format(
    "POST",
    "/signup/",
    { ["Content-Type"] = "application/x-www-form-urlencoded", ["X-Forwarded-For"] = network },
    "newsletter=the-robotics-briefing&form=bench&stamp=" .. stamp .. "&email=" .. address
  )
end
