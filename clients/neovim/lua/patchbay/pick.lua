--- Choosing sessions, providers and models, by `vim.ui.select`.

local chat = require("patchbay.chat")
local server = require("patchbay.server")

local M = {}

--- Calls `callback` with the result of a request, or tells why there is none.
local function with(method, params, callback)
  server.request(method, params, function(problem, result)
    if problem then
      vim.notify("patchbay: " .. server.describe(problem), vim.log.levels.ERROR)
    else
      callback(result)
    end
  end)
end

local function report(problem, result)
  if problem then
    vim.notify("patchbay: " .. server.describe(problem), vim.log.levels.ERROR)
  else
    vim.notify(("patchbay: %s/%s answers now"):format(result.provider, result.model))
  end
  server.announce("PatchbayChanged")
end

--- Lets `choice` answer: in the chat where that is called, else wherever no session is named.
---@param choice { provider: string, model: string? }
function M.use(choice)
  local current = chat.current()
  if current then
    current:switch(choice, report)
  else
    server.switch(choice, report)
  end
end

--- Offers the providers that can be used now.
function M.provider()
  with("listProviders", {}, function(result)
    local usable = vim.tbl_filter(function(provider)
      return provider.status == "ready"
    end, result.providers)
    vim.ui.select(usable, {
      prompt = "Provider:",
      format_item = function(provider)
        return provider.name .. (provider.defaultModel and (" (" .. provider.defaultModel .. ")") or "")
      end,
    }, function(provider)
      if provider then
        M.use({ provider = provider.id })
      end
    end)
  end)
end

local function describe_model(model)
  local parts = { model.id }
  if model.contextWindow then
    parts[#parts + 1] = ("%dk"):format(math.floor(model.contextWindow / 1000))
  end
  if model.cost then
    parts[#parts + 1] = ("$%g/$%g"):format(model.cost.input, model.cost.output)
  end
  return table.concat(parts, "  ")
end

--- Uses the model of that name ("provider/model"), or offers those that match it and can be used now.
---@param query string?
function M.model(query)
  if query and query:find("/", 1, true) then
    return M.use(server.parse_model(query))
  end
  with("listModels", { available = true, query = query }, function(result)
    if #result.models == 0 then
      local what = query and (" matches `" .. query .. "`") or " can be used yet; see :PatchbayLogin"
      return vim.notify("patchbay: no model" .. what, vim.log.levels.WARN)
    end
    vim.ui.select(result.models, { prompt = "Model:", format_item = describe_model }, function(model)
      if model then
        M.use({ provider = model.provider, model = model.model })
      end
    end)
  end)
end

--- Offers the sessions, the newest first.
---@param query string?
function M.session(query)
  with("listSessions", { query = query }, function(result)
    if #result.sessions == 0 then
      return vim.notify("patchbay: there is no session yet; :Patchbay begins one")
    end
    vim.ui.select(result.sessions, {
      prompt = "Session:",
      format_item = function(session)
        local name = session.name or session.id
        return ("%s  %s/%s  %s"):format(session.updatedAt:sub(1, 10), session.provider, session.model, name)
      end,
    }, function(session)
      if session then
        chat.resume(session.id)
      end
    end)
  end)
end

return M
