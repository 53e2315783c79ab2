--- Rewriting lines of a buffer: the model's version is shown as a diff, and replaces the lines when it is accepted.

local config = require("patchbay.config")
local server = require("patchbay.server")
local status = require("patchbay.status")
local stream = require("patchbay.stream")

local M = {}

local namespace = vim.api.nvim_create_namespace("patchbay_edit")

local SYSTEM = [[
You rewrite a piece of a file as you are told. Reply with what is to stand in its place, whole, and with nothing else:
no explanation, no code fence. Keep the indentation, style and language of the piece unless told otherwise.]]

---@class patchbay.Edit
---@field target integer the buffer that is edited
---@field mark integer extmark over the lines
---@field old string[]
---@field new string[]? nil until the answer is complete
---@field preview integer the buffer that shows the proposal
---@field request patchbay.Request?

--- The edit that waits to be accepted or rejected.
---@type patchbay.Edit?
local current

local function notify(text, level)
  vim.notify("patchbay: " .. text, level or vim.log.levels.INFO)
end

--- The lines that `edit` is about as they are now, and where they begin, from 0.
local function lines_now(edit)
  local mark = vim.api.nvim_buf_get_extmark_by_id(edit.target, namespace, edit.mark, { details = true })
  local first, last = mark[1], mark[3].end_row
  return vim.api.nvim_buf_get_lines(edit.target, first, last, true), first, last
end

local function close(edit)
  current = current ~= edit and current or nil
  if edit.request then
    edit.request.cancel()
  end
  if vim.api.nvim_buf_is_loaded(edit.target) then
    vim.api.nvim_buf_del_extmark(edit.target, namespace, edit.mark)
  end
  if vim.api.nvim_buf_is_valid(edit.preview) then
    vim.api.nvim_buf_delete(edit.preview, { force = true })
  end
end

--- Puts the proposal in the place of the lines.
function M.accept()
  local edit = current
  if not edit or not edit.new then
    return notify(edit and edit.request and "the proposal is still being written" or "there is no proposal")
  elseif not vim.api.nvim_buf_is_loaded(edit.target) then
    close(edit)
    return notify("the buffer is gone", vim.log.levels.WARN)
  end
  local now, first, last = lines_now(edit)
  if not vim.deep_equal(now, edit.old) then
    return notify("the lines have changed meanwhile; nothing was replaced", vim.log.levels.WARN)
  end
  vim.api.nvim_buf_set_lines(edit.target, first, last, true, edit.new)
  close(edit)
end

--- Forgets the proposal; ends it when it is still being written.
function M.reject()
  if current then
    close(current)
  end
end

--- Without the code fence that an answer may stand in all the same.
local function unfenced(text)
  local inner = text:match("^%s*```[^\n]*\n(.-)\n?```%s*$")
  return inner or text
end

--- The lines of an answer; a line break at its end, which most models write, makes no line.
local function lines_of(text)
  return vim.split((unfenced(text):gsub("\n$", "")), "\n", { plain = true })
end

local function text_of(message)
  local texts = {}
  for _, part in ipairs(message.content) do
    texts[#texts + 1] = part.type == "text" and part.text or nil
  end
  return table.concat(texts)
end

local function show(edit, lines, filetype)
  stream.without_undo(edit.preview, function()
    vim.api.nvim_buf_set_lines(edit.preview, 0, -1, true, lines)
  end)
  vim.bo[edit.preview].filetype = filetype
end

local function show_diff(edit)
  local function joined(lines)
    return table.concat(lines, "\n") .. "\n"
  end
  local diff = vim.diff(joined(edit.old), joined(edit.new), { ctxlen = 3 })
  if diff == "" then
    notify("the proposal is the same text")
    return close(edit)
  end
  show(edit, vim.split(diff, "\n", { plain = true, trimempty = true }), "diff")
  local keys = config.options.edit.mappings
  notify(("%s accepts, %s rejects"):format(keys.accept or ":PatchbayAccept", keys.reject or ":PatchbayReject"))
end

local function open_preview(edit)
  edit.preview = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(edit.preview, "patchbay://edit/" .. edit.preview)
  vim.bo[edit.preview].modifiable = false
  local back = vim.api.nvim_get_current_win()
  vim.cmd(config.options.edit.open)
  vim.api.nvim_win_set_buf(0, edit.preview)
  local keys = config.options.edit.mappings
  for key, action in pairs({ accept = M.accept, reject = M.reject, cancel = M.reject }) do
    if keys[key] then
      vim.keymap.set("n", keys[key], action, { buffer = edit.preview, nowait = true, silent = true })
    end
  end
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = edit.preview,
    callback = function()
      if current == edit then
        close(edit)
      end
    end,
  })
  return back
end

local function question(edit, instruction)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(edit.target), ":.")
  return table.concat({
    "File: " .. (name ~= "" and name or "(no name)"),
    "Language: " .. (vim.bo[edit.target].filetype ~= "" and vim.bo[edit.target].filetype or "(unknown)"),
    "<piece>",
    table.concat(edit.old, "\n"),
    "</piece>",
    instruction,
  }, "\n")
end

--- Asks for another version of the lines from `first` to `last` of the current buffer, both from 1.
---@param first integer
---@param last integer
---@param instruction string
function M.start(first, last, instruction)
  M.reject()
  local target = vim.api.nvim_get_current_buf()
  if not vim.bo[target].modifiable then
    return notify("this buffer cannot be changed", vim.log.levels.ERROR)
  end
  ---@type patchbay.Edit
  local edit = { target = target, old = vim.api.nvim_buf_get_lines(target, first - 1, last, true) }
  -- The lines may move while the answer is written.
  edit.mark = vim.api.nvim_buf_set_extmark(target, namespace, first - 1, 0, {
    end_row = last,
    end_col = 0,
    strict = false,
  })
  current = edit
  open_preview(edit)
  local writing = stream.new(edit.preview, 0, 0)
  edit.request = server.request("complete", {
    input = question(edit, instruction),
    system = SYSTEM,
  }, function(problem, result)
    edit.request = nil
    if current ~= edit then
      return
    elseif problem then
      return show(edit, vim.split(server.mark(problem), "\n", { plain = true }), "patchbay")
    end
    status.add(result)
    edit.new = lines_of(text_of(result.message))
    writing:flush()
    show_diff(edit)
  end, function(delta)
    if delta.type == "text" and vim.api.nvim_buf_is_loaded(edit.preview) then
      writing:write(delta.text)
    elseif delta.type == "reset" then
      writing:clear()
    end
  end)
end

return M
