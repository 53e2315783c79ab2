--- How a chat stands in its buffer: sections with a heading each, in the last of which the next question is typed.

local config = require("patchbay.config")
local server = require("patchbay.server")
local stream = require("patchbay.stream")

local M = {}

local namespace = vim.api.nvim_create_namespace("patchbay_chat")
--- What a heading begins with, and every line of reasoning. syntax/patchbay.vim knows them too.
local HEADING, REASONING = "▌ ", "┊ "

---@class patchbay.View
---@field buffer integer
---@field private prompt integer extmark on the heading of the prompt
---@field private answer patchbay.Stream? what is being written
---@field private answer_heading integer? extmark on its heading
---@field private kind "text"|"reasoning"|nil what was written last
local View = {}
View.__index = View

local function set_window_options()
  local window = vim.opt_local
  window.wrap, window.linebreak = true, true
  window.foldmethod, window.foldexpr = "expr", "getline(v:lnum)=~#'^" .. REASONING .. "'"
  window.foldtext = "v:lua.require'patchbay.view'.fold_text()"
  window.foldenable, window.foldlevel, window.foldminlines = config.options.chat.fold, 0, 0
  window.fillchars:append({ fold = " " })
end

--- What stands for folded reasoning.
function M.fold_text()
  local count = vim.v.foldend - vim.v.foldstart + 1
  return ("%sreasoning (%d line%s)"):format(REASONING, count, count == 1 and "" or "s")
end

--- A buffer for a chat, with a prompt in it.
---@param name string
---@return patchbay.View
function M.new(name)
  local buffer = vim.api.nvim_create_buf(true, false)
  vim.api.nvim_buf_set_name(buffer, name)
  local options = vim.bo[buffer]
  options.buftype, options.bufhidden, options.swapfile = "nofile", "hide", false
  local self = setmetatable({ buffer = buffer }, View)
  stream.without_undo(buffer, function()
    vim.api.nvim_buf_set_lines(buffer, 0, -1, true, { HEADING .. "You", "" })
  end)
  self.prompt = vim.api.nvim_buf_set_extmark(buffer, namespace, 0, 0, {})
  -- With every window the buffer comes into, not only the first.
  vim.api.nvim_create_autocmd("BufWinEnter", { buffer = buffer, callback = set_window_options })
  options.filetype = "patchbay"
  return self
end

local function row_of(self, mark)
  return vim.api.nvim_buf_get_extmark_by_id(self.buffer, namespace, mark, {})[1]
end

local function note_at(self, mark, text)
  vim.api.nvim_buf_set_extmark(self.buffer, namespace, row_of(self, mark), 0, {
    id = mark,
    virt_text = text and { { text, "PatchbayNote" } } or nil,
  })
end

--- Shows beside the prompt who will answer.
---@param model string?
function View:set_model(model)
  note_at(self, self.prompt, model and ("→ " .. model) or nil)
end

--- What stands in the prompt, without the white space around it.
---@return string
function View:question()
  local lines = vim.api.nvim_buf_get_lines(self.buffer, row_of(self, self.prompt) + 1, -1, true)
  return vim.trim(table.concat(lines, "\n"))
end

--- Puts `text` into the prompt, unless something stands there.
---@param text string
function View:set_question(text)
  if self:question() == "" then
    stream.without_undo(self.buffer, function()
      local row = row_of(self, self.prompt) + 1
      vim.api.nvim_buf_set_lines(self.buffer, row, -1, true, vim.split(text, "\n", { plain = true }))
    end)
  end
end

