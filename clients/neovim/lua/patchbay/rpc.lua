--- A child process that is talked to in JSON-RPC, one message a line. Nothing here waits: what the process writes is
--- read by the event loop, and decoded in slices between which the editor can redraw and take keys.

local uv = vim.uv or vim.loop

local M = {}

--- How long one slice of decoding may take, in milliseconds.
local SLICE = 8
--- How much of the end of the standard error is kept, for when the process ends badly.
local KEPT_ERRORS = 2000

---@class patchbay.Connection
---@field private handlers patchbay.Handlers
---@field private process userdata
---@field private pipes table<string, userdata>
---@field private pending string text of whole lines that is still to be decoded
---@field private position integer where in `pending` the next line begins
---@field private pieces string[] what came since, the last line perhaps unfinished
---@field private scheduled boolean
---@field private errors string the end of its standard error
local Connection = {}
Connection.__index = Connection

---@class patchbay.Handlers
---@field on_message fun(message: table) called on the main loop, in the order of arrival
---@field on_exit fun(code: integer, signal: integer, errors: string)

--- Starts `command`.
---@param command string[]
---@param handlers patchbay.Handlers
---@return patchbay.Connection? connection
---@return string? problem
function M.start(command, handlers)
  local self = setmetatable({
    handlers = handlers,
    pipes = { stdin = uv.new_pipe(false), stdout = uv.new_pipe(false), stderr = uv.new_pipe(false) },
    pending = "",
    position = 1,
    pieces = {},
    scheduled = false,
    errors = "",
  }, Connection)
  local options = {
    args = vim.list_slice(command, 2),
    stdio = { self.pipes.stdin, self.pipes.stdout, self.pipes.stderr },
    hide = true,
  }
  local process, problem = uv.spawn(command[1], options, function(code, signal)
    self:ended(code, signal)
  end)
  if not process then
    self:close()
    return nil, problem
  end
  self.process = process
  self.pipes.stdout:read_start(function(_, chunk)
    if chunk then
      self:received(chunk)
    end
  end)
  self.pipes.stderr:read_start(function(_, chunk)
    if chunk then
      self.errors = (self.errors .. chunk):sub(-KEPT_ERRORS)
    end
  end)
  return self
end

--- Takes what came in. Not on the main loop.
function Connection:received(chunk)
  self.pieces[#self.pieces + 1] = chunk
  -- A line of megabytes comes in many chunks: they are put together once, when it is complete.
  if not self.scheduled and chunk:find("\n", 1, true) then
    self.scheduled = true
    vim.schedule(function()
      self:drain()
    end)
  end
end

--- Decodes and hands out what is complete, as much of it as a slice allows.
function Connection:drain()
  self.scheduled = false
  if #self.pieces > 0 then
    self.pending = self.pending:sub(self.position) .. table.concat(self.pieces)
    self.position = 1
    self.pieces = {}
  end
  local deadline = uv.hrtime() + SLICE * 1e6
  while true do
    local finish = self.pending:find("\n", self.position, true)
    if not finish then
      return
    end
    local line = self.pending:sub(self.position, finish - 1)
    self.position = finish + 1
    self:hand_out(line)
    if uv.hrtime() > deadline then
      self.scheduled = true
      -- Not `vim.schedule`: the editor empties that queue before it looks at the keyboard.
      vim.defer_fn(function()
        self:drain()
      end, 1)
      return
    end
  end
end

function Connection:hand_out(line)
  if line == "" then
    return
  end
  local decoded, message = pcall(vim.json.decode, line, { luanil = { object = true, array = true } })
  if decoded and type(message) == "table" then
    local handled, problem = xpcall(self.handlers.on_message, debug.traceback, message)
    if not handled then
      vim.notify("patchbay: " .. problem, vim.log.levels.ERROR)
    end
  end
end

--- Sends a message.
---@param message table
function Connection:send(message)
  message.jsonrpc = "2.0"
  if not self.pipes.stdin:is_closing() then
    self.pipes.stdin:write(M.utf8(vim.json.encode(message)) .. "\n")
  end
end

--- Ends the process, which puts away what it has to within two seconds.
function Connection:stop()
  if self.process and not self.process:is_closing() then
    self.process:kill("sigterm")
  end
end

--- Not on the main loop.
function Connection:ended(code, signal)
  self.process:close()
  vim.schedule(function()
    self:drain()
    self:close()
    self.handlers.on_exit(code, signal, self.errors)
  end)
end

function Connection:close()
  for _, pipe in pairs(self.pipes) do
    if not pipe:is_closing() then
      pipe:close()
    end
  end
end

--- The range that the second byte of a character must lie in, where it is narrower than that of the others.
local SECOND = { [0xE0] = { 0xA0, 0xBF }, [0xED] = { 0x80, 0x9F }, [0xF0] = { 0x90, 0xBF }, [0xF4] = { 0x80, 0x8F } }

--- How many bytes the character at `index` of `bytes` has; 0 when it is none.
local function character_length(bytes, index)
  local first = bytes:byte(index)
  local length = first >= 0xF0 and 4 or first >= 0xE0 and 3 or 2
  if first < 0xC2 or first > 0xF4 or index + length - 1 > #bytes then
    return 0
  end
  local range = SECOND[first] or { 0x80, 0xBF }
  local second = bytes:byte(index + 1)
  if second < range[1] or second > range[2] then
    return 0
  end
  for offset = 2, length - 1 do
    local byte = bytes:byte(index + offset)
    if byte < 0x80 or byte > 0xBF then
      return 0
    end
  end
  return length
end

--- `text` with U+FFFD in place of every byte that is no part of a character: a buffer may hold any bytes, JSON may not.
---@param text string
---@return string
function M.utf8(text)
  return (text:gsub("[\128-\255]+", function(bytes)
    local index, parts = 1, {}
    while index <= #bytes do
      local length = character_length(bytes, index)
      parts[#parts + 1] = length == 0 and "\239\191\189" or bytes:sub(index, index + length - 1)
      index = index + math.max(length, 1)
    end
    return table.concat(parts)
  end))
end

return M
