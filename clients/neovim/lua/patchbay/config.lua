--- The settings: their defaults, and what they may be.

local M = {}

---@class patchbay.Config
M.defaults = {
  --- How the program is started.
  command = { "patchbay", "serve" },
  --- What answers when nothing else was chosen, as "provider/model" or "provider"; the program's own default when nil.
  model = nil,
  chat = {
    --- The command that makes the window of a chat.
    open = "botright vsplit",
    --- Told to the model before everything else.
    system = nil,
    --- Whether reasoning is folded away.
    fold = true,
    --- Keys in the buffer of a chat; false for none.
    mappings = { send = "<CR>", send_insert = "<C-s>", cancel = "<C-c>" },
  },
  edit = {
    --- The command that makes the window of a proposed change.
    open = "botright split",
    mappings = { accept = "<CR>", reject = "q", cancel = "<C-c>" },
  },
  inline = {
    --- Whether to suggest while you type; else only when asked.
    auto = false,
    --- How long you have to pause before a suggestion is asked for, in milliseconds.
    debounce = 250,
    --- What completes, as "provider/model", where it shall not be what answers in chats.
    model = nil,
    --- How many bytes before and after the cursor are sent.
    before = 6000,
    after = 2000,
    --- The key that asks for a suggestion, and takes the one that is shown; and the one that takes its first line.
    mappings = { accept = "<C-l>", accept_line = false },
  },
}

--- The types of what has no default.
local OPTIONAL = { ["model"] = "string", ["chat.system"] = "string", ["inline.model"] = "string" }

---@type patchbay.Config
M.options = vim.deepcopy(M.defaults)

--- The nearest name to one that does not exist, if one is near.
local function nearest(name, names)
  local best, best_score
  for _, candidate in ipairs(names) do
    local same = 0
    for index = 1, math.min(#name, #candidate) do
      if name:sub(index, index) == candidate:sub(index, index) then
        same = same + 1
      end
    end
    local score = same / math.max(#name, #candidate)
    if score >= 0.5 and (not best or score > best_score) then
      best, best_score = candidate, score
    end
  end
  return best
end

local function names_at(defaults, path)
  local names = vim.tbl_keys(defaults)
  for name in pairs(OPTIONAL) do
    local parent, last = name:match("^(.-)%.?([^.]+)$")
    if parent == path then
      names[#names + 1] = last
    end
  end
  table.sort(names)
  return names
end

local function is_list(value)
  return type(value) == "table" and value[1] ~= nil
end

--- Why `value` may not stand at `path`; nil when it may.
local function problem_with(value, default, path)
  local expected = OPTIONAL[path] or type(default)
  local is_key = path:find("%.mappings%.") ~= nil
  if is_key and (value == false or type(value) == "string") then
    return nil
  elseif is_key then
    return ("`%s` is a key, or false for none; got %s"):format(path, vim.inspect(value))
  elseif type(value) ~= expected then
    return ("`%s` is a %s; got %s"):format(path, expected, vim.inspect(value))
  elseif path == "command" and (#value == 0 or not vim.tbl_isempty(vim.tbl_filter(function(word)
    return type(word) ~= "string"
  end, value))) then
    return "`command` is a list of the program and its arguments, such as { \"patchbay\", \"serve\" }"
  elseif expected == "number" and (value < 0 or value ~= math.floor(value)) then
    return ("`%s` is a whole number, not below 0; got %s"):format(path, vim.inspect(value))
  end
end

local function merged(defaults, given, path)
  local result = vim.deepcopy(defaults)
  for name, value in pairs(given) do
    local full = path == "" and tostring(name) or (path .. "." .. tostring(name))
    if defaults[name] == nil and not OPTIONAL[full] then
      local names = names_at(defaults, path)
      local near = nearest(tostring(name), names)
      local hint = "there are: " .. table.concat(names, ", ")
      if near then
        hint = ("did you mean `%s`?"):format(path == "" and near or (path .. "." .. near))
      end
      error(("patchbay: there is no option `%s`; %s"):format(full, hint), 0)
    end
    local problem = problem_with(value, defaults[name], full)
    if problem then
      error("patchbay: " .. problem, 0)
    end
    if type(defaults[name]) == "table" and not is_list(defaults[name]) then
      result[name] = merged(defaults[name], value, full)
    else
      result[name] = value
    end
  end
  return result
end

--- Checks `given` and makes it the settings. Raises what is wrong, in one sentence.
---@param given table?
function M.set(given)
  if given ~= nil and type(given) ~= "table" then
    error("patchbay: setup() takes a table of options", 0)
  end
  M.options = merged(M.defaults, given or {}, "")
end

return M
