#!/usr/bin/env bash
# patchbay for tmux, as a plugin: TPM runs this file, or `run-shell` in tmux.conf does. Options, all with defaults:
#   @patchbay-program        the program (patchbay from PATH)
#   @patchbay-menu-key       prefix + this opens the menu (A)
#   @patchbay-chat-key       prefix + this opens the chat (a)
#   @patchbay-ask-key        prefix + this asks about what the pane shows (e); in copy mode, about the selection (A)
#   @patchbay-popup-width, @patchbay-popup-height     of the popups (80%)
# #{patchbay_status} in status-left or status-right becomes the segment: model, today's cost, running completions.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=clients/tmux/scripts/common.bash
. "$here/scripts/common.bash"

tmux bind-key "$(option @patchbay-menu-key A)" run-shell -b "'$here/scripts/menu' '#{client_name}' '#{pane_id}'"
tmux bind-key "$(option @patchbay-chat-key a)" run-shell -b "'$here/scripts/popup' '#{client_name}' '#{pane_id}' chat"
tmux bind-key "$(option @patchbay-ask-key e)" run-shell -b "'$here/scripts/popup' '#{client_name}' '#{pane_id}' ask-pane"
for table in copy-mode copy-mode-vi; do
  # The selection goes through a buffer of its own, so that nobody's clipboard changes.
  tmux bind-key -T "$table" A send-keys -X copy-pipe-and-cancel \
    "tmux load-buffer -b patchbay-#{s/%/:pane_id} - && '$here/scripts/popup' '#{client_name}' '#{pane_id}' ask-selection"
done

for side in status-left status-right; do
  value=$(tmux show-option -gqv "$side")
  case $value in
    *'#{patchbay_status}'*) tmux set-option -g "$side" "${value//'#{patchbay_status}'/"#('$here/scripts/status')"}" ;;
  esac
done
