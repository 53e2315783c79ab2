--- Suggestions at the cursor, as ghost text. At most one request is on its way; typing ends it.

local config = require("patchbay.config")
local server = require("patchbay.server")
local status = require("patchbay.status")

local uv = vim.uv or vim.loop

local M = {}

local namespace = vim.api.nvim_create_namespace("patchbay_inline")
local group = "patchbay_inline"

---@class patchbay.Suggestion
---@field buffer integer
---@field row integer from 0
---@field column integer from 0
---@field lines string[]

---@type patchbay.Suggestion?
local shown
---@type patchbay.Request?
local request
local timer = uv.new_timer()
local enabled = false

local function clear()
  timer:stop()
  if request then
    local stale = request
    request = nil
    stale.cancel()
  end
  if shown then
    if vim.api.nvim_buf_is_valid(shown.buffer) then
      vim.api.nvim_buf_clear_namespace(shown.buffer, namespace, 0, -1)
    end
    shown = nil
  end
end

--- Draws a suggestion: its first line over the rest of the cursor's line, which is drawn again behind it, the others
--- as lines that are not there.
local function show(suggestion)
  local line = vim.api.nvim_buf_get_lines(suggestion.buffer, suggestion.row, suggestion.row + 1, true)[1]
  local rest = line:sub(suggestion.column + 1)
  local last = #suggestion.lines
  local drawn = {}
  for index, text in ipairs(suggestion.lines) do
    drawn[index] = { { text, "PatchbaySuggestion" } }
    if index == last and rest ~= "" then
      drawn[index][2] = { rest, "Normal" }
    end
  end
  if last > 1 and rest ~= "" then
    -- What is covered must be covered whole.
    local covered = vim.fn.strdisplaywidth(rest) - vim.fn.strdisplaywidth(suggestion.lines[1])
    drawn[1][2] = { (" "):rep(math.max(covered, 0)), "Normal" }
  end
  vim.api.nvim_buf_set_extmark(suggestion.buffer, namespace, suggestion.row, suggestion.column, {
    virt_text = drawn[1],
    virt_text_pos = "overlay",
    virt_lines = last > 1 and vim.list_slice(drawn, 2) or nil,
  })
  shown = suggestion
  server.announce("PatchbaySuggested")
end

--- Why the last request for a suggestion failed; nil when it did not.
---@type patchbay.Failure?
M.last_problem = nil

--- The text around the cursor, as much of it as is sent, cut between characters.
local function surroundings(buffer, row, column)
  local before, after = config.options.inline.before, config.options.inline.after
  local function lines(first, last)
    return vim.api.nvim_buf_get_lines(buffer, math.max(first, 0), last, false)
  end
  local line = lines(row, row + 1)[1]
  -- A line has at least one byte, its end: so many are enough.
  local prefix = table.concat(vim.list_extend(lines(row - before, row), { line:sub(1, column) }), "\n")
  local suffix = table.concat(vim.list_extend({ line:sub(column + 1) }, lines(row + 1, row + 1 + after)), "\n")
  prefix = prefix:sub(-before):gsub("^[\128-\191]+", "")
  suffix = suffix:sub(1, after):gsub("[\192-\255][\128-\191]*$", "")
  return prefix, suffix
end

local function position()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return vim.api.nvim_get_current_buf(), cursor[1] - 1, cursor[2]
end

