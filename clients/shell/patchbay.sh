# shellcheck shell=bash
# patchbay for bash (4 and newer) and zsh: one program in the background that functions talk to.
#
#   . patchbay.sh
#   pb_start                          starts it; the others do so themselves when it is not running
#   pb_complete [OPTIONS] PROMPT…     prints the answer as it arrives; what comes through a pipe is put behind the prompt
#     -p PROVIDER  -m MODEL  -s SESSION  --system TEXT
#   pb_call METHOD [PARAMS]           calls a method of the protocol; prints its result, JSON on one line
#   pb_explain [QUESTION]             asks about the command before this one, with what tmux shows of its output
#   pb_stop                           ends it; the end of the shell does so too
#
# Variables: PATCHBAY (the program; else `patchbay` from PATH). The functions' status is that of `patchbay` itself:
# 0 success, 1 the request failed, 3 no usable credential, 4 worth trying again, 130 interrupted. jq is used when it is
# there, and not missed when it is not.

_pb_pid='' _pb_id=0 _pb_line='' _pb_nothing='{}'

# pb_start    starts patchbay, unless it runs
pb_start() {
  _pb_runs && return 0
  local program=${PATCHBAY:-patchbay} folder
  command -v "$program" >/dev/null || {
    printf 'pb_start: there is no program "%s"; put patchbay into PATH or its path into PATCHBAY\n' "$program" >&2
    return 127
  }
  folder=$(mktemp -d) || return 1
  mkfifo -m 600 "$folder/in" "$folder/out" || return 1
  _pb_launch "$program" "$folder"
  exec {_pb_in}>"$folder/in" {_pb_out}<"$folder/out"
  rm -rf "$folder"
  _pb_id=0
  _pb_request initialize '{"clientInfo":{"name":"patchbay.sh","version":"1"}}' && _pb_wait >/dev/null || {
    pb_stop
    return 1
  }
}

_pb_launch() {
  # Nothing is said of a job that begins or ends; it is no business of the person at the shell.
  { "$1" serve <"$2/in" >"$2/out" 2>/dev/null & } 2>/dev/null
  _pb_pid=$!
  disown "$_pb_pid" 2>/dev/null || disown 2>/dev/null
}

_pb_runs() { [ -n "$_pb_pid" ] && kill -0 "$_pb_pid" 2>/dev/null; }

# pb_stop    ends patchbay
pb_stop() {
  [ -n "$_pb_pid" ] || return 0
  # The end of its input is its cue: what runs is finished and stored.
  { exec {_pb_in}>&-; } 2>/dev/null
  { exec {_pb_out}<&-; } 2>/dev/null
  _pb_pid=''
}

# pb_call METHOD [PARAMS]
pb_call() {
  [ $# -ge 1 ] && [ $# -le 2 ] || {
    printf 'usage: pb_call METHOD [PARAMS]\n' >&2
    return 2
  }
  pb_start || return
  local params=${2:-}
  _pb_request "$1" "${params:-$_pb_nothing}" && _pb_wait
}

# pb_complete [OPTIONS] PROMPT…
pb_complete() {
  local params='' question piped
  while [ $# -gt 0 ]; do
    case $1 in
      -p | --provider) _pb_option provider "$@" || return; shift 2 ;;
      -m | --model) _pb_option model "$@" || return; shift 2 ;;
      -s | --session) _pb_option session "$@" || return; shift 2 ;;
      --system) _pb_option system "$@" || return; shift 2 ;;
      --) shift; break ;;
      -*)
        printf 'pb_complete: unknown option %s; there are -p, -m, -s and --system\n' "$1" >&2
        return 2 ;;
      *) break ;;
    esac
  done
  question=$*
  if [ ! -t 0 ]; then
    piped=$(cat)
    [ -z "$piped" ] || question=$question${question:+$'\n\n'}$piped
  fi
  [ -n "$question" ] || {
    printf 'pb_complete: nothing to ask; give a prompt as arguments or through a pipe\n' >&2
    return 2
  }
  pb_start || return
  _pb_request complete "{$params\"input\":$(_pb_quote "$question")}" && _pb_wait stream
}

# _pb_option NAME OPTION [VALUE]…    adds a parameter to `params`
_pb_option() {
  [ $# -ge 3 ] || {
    printf 'pb_complete: %s needs a value\n' "$2" >&2
    return 2
  }
  params=$params"\"$1\":$(_pb_quote "$3"),"
}

# pb_explain [QUESTION]    must come right after the command it is about
pb_explain() {
  local code=$? question command screen=''
  question=${*:-Why did this command fail, and what should I do? Answer briefly.}
  command=$(_pb_last_command)
  [ -n "$command" ] || {
    printf 'pb_explain: the shell remembers no command; it works where the history is kept\n' >&2
    return 2
  }
  if [ -n "${TMUX_PANE:-}" ] && command -v tmux >/dev/null; then
    screen=$(tmux capture-pane -p -t "$TMUX_PANE" -S -50 2>/dev/null)
  fi
  pb_complete "$question

Command: $command
Exit status: $code${screen:+
The end of the screen:
$screen}" </dev/null
}

