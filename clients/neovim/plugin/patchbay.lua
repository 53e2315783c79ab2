if vim.g.loaded_patchbay then
  return
end
vim.g.loaded_patchbay = true

if vim.fn.has("nvim-0.7.2") == 0 then
  vim.notify("patchbay needs Neovim 0.7.2 or newer", vim.log.levels.ERROR)
  return
end

local function command(name, options, action)
  vim.api.nvim_create_user_command(name, action, options)
end

--- The argument of a command, nil when there is none.
local function argument(invocation)
  return invocation.args ~= "" and invocation.args or nil
end

command("Patchbay", { nargs = "?", desc = "Chat: the last one, or the session of that name" }, function(invocation)
  local chat, name = require("patchbay.chat"), argument(invocation)
  if name then
    chat.resume(name)
  else
    chat.latest()
  end
end)

command("PatchbayNew", { nargs = "?", desc = "Chat in a new session" }, function(invocation)
  require("patchbay.chat").new(argument(invocation))
end)

command("PatchbaySessions", { nargs = "?", desc = "Choose a session" }, function(invocation)
  require("patchbay.pick").session(argument(invocation))
end)

command("PatchbayProvider", { nargs = "?", desc = "Choose who answers" }, function(invocation)
  local pick, name = require("patchbay.pick"), argument(invocation)
  if name then
    pick.use({ provider = name })
  else
    pick.provider()
  end
end)

command("PatchbayModel", { nargs = "?", desc = "Choose the model that answers" }, function(invocation)
  require("patchbay.pick").model(argument(invocation))
end)

command("PatchbayEdit", { nargs = "*", range = true, desc = "Rewrite lines as told" }, function(invocation)
  local edit, first, last = require("patchbay.edit"), invocation.line1, invocation.line2
  local instruction = argument(invocation)
  if instruction then
    return edit.start(first, last, instruction)
  end
  vim.ui.input({ prompt = "What shall change? " }, function(text)
    if text and text ~= "" then
      edit.start(first, last, text)
    end
  end)
end)

command("PatchbayAccept", { desc = "Put the proposal in place" }, function()
  require("patchbay.edit").accept()
end)

command("PatchbayReject", { desc = "Forget the proposal" }, function()
  require("patchbay.edit").reject()
end)

command("PatchbayInline", { desc = "Suggest while typing, or no longer" }, function()
  local inline = require("patchbay.inline")
  inline.enable(not inline.is_enabled())
  vim.notify("patchbay: suggestions while typing are " .. (inline.is_enabled() and "on" or "off"))
end)

command("PatchbayLogin", { nargs = "*", desc = "Log in: [provider] [apiKey|oauth|device]" }, function(invocation)
  require("patchbay.login").start(invocation.fargs[1], invocation.fargs[2])
end)

command("PatchbayCancel", { desc = "End all answers that are being written" }, function()
  require("patchbay.server").cancel_all()
end)

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = vim.api.nvim_create_augroup("patchbay", { clear = true }),
  callback = function()
    if package.loaded["patchbay.server"] then
      require("patchbay.server").stop()
    end
  end,
})

for name, target in pairs({
  PatchbayHeading = "Title",
  PatchbayReasoning = "Comment",
  PatchbayNote = "Comment",
  PatchbayProblem = "ErrorMsg",
  PatchbayHint = "MoreMsg",
  PatchbaySuggestion = "Comment",
}) do
  vim.api.nvim_set_hl(0, name, { link = target, default = true })
end
