-- Counts a request of the sender KEYS[1]: ARGV[1] microseconds bring one back, and ARGV[2] may be there at once.
-- Answers {1, how many are left} or {0, microseconds until one is}.
-- By the clock of the store: those of the routers need not agree. The key holds the time at which all are back.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, requests = tonumber(ARGV[1]), tonumber(ARGV[2])
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + interval
local left = interval * requests - (whole - now)
if left < 0 then
  return {0, -left}
end
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
return {1, math.floor(left / interval)}
