--- Chats: a session each, shown in a buffer.

local config = require("patchbay.config")
local server = require("patchbay.server")
local status = require("patchbay.status")
local view = require("patchbay.view")

local M = {}

---@class patchbay.Chat
---@field view patchbay.View
---@field name string? the session's name, or the one it shall get
---@field session string? the session's id, once there is one
---@field choice patchbay.ModelChoice? who answers in it, once that is known
---@field private request patchbay.Request? the completion that is being written
local Chat = {}
Chat.__index = Chat

--- The chats by their buffers.
---@type table<integer, patchbay.Chat>
local chats = {}
--- The chat that was used last.
---@type patchbay.Chat?
local latest
local count = 0

local function map(buffer, mode, key, action)
  if key then
    vim.keymap.set(mode, key, action, { buffer = buffer, nowait = true, silent = true })
  end
end

local function new(name)
  count = count + 1
  local self = setmetatable({ view = view.new("patchbay://chat/" .. count), name = name }, Chat)
  local buffer, keys = self.view.buffer, config.options.chat.mappings
  chats[buffer] = self
  local function send()
    self:send()
  end
  map(buffer, "n", keys.send, send)
  map(buffer, "i", keys.send_insert, send)
  map(buffer, { "n", "i" }, keys.cancel, function()
    self:cancel()
  end)
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buffer,
    callback = function()
      self:cancel()
      chats[buffer] = nil
      latest = latest ~= self and latest or nil
    end,
  })
  vim.api.nvim_create_autocmd("BufEnter", {
    buffer = buffer,
    callback = function()
      latest = self
    end,
  })
  self:show_model()
  return self
end

--- Shows the chat: in the window that has it, else in a new one.
function Chat:open()
  latest = self
  local window = vim.fn.bufwinid(self.view.buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd(config.options.chat.open)
    vim.api.nvim_win_set_buf(0, self.view.buffer)
  end
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(self.view.buffer), 0 })
end

--- Who will answer, as far as that is known.
---@return string?
function Chat:model()
  local choice = self.choice or status.default()
  return choice and (choice.provider .. "/" .. choice.model)
end

function Chat:show_model()
  self.view:set_model(self:model())
end

--- The session, as the server tells of it.
---@param session patchbay.Session
function Chat:set_session(session)
  self.session, self.name = session.id, session.name
  self.choice = { provider = session.provider, model = session.model }
  vim.b[self.view.buffer].patchbay_session = session.name or session.id
  self:show_model()
end

--- A session's name for its first question.
local function name_for(question)
  local words = vim.trim((question:gsub("[%c%s]+", " ")))
  return vim.fn.strcharpart(words, 0, 50)
end

--- Makes the session, unless there is one. A name that is taken gets the time added.
local function with_session(self, question, callback)
  if self.session then
    return callback()
  end
  local function create(name, or_else)
    server.request("createSession", {
      name = name,
      cwd = vim.fn.getcwd(),
      system = config.options.chat.system,
    }, function(problem, session)
      if problem and problem.data and problem.data.path == "name" and or_else then
        return create(or_else)
      elseif session then
        self:set_session(session)
      end
      callback(problem)
    end)
  end
  local name = self.name or name_for(question)
  create(name, name .. os.date(" (%Y-%m-%d %H:%M:%S)"))
end

