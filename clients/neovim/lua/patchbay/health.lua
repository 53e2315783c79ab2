--- `:checkhealth patchbay`

local config = require("patchbay.config")
local server = require("patchbay.server")

local M = {}

-- Neovim 0.8 moved these, and 0.10 gave them other names.
local reports = vim.health or require("health")
local start = reports.start or reports.report_start
local ok = reports.ok or reports.report_ok
local info = reports.info or reports.report_info
local warn = reports.warn or reports.report_warn
local report_error = reports.error or reports.report_error

--- How long an answer is waited for, in milliseconds. A health check has to wait: it reports when it returns.
local PATIENCE = 5000

---@return patchbay.Failure? failure
---@return table? result
local function wait_for(method, params)
  local is_done, failure, result = false, nil, nil
  server.request(method, params, function(problem, value)
    is_done, failure, result = true, problem, value
  end)
  if not vim.wait(PATIENCE, function()
    return is_done
  end, 5) then
    return { message = ("no answer to %s within %d s"):format(method, PATIENCE / 1000), data = { kind = "timeout" } }
  end
  return failure, result
end

local function check_program()
  local program = config.options.command[1]
  if vim.fn.executable(program) == 0 then
    report_error(("`%s` is not executable or not in PATH"):format(program), {
      "Build it with clients/shell/build in patchbay's repository, and copy .build/release/patchbay into your PATH",
      "or name it in setup(): command = { \"/path/to/patchbay\", \"serve\" }",
    })
    return false
  end
  ok("found " .. vim.fn.exepath(program))
  return true
end

local function check_server()
  local failure = wait_for("ping", {})
  if failure then
    report_error("it does not answer: " .. server.describe(failure))
    return false
  end
  local ready = server.info
  ok(("version %s answers, process %d"):format(ready.serverInfo.version, ready.engine.pid))
  return true
end

local function check_providers()
  local failure, result = wait_for("listProviders", {})
  if failure then
    return report_error(server.describe(failure))
  end
  local names = {}
  for _, provider in ipairs(result.providers) do
    if provider.status == "ready" and provider.kind ~= "builtin" then
      names[#names + 1] = provider.id
    elseif provider.status == "expired" then
      warn(provider.id .. ": the login has expired", { ":PatchbayLogin " .. provider.id })
    end
  end
  if #names > 0 then
    ok("ready: " .. table.concat(names, ", "))
  else
    warn("no provider can be used yet but the built-in `echo`", { ":PatchbayLogin" })
  end
  local default = require("patchbay.status").default()
  info("what answers when nothing is chosen: " .. (default and (default.provider .. "/" .. default.model) or "nothing"))
end

--- Called by `:checkhealth`.
function M.check()
  start("patchbay")
  if vim.fn.has("nvim-0.7.2") == 0 then
    report_error("Neovim 0.7.2 or newer is needed")
  end
  if check_program() and check_server() then
    check_providers()
  end
  local problem = require("patchbay.inline").last_problem
  if problem then
    warn("the last suggestion failed: " .. server.describe(problem))
  end
end

return M
