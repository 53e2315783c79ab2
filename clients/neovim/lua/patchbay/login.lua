--- Logging in to a provider: what the server wants shown is shown, what it wants to know is asked for.

local server = require("patchbay.server")

local M = {}

--- Whether `inputsecret()` waits for a person.
local asking = false

---@class patchbay.Notice what a login wants shown, in a window from which an address can be copied
---@field buffer integer
---@field message string
---@field url string?
---@field code string?
---@field question { message: string, ask: fun() }? what may be typed in when the browser cannot reach this machine

---@type patchbay.Notice?
local notice

local function close_notice()
  if notice and vim.api.nvim_buf_is_valid(notice.buffer) then
    vim.api.nvim_buf_delete(notice.buffer, { force = true })
  end
  notice = nil
end

--- Opens `url` by whatever opens addresses here.
local function open(url)
  if vim.ui.open then
    return vim.ui.open(url)
  end
  local opener = vim.fn.has("mac") == 1 and "open" or "xdg-open"
  if vim.fn.executable(opener) == 1 then
    vim.fn.jobstart({ opener, url }, { detach = true })
  else
    vim.notify("patchbay: nothing here opens an address; copy it instead", vim.log.levels.WARN)
  end
end

local function draw()
  local lines, keys = { "", notice.message }, {}
  if notice.url then
    vim.list_extend(lines, { "", notice.url })
    keys[#keys + 1] = "<CR> opens the address"
  end
  if notice.code then
    vim.list_extend(lines, { "", "Code: " .. notice.code })
  end
  if notice.question then
    vim.list_extend(lines, { "", notice.question.message })
    keys[#keys + 1] = "p types it in"
  end
  keys[#keys + 1] = "<C-c> ends the login"
  table.insert(lines, 1, table.concat(keys, ", ") .. ".")
  local text = vim.split(table.concat(lines, "\n"), "\n", { plain = true })
  vim.bo[notice.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(notice.buffer, 0, -1, true, text)
  vim.bo[notice.buffer].modifiable = false
end

--- Shows a `loginPrompt`.
local function show(params)
  close_notice()
  local buffer = vim.api.nvim_create_buf(false, true)
  notice = { buffer = buffer, message = params.message, url = params.url, code = params.userCode }
  draw()
  vim.bo[buffer].bufhidden = "wipe"
  vim.cmd("botright split")
  vim.api.nvim_win_set_buf(0, buffer)
  vim.opt_local.wrap = true
  for key, action in pairs({
    ["<CR>"] = function()
      if notice and notice.url then
        open(notice.url)
      end
    end,
    p = function()
      if notice and notice.question then
        notice.question.ask()
      end
    end,
    ["<C-c>"] = M.cancel,
  }) do
    vim.keymap.set("n", key, action, { buffer = buffer, nowait = true, silent = true })
  end
end

--- Asks for what the browser shows at its end. It may never be needed, and the address is needed first: so the
--- question stands in the window beside the address, and does not take the keyboard.
local function ask_later(params, respond)
  notice.question = {
    message = params.message,
    ask = function()
      vim.ui.input({ prompt = "Code: " }, function(text)
        if text and text ~= "" and notice and notice.question then
          notice.question = nil
          draw()
          respond({ text = text })
        end
      end)
    end,
  }
  draw()
end

--- Asks for a text, now and unseen.
local function ask_now(params, respond)
  asking = true
  local answered, text = pcall(vim.fn.inputsecret, params.message .. " ")
  asking = false
  if answered and text ~= "" then
    respond({ text = text })
  else
    respond(nil, { code = -32800, message = "not given", data = { kind = "cancelled" } })
  end
end

server.handlers.loginPrompt = show
server.handlers.prompt = function(params, respond)
  if notice then
    ask_later(params, respond)
  else
    ask_now(params, respond)
  end
end
-- The browser came first: the question is taken back.
server.handlers["$/cancelRequest"] = function()
  if asking then
    vim.api.nvim_input("<Esc>")
  elseif notice then
    notice.question = nil
    draw()
  end
end

---@type patchbay.Request?
local running

--- Ends the login that is under way.
function M.cancel()
  if running then
    running.cancel()
  end
end

local function login(provider, method)
  running = server.request("login", { provider = provider, method = method }, function(problem, result)
    running = nil
    close_notice()
    if problem and problem.data.kind == "cancelled" then
      vim.notify("patchbay: the login was ended; nothing is stored")
    elseif problem then
      vim.notify("patchbay: " .. server.describe(problem), vim.log.levels.ERROR)
    else
      local account = result.account and (" as " .. result.account) or ""
      vim.notify(("patchbay: logged in to %s%s"):format(result.provider, account))
    end
    server.announce("PatchbayLogin")
  end)
end

local WAYS = { oauth = "in a browser", device = "by a code, on any machine", apiKey = "by an API key" }

local function choose_method(provider)
  local methods = {}
  for _, way in ipairs(provider.login) do
    if WAYS[way.method] then
      methods[#methods + 1] = way.method
    end
  end
  if #methods < 2 then
    return login(provider.id, methods[1])
  end
  vim.ui.select(methods, {
    prompt = "Log in to " .. provider.name .. ":",
    format_item = function(method)
      return WAYS[method]
    end,
  }, function(method)
    if method then
      login(provider.id, method)
    end
  end)
end

local function needs_login(provider)
  for _, way in ipairs(provider.login) do
    if WAYS[way.method] then
      return true
    end
  end
  return false
end

--- Logs in, asking for whatever is not given.
---@param provider string?
---@param method "apiKey"|"oauth"|"device"|nil
function M.start(provider, method)
  if provider and method then
    return login(provider, method)
  end
  server.request("listProviders", {}, function(problem, result)
    if problem then
      return vim.notify("patchbay: " .. server.describe(problem), vim.log.levels.ERROR)
    end
    local choices = {}
    for _, candidate in ipairs(result.providers) do
      if candidate.id == provider or vim.tbl_contains(candidate.aliases, provider) then
        return choose_method(candidate)
      elseif needs_login(candidate) then
        choices[#choices + 1] = candidate
      end
    end
    if provider then
      -- The server's own words for an unknown name.
      return login(provider)
    end
    vim.ui.select(choices, {
      prompt = "Log in to:",
      format_item = function(candidate)
        return candidate.name .. (candidate.status == "ready" and " (ready)" or "")
      end,
    }, function(candidate)
      if candidate then
        choose_method(candidate)
      end
    end)
  end)
end

return M
