# Sourced by the plugin and its scripts.

# option NAME DEFAULT    what the person has set, or the default
option() {
  local value
  value=$(tmux show-option -gqv "$1")
  printf '%s' "${value:-$2}"
}

# The program to talk to.
program() { option @patchbay-program "${PATCHBAY:-patchbay}"; }

# complain TEXT    says something in the status line
complain() { tmux display-message "patchbay: $1"; }
