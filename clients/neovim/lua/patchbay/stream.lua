--- Text that grows at a place in a buffer. What arrives between two writes is written at once, so that thousands of
--- deltas a second cost some sixty writes; the first is written without delay.

local uv = vim.uv or vim.loop

local M = {}

local namespace = vim.api.nvim_create_namespace("patchbay_stream")
--- The time between two writes, in milliseconds.
local PAUSE = 16

---@class patchbay.Stream
---@field buffer integer
---@field private first integer extmark before the text
---@field private last integer extmark behind it
---@field private waiting string[] what is still to be written
---@field private scheduled boolean
---@field private written number when the last write was, in milliseconds
local Stream = {}
Stream.__index = Stream

--- Changes a buffer outside of its undo history: `u` shall take back what a person typed, not what a model wrote.
---@param buffer integer
---@param change fun()
function M.without_undo(buffer, change)
  local options = vim.bo[buffer]
  local levels, modifiable = options.undolevels, options.modifiable
  options.undolevels, options.modifiable = -1, true
  local done, problem = pcall(change)
  options.undolevels, options.modifiable = levels, modifiable
  if not done then
    error(problem, 0)
  end
end

--- A stream into `buffer`, whose text begins at `row` and `column`, both from 0.
---@param buffer integer
---@param row integer
---@param column integer
---@return patchbay.Stream
function M.new(buffer, row, column)
  local function mark(gravity)
    return vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, { right_gravity = gravity })
  end
  return setmetatable({
    buffer = buffer,
    first = mark(false),
    last = mark(true),
    waiting = {},
    scheduled = false,
    written = 0,
  }, Stream)
end

local function place(self, mark)
  local position = vim.api.nvim_buf_get_extmark_by_id(self.buffer, namespace, mark, {})
  return position[1], position[2]
end

--- Adds `text` at the end.
---@param text string
function Stream:write(text)
  self.waiting[#self.waiting + 1] = text
  if self.scheduled then
    return
  end
  self.scheduled = true
  local pause = self.written + PAUSE - uv.now()
  if pause <= 0 then
    vim.schedule(function()
      self:flush()
    end)
  else
    vim.defer_fn(function()
      self:flush()
    end, pause)
  end
end

--- Writes what is waiting.
function Stream:flush()
  self.scheduled = false
  if #self.waiting == 0 or not vim.api.nvim_buf_is_loaded(self.buffer) then
    return
  end
  local lines = vim.split(table.concat(self.waiting), "\n", { plain = true })
  self.waiting = {}
  self.written = uv.now()
  M.without_undo(self.buffer, function()
    local row, column = place(self, self.last)
    vim.api.nvim_buf_set_text(self.buffer, row, column, row, column, lines)
  end)
end

--- Takes back all text.
function Stream:clear()
  self.waiting = {}
  M.without_undo(self.buffer, function()
    local row, column = place(self, self.first)
    local last_row, last_column = place(self, self.last)
    vim.api.nvim_buf_set_text(self.buffer, row, column, last_row, last_column, {})
  end)
end

return M
