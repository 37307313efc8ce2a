# What the parts of the demonstration share; sourced by them. $top, $work and $PATH are set, servers run without
# privileges, and what is started and written is gone at the end.
set -e
top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/command:$PATH
work=$(mktemp -d)
servers=
trap 'kill $servers 2>/dev/null || :; rm -rf "$work"' EXIT
export UNPRIVILEGED=1

say() {
  printf '\n== %s\n' "$*"
}

# show COMMAND...: prints a command and what it prints.
show() {
  printf '$ %s\n' "$*"
  "$@"
}

# serve NAME PROGRAM VARIABLE=VALUE...: starts PROGRAM with its root $work/NAME, its log in $work/NAME.log.
serve() {
  name=$1 program=$2
  shift 2
  printf '$ %s %s &\n' "$*" "$program"
  env ROOT="$work/$name" "$@" "$program" </dev/null 2>"$work/$name.log" &
  servers="$servers $!"
  tries=0
  until grep -q '^starting' "$work/$name.log"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat "$work/$name.log"; exit 1; }
    sleep 0.05
  done
}