_pb_last_command() {
  if [ -n "${ZSH_VERSION:-}" ]; then
    # The running line is in the history of zsh already or not, as its options say; it is never the one asked about.
    fc -ln -2 2>/dev/null | grep -v '^[[:space:]]*pb_explain' | tail -n 1
  else
    HISTTIMEFORMAT='' history 2 2>/dev/null | sed 's/^ *[0-9]*[* ] *//' | grep -v '^pb_explain' | tail -n 1
  fi
}

# MARK: The protocol

# _pb_request METHOD PARAMS    sends a request; its id is in _pb_id
_pb_request() {
  _pb_id=$((_pb_id + 1))
  # A JSON text has no line breaks of its own but between its parts, where a blank says the same.
  printf '{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n' "$_pb_id" "$1" "${2//$'\n'/ }" >&"$_pb_in" 2>/dev/null || {
    _pb_gone
    return 1
  }
}

_pb_gone() {
  printf 'patchbay has ended; the next call starts it again\n' >&2
  pb_stop
}

# _pb_wait [stream]    waits for the response to the last request. Prints its result, or with `stream` the pieces of the
# answer as they arrive. A Ctrl-C ends the request and not the program.
_pb_wait() {
  local code=0 interrupted='' last='' part saved=''
  if [ -n "${ZSH_VERSION:-}" ]; then setopt local_options local_traps traps_async; else saved=$(trap -p INT); fi
  trap 'interrupted=1; _pb_interrupt' INT
  _pb_line=''
  while :; do
    if ! IFS= read -r part <&"$_pb_out"; then
      # A signal makes `read` return as well, perhaps with half a line.
      _pb_line=$_pb_line$part
      if [ -n "$interrupted" ] && _pb_runs; then interrupted=''; continue; fi
      _pb_gone
      code=1
      break
    fi
    _pb_line=$_pb_line$part
    case $_pb_line in
      *'"params":'*) if [ "${1:-}" = stream ]; then _pb_delta; fi ;;
      *"\"id\":$_pb_id,"* | *"\"id\":$_pb_id}"*)
        if [ -n "$last" ] && [ "${last%$'\n'}" = "$last" ]; then printf '\n'; fi
        _pb_response "$@"
        code=$?
        break ;;
    esac
    _pb_line=''
  done
  if [ -z "${ZSH_VERSION:-}" ]; then
    trap - INT
    eval "$saved"
  fi
  return "$code"
}

_pb_interrupt() {
  printf '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%d}}\n' "$_pb_id" >&"$_pb_in" 2>/dev/null
}

# Prints the text of the delta in _pb_line, and keeps it in `last`.
_pb_delta() {
  local delta=${_pb_line#*\"delta\":}
  case $delta in *'"type":"text"'*) ;; *) return 0 ;; esac
  _pb_field text "$delta" || return 0
  last=$REPLY
  printf '%s' "$last"
}

_pb_response() {
  case $_pb_line in
    *'"result":'*)
      [ "${1:-}" = stream ] || _pb_print_result
      return 0 ;;
  esac
  local error=${_pb_line#*\"error\":} kind=''
  _pb_field kind "$error" && kind=$REPLY
  _pb_field message "$error" && printf 'error: %s\n' "$REPLY" >&2
  _pb_field hint "$error" && printf 'hint: %s\n' "$REPLY" >&2
  case $kind in
    authRequired | authRejected | loginFailed | quotaExceeded) return 3 ;;
    rateLimited | overloaded | timeout | network | engineBusy | busy) return 4 ;;
    cancelled) return 130 ;;
    *) return 1 ;;
  esac
}

_pb_print_result() {
  if command -v jq >/dev/null; then
    printf '%s\n' "$_pb_line" | jq -c .result
    return
  fi
  # The result is the last member, as the server writes it.
  local result=${_pb_line#*\"result\":}
  printf '%s\n' "${result%\}}"
}

# MARK: JSON

# _pb_quote TEXT    prints TEXT as a JSON string
_pb_quote() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\r'/\\r}
  text=${text//$'\t'/\\t}
  # Colours and the like from what was piped in have no business in a prompt.
  printf '"%s"' "$(printf '%s' "$text" | LC_ALL=C tr -d '\000-\037\177')"
}

# _pb_field NAME JSON    the first string called NAME in JSON, unquoted, in REPLY
_pb_field() {
  local rest=$2 part value='' tail
  case $rest in *"\"$1\":\""*) ;; *) return 1 ;; esac
  rest=${rest#*\""$1"\":\"}
  # Up to the quote that has no backslash, or an even number of them, before it.
  while :; do
    part=${rest%%\"*}
    value=$value$part
    tail=${part##*[!\\]}
    rest=${rest#*\"}
    [ $((${#tail} % 2)) = 1 ] || break
    value=$value\"
  done
  # %b knows the escapes of JSON but \/ and \"; its \u wants no surrogates, which patchbay never writes.
  value=${value//\\\"/\"}
  value=${value//\\\//\/}
  printf -v REPLY '%b.' "$value"
  REPLY=${REPLY%.}
  # Nothing a model writes may move the cursor or retitle the window.
  if [ -t 1 ]; then REPLY=${REPLY//[$'\001'-$'\010'$'\013'-$'\037'$'\177']/}; fi
}
