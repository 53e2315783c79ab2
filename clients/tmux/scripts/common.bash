# Sourced by the plugin and its scripts.

# option NAME DEFAULT    what the person has set, or the default
option() {
  local value
  value=$(tmux show-option -gqv "$1")
  printf '%s' "${value:-$2}"
}

# The program to talk to.
program() { option @patchbay-program "${PATCHBAY:-patchbay}"; }

# complain TEXT    says something in the status line of the client that is named $client
complain() { tmux display-message -c "$client" "patchbay: ${1//'#'/##}"; }

# need_program    ends the script, saying so, where there is no such program
need_program() {
  command -v "$(program)" >/dev/null || {
    complain "there is no program \"$(program)\"; set @patchbay-program"
    exit 0
  }
}
