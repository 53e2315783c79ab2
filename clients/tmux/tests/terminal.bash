# A tmux in a tmux, for the tests and the transcript: the inner one is a person's, with a client that shows its popups,
# and the outer one's pane is the screen that this client draws on. Sourced; nothing of it is left at the end.

screen=${screen_name:-patchbay-$$}
outer() { env -u TMUX tmux -L "$screen-outer" -f /dev/null "$@"; }
inner() { env -u TMUX tmux -L "$screen-inner" "$@"; }

# show CONFIG [COLUMNS [ROWS]]    starts the inner tmux with a config file, and a client of it on the screen
show() {
  inner -f "$1" new-session -d -s work -x "${2:-100}" -y "${3:-30}" env PS1='$ ' ENV= sh
  outer new-session -d -x "${2:-100}" -y "${3:-30}" "env -u TMUX tmux -L '$screen-inner' attach"
}

# hide    ends both
hide() {
  inner kill-server
  outer kill-server
} 2>/dev/null

# look    what the screen shows
look() { outer capture-pane -p; }

# press KEY...    presses keys, named as tmux names them
press() { outer send-keys "$@"; }

# await PATTERN [WITHOUT]    waits until the screen matches a glob, and does not match another; 1, with what it shows,
# when that takes too long
await() {
  local deadline=$((SECONDS + 60)) shown
  while shown=$(look); do
    # shellcheck disable=SC2053
    [[ $shown != $1 || -n ${2:-} && $shown == $2 ]] || return 0
    [ "$SECONDS" -lt "$deadline" ] || break
    read -rt 0.05 <> <(:) || :
  done
  printf 'waited for %s%s; the screen shows:\n%s\n' "$1" "${2:+ without $2}" "$shown" >&2
  return 1
}
