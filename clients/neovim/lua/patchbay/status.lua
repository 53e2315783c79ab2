--- What patchbay is doing and has cost, for a statusline.

local M = {}

local server = require("patchbay.server")

--- USD since the editor was started, for what has a known price.
local total = 0

--- Who answers where no session is named, as far as that is known.
---@return patchbay.ModelChoice?
function M.default()
  return server.choice or (server.info and server.info.default) or nil
end

--- An amount of money, with the digits that matter.
---@param amount number USD
---@return string
function M.money(amount)
  return (amount >= 1 and "$%.2f" or "$%.4f"):format(amount)
end

--- Adds what an answer cost.
---@param result patchbay.CompleteResult|patchbay.CompleteInlineResult
function M.add(result)
  total = total + (result.cost and result.cost.total or 0)
end

--- USD since the editor was started.
---@return number
function M.cost()
  return total
end

local listening = false

--- A component for 'statusline': who answers, the cost so far, how many answers are being written. Empty until
--- patchbay has been used.
---@return string
function M.line()
  if not listening then
    listening = true
    vim.api.nvim_create_autocmd("User", { pattern = "PatchbayChanged", command = "redrawstatus!" })
  end
  local chat = require("patchbay.chat").current()
  local choice = chat and chat.choice or M.default()
  local parts = {}
  if choice then
    parts[#parts + 1] = choice.provider .. "/" .. choice.model
  end
  if total > 0 then
    parts[#parts + 1] = M.money(total)
  end
  local running = server.running()
  if running > 0 then
    parts[#parts + 1] = running == 1 and "…" or ("…×%d"):format(running)
  end
  return table.concat(parts, " ")
end

return M
