-- What wrk asks for: `wrk -s load.lua URL -- KIND FILE [KEYED]`, with the token in BENCH_TOKEN.
--   get      orders by id: FILE holds a path on each line
--   list     FILE holds one path
--   create   FILE holds a body; with KEYED each request has an Idempotency-Key of its own
--   pair     as create, and each order that was made is placed by a second request
-- Ends with one line of JSON for bench/run.py.

local kind, paths, body, keyed
local ORDERS = "/public/v1/commerce/orders"
local made, asked, run = {}, 0, tostring(os.time())

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(args)
  kind, keyed = args[1], args[3] == "KEYED"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
  if kind == "get" or kind == "list" then
    paths = {}
    for path in read(args[2]):gmatch("[^\n]+") do
      paths[#paths + 1] = wrk.format("GET", path)
    end
  else
    body = read(args[2])
    wrk.headers["Content-Type"] = "application/json"
  end
  if kind ~= "pair" then response = nil end
end

function request()
  asked = asked + 1
  if paths then return paths[asked % #paths + 1] end
  local id = table.remove(made)
  if id then return wrk.format("POST", ORDERS .. "/" .. id .. "/process", wrk.headers, "") end
  if keyed then wrk.headers["Idempotency-Key"] = run .. "-" .. asked end
  return wrk.format("POST", ORDERS, wrk.headers, body)
end

function response(status, headers, answer)
  if status == 201 then made[#made + 1] = answer:match('"id":"(ORD[^"]+)"') end
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
