--- What a person's own configuration calls. Everything else is loaded when it is first used.

local M = {}

--- Sets options; all have defaults (|patchbay-options|). Raises what is wrong with them, in one sentence.
---@param options table?
function M.setup(options)
  require("patchbay.config").set(options)
  require("patchbay.inline").setup()
end

--- A component for 'statusline': who answers, what it has cost since the editor was started, what is being written.
---@return string
function M.statusline()
  -- Nothing is loaded, let alone started, for a statusline.
  return package.loaded["patchbay.server"] and require("patchbay.status").line() or ""
end

--- Takes the suggestion at the cursor; for a mapping of your own. Returns whether there was one.
---@return boolean
function M.accept_suggestion()
  return require("patchbay.inline").accept()
end

--- Asks for a suggestion at the cursor.
function M.suggest()
  require("patchbay.inline").suggest()
end

return M
