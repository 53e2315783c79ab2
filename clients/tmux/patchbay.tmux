#!/usr/bin/env bash
# patchbay for tmux 3.2 and newer, as a plugin: TPM runs this file, or `run-shell` in tmux.conf does. Options, all with
# defaults:
#   @patchbay-program        the program (patchbay from PATH)
#   @patchbay-menu-key       prefix + this opens the menu (A)
#   @patchbay-chat-key       prefix + this opens the chat (a)
#   @patchbay-ask-key        prefix + this asks about what the pane shows (e)
#   @patchbay-selection-key  in copy mode, this asks about the selection (A)
#   @patchbay-popup-width, @patchbay-popup-height     of the popups (80%)
# #{patchbay_status} in status-left or status-right becomes the segment: model, today's cost, running completions.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=clients/tmux/scripts/common.bash
. "$here/scripts/common.bash"

# bind_key OPTION DEFAULT SCRIPT [WHAT]    has a key behind the prefix run a script for the client and pane it was typed in
bind_key() {
  tmux bind-key "$(option "$1" "$2")" run-shell -b "'$here/scripts/$3' '#{client_name}' '#{pane_id}' ${4:-}"
}
bind_key @patchbay-menu-key A menu
bind_key @patchbay-chat-key a popup chat
bind_key @patchbay-ask-key e popup ask-pane
for table in copy-mode copy-mode-vi; do
  # The selection goes through a buffer of its own, so that nobody's clipboard changes.
  tmux bind-key -T "$table" "$(option @patchbay-selection-key A)" send-keys -X pipe-and-cancel \
    "tmux load-buffer -b 'patchbay-#{pane_id}' - && '$here/scripts/popup' '#{client_name}' '#{pane_id}' ask-selection"
done

for side in status-left status-right; do
  value=$(tmux show-option -gqv "$side")
  case $value in
    *'#{patchbay_status}'*) tmux set-option -g "$side" "${value//'#{patchbay_status}'/"#('$here/scripts/status')"}" ;;
  esac
done