---@param result patchbay.CompleteResult
local function summary(result)
  local parts = { ("%d → %d tokens"):format(result.usage.input, result.usage.output) }
  if result.cost then
    parts[#parts + 1] = status.money(result.cost.total)
  end
  parts[#parts + 1] = ("%.1f s"):format(result.timing.totalMs / 1000)
  if result.stopReason ~= "end" then
    parts[#parts + 1] = "ended by: " .. result.stopReason
  end
  for _, left_out in ipairs(result.dropped or {}) do
    parts[#parts + 1] = ("left out: %s (%s)"):format(left_out.what, left_out.why)
  end
  return table.concat(vim.list_extend(parts, result.warnings or {}), " · ")
end

---@param delta patchbay.Delta
function Chat:on_delta(delta)
  if delta.type == "text" or delta.type == "reasoning" then
    self.view:write(delta.type, delta.text)
  elseif delta.type == "reset" then
    self.view:reset()
  elseif delta.type == "status" then
    self.view:note(delta.message)
  elseif delta.type == "retry" or delta.type == "fallback" then
    self.view:note(delta.error.message)
  end
end

function Chat:ended(question, problem, result)
  self.request = nil
  if not vim.api.nvim_buf_is_loaded(self.view.buffer) then
    return
  end
  if problem and problem.data.kind == "cancelled" then
    self.view:note("cancelled")
  elseif problem then
    self.view:problem(problem)
    self.view:note(nil)
  else
    self.view:note(summary(result))
    status.add(result)
  end
  self.view:end_answer()
  if problem and problem.data.kind ~= "cancelled" then
    -- A failed question is no part of the session: it can be sent again as it is.
    self.view:set_question(question)
  end
  self:show_model()
  server.announce("PatchbayAnswered")
end

--- Asks what stands in the prompt.
function Chat:send()
  local question = self.view:question()
  if self.request then
    return vim.notify("patchbay: an answer is still being written; <C-c> ends it", vim.log.levels.WARN)
  elseif question == "" then
    return vim.notify("patchbay: write a question first", vim.log.levels.INFO)
  end
  self.view:begin_answer(self:model() or "answer")
  self.view:note("…")
  local wanted = true
  -- Until the session is there, this is what can be cancelled.
  self.request = {
    cancel = function()
      wanted = false
    end,
  }
  with_session(self, question, function(problem)
    if problem or not wanted then
      return self:ended(question, problem or { message = "cancelled", data = { kind = "cancelled" } })
    end
    self.view:set_label(self:model())
    self.request = server.request("complete", { session = self.session, input = question }, function(refused, result)
      self:ended(question, refused, result)
    end, function(delta)
      self:on_delta(delta)
    end)
  end)
end

--- Ends the answer that is being written, if there is one.
function Chat:cancel()
  if self.request then
    self.request.cancel()
  end
end

--- Lets another provider or model answer in this chat, each provider in a thread of its own.
---@param choice { provider: string, model: string? }
function Chat:switch(choice, callback)
  if not self.session then
    return server.switch(choice, function(problem, result)
      self:show_model()
      callback(problem, result)
    end)
  end
  local params = { session = self.session, provider = choice.provider, model = choice.model }
  server.request("switchProvider", params, function(problem, result)
    if result then
      self.choice = { provider = result.provider, model = result.model }
      self:show_model()
    end
    callback(problem, result)
  end)
end

--- What a stored message says, by the kinds of its parts.
local function texts(message)
  local found = { text = {}, reasoning = {} }
  for _, part in ipairs(message.content) do
    if found[part.type] and part.text ~= "" then
      table.insert(found[part.type], part.text)
    end
  end
  return table.concat(found.text, "\n"), #found.reasoning > 0 and table.concat(found.reasoning, "\n") or nil
end

---@param messages patchbay.StoredMessage[]
function Chat:show_history(messages)
  local sections = {}
  for _, message in ipairs(messages) do
    local text, reasoning = texts(message)
    local label = message.role == "user" and "You" or (message.provider .. "/" .. message.model)
    sections[#sections + 1] = { label = label, text = text, reasoning = reasoning }
  end
  self.view:show_history(sections)
end

--- The chat whose buffer is the current one.
---@return patchbay.Chat?
function M.current()
  return chats[vim.api.nvim_get_current_buf()]
end

--- Opens a chat with a new session, which gets `name` or, when there is none, its first words as its name.
---@param name string?
function M.new(name)
  new(name):open()
end

--- Opens the chat that was used last, or a new one.
function M.latest()
  local chat = latest or new()
  chat:open()
end

--- Opens the session of that id or name with what was said in it, or a new one of that name.
---@param session string
function M.resume(session)
  for _, chat in pairs(chats) do
    if chat.session == session or chat.name == session then
      return chat:open()
    end
  end
  server.request("getSession", { session = session, messages = true }, function(problem, result)
    if problem and problem.data.kind == "sessionNotFound" then
      return M.new(session)
    elseif problem then
      return vim.notify("patchbay: " .. server.describe(problem), vim.log.levels.ERROR)
    end
    local chat = new(result.name)
    chat:set_session(result)
    chat:show_history(result.messages)
    chat:open()
  end)
end

return M
