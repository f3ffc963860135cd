-- wrk's side of the bench: the requests of one scenario, made once, sent in turn; the outcome as one line of JSON.
-- Arguments: method, bytes of body, number of function keys, query ('-' = none).

local requests = {}
local turn = 0

function init(args)
  local method, body_bytes, keys, query = args[1], tonumber(args[2]), tonumber(args[3]), args[4]
  local body = nil
  if body_bytes > 0 then body = string.rep('x', body_bytes) end
  local suffix = ''
  if query ~= '-' then suffix = '?' .. query end
  for i = 1, keys do
    requests[i] = wrk.format(method, '/invoke/fn' .. i .. suffix, nil, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'wrk-result {"requests":%d,"durationUs":%d,"bytes":%d,"connectErrors":%d,"readErrors":%d,"writeErrors":%d,' ..
    '"statusErrors":%d,"timeouts":%d,"p50Us":%d,"p99Us":%d,"maxUs":%d}\n',
    summary.requests, summary.duration, summary.bytes, errors.connect, errors.read, errors.write,
    errors.status, errors.timeout, latency:percentile(50), latency:percentile(99), latency.max))
end
