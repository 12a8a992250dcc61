# What run, test and demo share. Sourced by bash; changes nothing by itself.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

build_packages=(g++ cmake ninja-build pkg-config python3 libpoco-dev libsqlite3-dev zlib1g-dev libssl-dev libzstd-dev
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev libgmime-3.0-dev)
test_build_packages=(libgtest-dev libgmock-dev)
# what the tests drive, and the plain tools that must be able to read an archive
test_packages=(dovecot-imapd dovecot-pop3d isync openssl ca-certificates zstd gzip tar)
# what the servers that are unpacked, not installed, are linked with (packaging/servers)
server_libraries=(libcom-err2 libical3 libicu72 libjansson4 libkrb5-3 libpcre3 libpq5 libsasl2-2 libsasl2-modules
  libsasl2-modules-db libwrap0 libxapian30 libxml2)
# what the program is timed beside, in `packaging/test full` alone
bench_packages=(mpop fetchmail getmail6 interimap)
sanitizer_packages=(clang-19 libclang-rt-19-dev)

say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# Debian starts a server when its package is installed; this one is for private instances of the tests only. A
# policy-rc.d that exits 101 forbids it. One that was there before stays as it is.
forbid_daemons() {
  [ -e /usr/sbin/policy-rc.d ] && return 1
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null && as_root chmod 755 /usr/sbin/policy-rc.d
}

# Installs what is not there of the given packages; says nothing and does nothing if all are.
need_packages() {
  local missing ours=no status=0 log
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" = 0 ] && return 0
  if ! command -v apt-get >/dev/null; then
    say "these packages are needed (names of Debian 12): ${missing[*]}"
    return 1
  fi
  if ! as_root true; then
    say "these packages are needed; as root: apt-get install --no-install-recommends ${missing[*]}"
    return 1
  fi
  say "installing ${missing[*]}"
  log=$(mktemp)
  forbid_daemons && ours=yes
  {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null || true  # the lists we have may do
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
  } >"$log" 2>&1 || status=$?
  [ "$ours" = yes ] && as_root rm -f /usr/sbin/policy-rc.d
  if [ "$status" != 0 ]; then
    tail -n 30 "$log" >&2
    say "apt-get failed"
  fi
  rm -f "$log"
  return "$status"
}

# Puts the packages' files into the current folder and installs nothing.
download_packages() {
  local log status=0
  log=$(mktemp)
  # the lists may be missing or too old to know what there is
  { apt-get download -qq "$@" || { as_root apt-get update -qq && apt-get download -qq "$@"; }; } \
    >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" != 0 ]; then
    tail -n 30 "$log" >&2
    say "these packages could not be downloaded: $*"
  fi
  rm -f "$log"
  return "$status"
}

# build FOLDER TARGET CMAKE-OPTION...: quiet unless it fails. TARGET "all" builds everything.
build() {
  local folder=$1 target=$2 log status=0
  shift 2
  mkdir -p "$folder"
  log=$folder/build.log
  { cmake -S "$root" -B "$folder" -G Ninja "$@" && cmake --build "$folder" -j "$jobs" --target "$target"; } \
    >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" != 0 ]; then
    grep -nE 'error|Error|FAILED|warning' "$log" | head -n 40 >&2
    tail -n 40 "$log" >&2
    say "the build failed; all of it is in $log"
  fi
  return "$status"
}

build_release() {
  need_packages "${build_packages[@]}" || return
  [ -x "$root/.build/release/src/postferry" ] || say "building (a few minutes, once)"
  build "$root/.build/release" postferry -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPOSTFERRY_TESTS=OFF
}