local function ask(is_wanted)
  local buffer, row, column = position()
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local prefix, suffix = surroundings(buffer, row, column)
  local model = config.options.inline.model
  local choice = model and server.parse_model(model) or {}
  local path = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ":.")
  local this
  this = server.request("completeInline", {
    prefix = prefix,
    suffix = suffix,
    path = path ~= "" and path or nil,
    language = vim.bo[buffer].filetype ~= "" and vim.bo[buffer].filetype or nil,
    provider = choice.provider,
    model = choice.model,
  }, function(problem, result)
    if request ~= this then
      return -- The typing has overtaken it.
    end
    request = nil
    if problem then
      -- Who did not ask is not interrupted by a failure: `:checkhealth patchbay` tells of the last one.
      M.last_problem = problem
      if is_wanted then
        vim.notify("patchbay: " .. server.describe(problem), vim.log.levels.ERROR)
      end
      return
    end
    status.add(result)
    M.last_problem = nil
    local text = result.items[1] and result.items[1].text or ""
    local now = { position() }
    local is_same = now[1] == buffer and now[2] == row and now[3] == column
    if text ~= "" and is_same and vim.api.nvim_buf_get_changedtick(buffer) == tick and vim.fn.mode() == "i" then
      show({ buffer = buffer, row = row, column = column, lines = vim.split(text, "\n", { plain = true }) })
    elseif is_wanted and text == "" then
      vim.notify("patchbay: nothing to suggest here", vim.log.levels.INFO)
    end
  end)
  request = this
end

--- Where the cursor was when a suggestion was last thought of, and the state of its buffer.
local seen = {}

local function look()
  local buffer, row, column = position()
  return { buffer, row, column, vim.api.nvim_buf_get_changedtick(buffer) }
end

--- Asks for a suggestion at the cursor, now.
function M.suggest()
  clear()
  -- The editor tells of the last key only when no more keys are waiting: that shall not end this request.
  seen = look()
  ask(true)
end

--- Called when the text or the cursor may have changed, sometimes twice for one key.
local function changed()
  local now = look()
  if vim.deep_equal(now, seen) then
    return
  end
  local is_typed = seen[1] == now[1] and seen[4] ~= now[4]
  seen = now
  clear()
  if enabled and is_typed and vim.bo.buftype == "" then
    timer:start(config.options.inline.debounce, 0, vim.schedule_wrap(function()
      if vim.fn.mode() == "i" and not request and not shown then
        ask(false)
      end
    end))
  end
end

local function insert(lines)
  local suggestion = shown
  clear()
  local row, column = suggestion.row, suggestion.column
  vim.api.nvim_buf_set_text(suggestion.buffer, row, column, row, column, lines)
  local last = lines[#lines]
  vim.api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and column or 0) + #last })
end

--- Takes the suggestion that is shown, whole.
---@return boolean taken whether there was one
function M.accept()
  if not shown then
    return false
  end
  insert(shown.lines)
  return true
end

--- Takes the first line of the suggestion that is shown.
---@return boolean taken whether there was one
function M.accept_line()
  if not shown then
    return false
  end
  insert(#shown.lines > 1 and { shown.lines[1], "" } or shown.lines)
  return true
end

--- Takes back the suggestion that is shown or on its way.
M.dismiss = clear

--- Whether a suggestion is shown.
---@return boolean
function M.is_shown()
  return shown ~= nil
end

--- Suggests while you type, or no longer.
---@param on boolean
function M.enable(on)
  enabled = on
  if not on then
    clear()
  end
end

---@return boolean
function M.is_enabled()
  return enabled
end

--- Called by setup().
function M.setup()
  M.enable(config.options.inline.auto)
  vim.api.nvim_create_augroup(group, { clear = true })
  vim.api.nvim_create_autocmd({ "InsertEnter", "TextChangedI", "CursorMovedI" }, { group = group, callback = changed })
  vim.api.nvim_create_autocmd({ "InsertLeave", "BufLeave" }, { group = group, callback = clear })
  local keys = config.options.inline.mappings
  if keys.accept then
    vim.keymap.set("i", keys.accept, function()
      if not M.accept() then
        M.suggest()
      end
    end, { silent = true, desc = "Take patchbay's suggestion, or ask for one" })
  end
  if keys.accept_line then
    vim.keymap.set("i", keys.accept_line, M.accept_line, { silent = true, desc = "Take its first line" })
  end
end

return M