--- Moves the cursor of every window that shows the prompt, and is in it, to its end.
local function follow(self, old_prompt)
  local last = vim.api.nvim_buf_line_count(self.buffer)
  local line = vim.api.nvim_buf_get_lines(self.buffer, last - 1, last, true)[1]
  for _, window in ipairs(vim.fn.win_findbuf(self.buffer)) do
    if vim.api.nvim_win_get_cursor(window)[1] > old_prompt then
      vim.api.nvim_win_set_cursor(window, { last, #line })
    end
  end
end

--- `text` as it stands among the lines of reasoning.
local function quoted(text)
  return (text:gsub("\n", "\n" .. REASONING))
end

--- Shows what was said before, in place of what stands above the prompt.
---@param sections { label: string, reasoning: string?, text: string }[]
function View:show_history(sections)
  local lines = {}
  for _, section in ipairs(sections) do
    lines[#lines + 1] = HEADING .. section.label
    if section.reasoning then
      vim.list_extend(lines, vim.split(REASONING .. quoted(section.reasoning), "\n", { plain = true }))
    end
    vim.list_extend(lines, vim.split(section.text, "\n", { plain = true }))
    lines[#lines + 1] = ""
  end
  stream.without_undo(self.buffer, function()
    vim.api.nvim_buf_set_lines(self.buffer, 0, row_of(self, self.prompt), true, lines)
  end)
  follow(self, 0)
end

--- The question in the prompt has been asked: opens a section for the answer below it, and a new prompt below that.
---@param label string who answers
function View:begin_answer(label)
  note_at(self, self.prompt, nil)
  local old_prompt = row_of(self, self.prompt)
  local lines = vim.split(self:question(), "\n", { plain = true })
  local heading = old_prompt + #lines + 2
  vim.list_extend(lines, { "", HEADING .. label, "", "", HEADING .. "You", "" })
  stream.without_undo(self.buffer, function()
    vim.api.nvim_buf_set_lines(self.buffer, old_prompt + 1, -1, true, lines)
  end)
  self.answer_heading = vim.api.nvim_buf_set_extmark(self.buffer, namespace, heading, 0, {})
  self.answer = stream.new(self.buffer, heading + 1, 0)
  self.prompt = vim.api.nvim_buf_set_extmark(self.buffer, namespace, heading + 3, 0, {})
  self.kind = nil
  follow(self, old_prompt)
end

--- Says who answers.
---@param label string
function View:set_label(label)
  local row = row_of(self, self.answer_heading)
  local line = vim.api.nvim_buf_get_lines(self.buffer, row, row + 1, true)[1]
  stream.without_undo(self.buffer, function()
    vim.api.nvim_buf_set_text(self.buffer, row, 0, row, #line, { HEADING .. label })
  end)
end

--- Folds what was written in insert mode, in which the editor puts off its folding.
local function refresh_folds(self)
  if not vim.fn.mode():find("^[iR]") then
    return
  end
  for _, window in ipairs(vim.fn.win_findbuf(self.buffer)) do
    vim.api.nvim_win_call(window, function()
      local cursor = vim.api.nvim_win_get_cursor(window)
      -- Setting the option again makes the folds invalid, and asking for one makes them, but only in normal mode.
      vim.cmd([[silent execute "normal! :setlocal foldmethod=expr | call foldclosed(1)\r"]])
      vim.api.nvim_win_set_cursor(window, cursor)
    end)
  end
end

--- Adds to the answer.
---@param kind "text"|"reasoning"|"problem"
---@param text string
function View:write(kind, text)
  local beginning = ""
  if kind ~= self.kind then
    if self.kind == "reasoning" then
      self.answer:flush()
      refresh_folds(self)
    end
    -- Each kind begins on a line of its own.
    beginning = (self.kind and "\n" or "") .. (kind == "reasoning" and REASONING or "")
    self.kind = kind
  end
  self.answer:write(beginning .. (kind == "reasoning" and quoted(text) or text))
end

--- Takes back what of the answer was written.
function View:reset()
  self.answer:clear()
  self.kind = nil
end

--- Shows something beside the heading of the answer.
---@param text string?
function View:note(text)
  note_at(self, self.answer_heading, text)
end

--- Adds a failure to the answer.
---@param failure patchbay.Failure
function View:problem(failure)
  self:write("problem", server.mark(failure))
end

--- The answer is complete, or will never be.
function View:end_answer()
  self.answer:flush()
  refresh_folds(self)
end

return M
