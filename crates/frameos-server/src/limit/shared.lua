-- Counts a request under all KEYS or, refused by one, under none. ARGV: an interval and what may be ahead, per key, in
-- microseconds. Answers which key refused (0: none) and how far it, or each, is ahead.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local paces = {}
for i = 1, #KEYS do
  local interval, allowed = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local pace = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
  if pace + interval - now > allowed then
    return {i, pace - now}
  end
  paces[i] = pace + interval
end
local answer = {0}
for i = 1, #KEYS do
  local ahead = paces[i] - now
  redis.call('SET', KEYS[i], string.format('%.0f', paces[i]), 'PX', math.max(1, math.ceil(ahead / 1000)))
  answer[i + 1] = ahead
end
return answer
