# Sourced by the scripts that install what they need.

say() { printf '%s\n' "$*" >&2; }

# Runs a command as root, by sudo where that is needed.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages 'NAME: why' …    Installs those Debian packages that are missing. Says what and why, and is quiet
# otherwise unless it fails. Elsewhere than on Debian it only says what is needed.
install_packages() {
  local entry name log missing=()
  if ! command -v dpkg-query >/dev/null; then
    say "This is no Debian: see that these (or what they are called here) are installed:"
    for entry in "$@"; do say "  $entry"; done
    return 0
  fi
  for entry in "$@"; do
    name=${entry%%:*}
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' && continue
    missing+=("$name")
    say "installing $name (${entry#*: })"
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    say "This needs root, and there is no sudo. As root: apt-get install ${missing[*]}"
    return 1
  fi
  log=$(mktemp)
  if ! { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    say "Could not install: ${missing[*]}"
    return 1
  fi
  rm -f "$log"
}
