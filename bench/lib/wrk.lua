-- POSTs the body given after "--", and prints what was measured as one line of JSON.
function init(args)
  wrk.method = 'POST'
  wrk.body = string.rep('x', tonumber(args[1]))
  wrk.headers['Content-Type'] = 'text/plain'
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    'JSON {"requests":%d,"us":%d,"p50":%d,"p99":%d,"max":%d,"errors":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    e.connect + e.read + e.write + e.status + e.timeout
  ))
end
