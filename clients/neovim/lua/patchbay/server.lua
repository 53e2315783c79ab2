--- The one patchbay process that all buffers share: started with the first request, and again after a crash.

local config = require("patchbay.config")
local rpc = require("patchbay.rpc")

local M = {}

---@class patchbay.Failure what a request ended with: the protocol's patchbay.Error, or one of our own without a code
---@field message string
---@field data patchbay.ErrorData

---@class patchbay.Request
---@field id integer
---@field method string
---@field callback fun(failure: patchbay.Failure?, result: table?)
---@field on_delta fun(delta: patchbay.Delta)?
---@field cancel fun()

---@type patchbay.Connection?
local connection
---@type table<integer, patchbay.Request>
local in_flight = {}
local next_id = 0
local leaving = false

--- What `initialize` said; nil until it has.
---@type patchbay.InitializeResult?
M.info = nil
--- What was chosen to answer where no session is named; told again to a process that is started later.
---@type patchbay.ModelChoice?
M.choice = nil
--- Requests and notifications of the server, by method.
---@type table<string, fun(params: table, respond: fun(result: table?, failure: table?)?)>
M.handlers = {}

--- Tells whoever shows the state (a statusline) that it has changed.
local function announce(event)
  if not leaving then
    vim.api.nvim_exec_autocmds("User", { pattern = event, modeline = false })
  end
end
M.announce = announce

---@param kind string
---@param message string
---@param hint string?
---@return patchbay.Failure
local function failure(kind, message, hint)
  return { message = message, data = { kind = kind, hint = hint } }
end

local function finish(id, problem, result)
  local request = in_flight[id]
  if not request then
    return
  end
  in_flight[id] = nil
  request.callback(problem, result)
  announce("PatchbayChanged")
end

local function answer(id)
  return function(result, problem)
    if connection then
      connection:send({ id = id, result = result, error = problem })
    end
  end
end

local function on_message(message)
  if message.method == "streamDelta" then
    local request = in_flight[message.params.requestId]
    if request and request.on_delta then
      request.on_delta(message.params.delta)
    end
  elseif message.method then
    local handler = M.handlers[message.method]
    if handler then
      handler(message.params or {}, message.id and answer(message.id))
    end
  elseif message.id then
    finish(message.id, message.error, message.result)
  end
end

local function on_exit(code, signal, errors)
  connection, M.info = nil, nil
  local how = signal ~= 0 and ("signal %d"):format(signal) or ("status %d"):format(code)
  local last_words = vim.trim(errors):match("[^\n]*$")
  local message = ("patchbay ended unexpectedly (%s)%s"):format(how, last_words ~= "" and ": " .. last_words or "")
  if not leaving then
    vim.notify(message .. ". It is started again when it is needed.", vim.log.levels.WARN)
  end
  for _, id in ipairs(vim.tbl_keys(in_flight)) do
    finish(id, failure("crashed", message, "Try again: patchbay is started anew."))
  end
end

local function send(method, params, callback, on_delta)
  next_id = next_id + 1
  local id = next_id
  local request = { id = id, method = method, callback = callback, on_delta = on_delta }
  function request.cancel()
    if in_flight[id] and connection then
      connection:send({ method = "$/cancelRequest", params = { id = id } })
    end
  end
  in_flight[id] = request
  if next(params) == nil then
    params = vim.empty_dict()
  end
  connection:send({ id = id, method = method, params = params })
  announce("PatchbayChanged")
  return request
end

--- Starts the process, unless it runs.
---@return patchbay.Failure? problem
local function start()
  if connection then
    return nil
  end
  local command = config.options.command
  local started, problem = rpc.start(command, { on_message = on_message, on_exit = on_exit })
  if not started then
    return failure(
      "notStarted",
      ("cannot start %s: %s"):format(command[1], problem),
      "Put patchbay into your PATH or set `command`; :checkhealth patchbay says more."
    )
  end
  connection = started
  send("initialize", {
    clientInfo = { name = "neovim", version = tostring(vim.version().major .. "." .. vim.version().minor) },
    processId = vim.fn.getpid(),
    capabilities = { prompt = true },
  }, function(refused, result)
    if refused then
      vim.notify("patchbay: " .. refused.message, vim.log.levels.ERROR)
    else
      M.info = result
    end
  end)
  local first = M.choice or (config.options.model and M.parse_model(config.options.model))
  if first then
    M.switch(first, function(refused)
      if refused then
        vim.notify("patchbay: " .. M.describe(refused), vim.log.levels.WARN)
      end
    end)
  end
end

--- "provider/model" or "provider" in its parts.
---@param name string
---@return { provider: string, model: string? }
function M.parse_model(name)
  local provider, model = name:match("^([^/]+)/(.+)$")
  return { provider = provider or name, model = model }
end

--- Sends a request. `callback` is called once, on the main loop: with a failure, or nil and the result.
---@param method string
---@param params table
---@param callback fun(failure: patchbay.Failure?, result: table?)
---@param on_delta fun(delta: patchbay.Delta)? called with each delta of a completion
---@return patchbay.Request? request nil when the program cannot be started
function M.request(method, params, callback, on_delta)
  local problem = start()
  if problem then
    callback(problem)
    return nil
  end
  return send(method, params, callback, on_delta)
end

--- Makes `choice` what answers where no session is named.
---@param choice { provider: string, model: string? }
---@param callback fun(failure: patchbay.Failure?, result: patchbay.SwitchProviderResult?)
function M.switch(choice, callback)
  M.request("switchProvider", { provider = choice.provider, model = choice.model }, function(problem, result)
    if result then
      M.choice = { provider = result.provider, model = result.model }
    end
    callback(problem, result)
  end)
end

--- The completions that are being written.
---@return patchbay.Request[]
local function completions()
  return vim.tbl_filter(function(request)
    return request.method == "complete" or request.method == "completeInline"
  end, vim.tbl_values(in_flight))
end

--- How many completions are being written.
---@return integer
function M.running()
  return #completions()
end

--- Ends all completions.
function M.cancel_all()
  for _, request in ipairs(completions()) do
    request.cancel()
  end
end

---@return boolean
function M.is_running()
  return connection ~= nil
end

--- A failure in one line, for a message: what happened, and what to do about it.
---@param problem patchbay.Failure
---@return string
function M.describe(problem)
  local hint = problem.data and problem.data.hint
  return problem.message .. (hint and (". " .. hint) or "")
end

--- A failure as it stands in a buffer; syntax/patchbay.vim knows the signs.
---@param problem patchbay.Failure
---@return string
function M.mark(problem)
  local hint = problem.data and problem.data.hint
  return "✗ " .. problem.message .. (hint and ("\n→ " .. hint) or "")
end

--- Ends the process: the editor is left.
function M.stop()
  leaving = true
  if connection then
    connection:stop()
  end
end

return M
