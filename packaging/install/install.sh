#!/bin/sh
# Installs secretctl @VERSION@ for the current user.
#
# usage: sh secretctl-installer.sh [--to DIR] [--from URL]
#   --to DIR     the folder of the program (default: ~/.local/bin)
#   --from URL   where the archives are, for a mirror (default: the release's own page)
#
# The checksums are written below, so that a changed download is refused wherever it came from. Without a program that can check
# them, nothing is installed.
set -eu

version=@VERSION@
from=@DOWNLOAD@
to=${HOME:-}/.local/bin

fail() {
    printf 'secretctl-installer: %s\n' "$*" >&2
    exit 1
}

checksum_of() {
    case $1 in
    # @CHECKSUMS@
    *) return 1 ;;
    esac
}

target() {
    case $(uname -s)-$(uname -m) in
    Linux-x86_64 | Linux-amd64) echo x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) echo aarch64-unknown-linux-musl ;;
    Darwin-arm64 | Darwin-aarch64) echo aarch64-apple-darwin ;;
    Darwin-x86_64) echo x86_64-apple-darwin ;;
    *) fail "there is no build for $(uname -s) on $(uname -m); with Rust, \`cargo install secretctl --locked\` makes one" ;;
    esac
}

download() {
    if command -v curl >/dev/null; then
        curl --proto '=https,http,file' --fail --silent --show-error --location --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget -q -O "$2" "$1"
    else
        fail "neither curl nor wget is installed"
    fi
}

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$1"
    elif command -v shasum >/dev/null; then
        shasum -a 256 "$1"
    elif command -v openssl >/dev/null; then
        openssl dgst -sha256 -r "$1"
    else
        fail "none of sha256sum, shasum and openssl is installed: the download cannot be checked"
    fi | cut -d ' ' -f 1
}

# In a function, so that a script cut off in the middle does nothing.
main() {
    while [ $# -gt 0 ]; do
        case $1 in
        --to | --from)
            [ $# -gt 1 ] || fail "\`$1\` needs a value"
            [ "$1" = --to ] && to=$2 || from=$2
            shift 2
            ;;
        *) fail "unknown option \`$1\`; there are \`--to DIR\` and \`--from URL\`" ;;
        esac
    done
    [ "$to" != /.local/bin ] || fail "HOME is not set: say where to with \`--to DIR\`"

    target=$(target)
    name=secretctl-$version-$target
    expected=$(checksum_of "$name.tar.gz") || fail "release $version has no build for $target"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    download "$from/$name.tar.gz" "$work/archive" || fail "\`$from/$name.tar.gz\` could not be downloaded"
    found=$(sha256 "$work/archive")
    [ "$found" = "$expected" ] ||
        fail "\`$from/$name.tar.gz\` has the SHA-256 \`$found\`, not \`$expected\`: nothing was installed"
    tar -xzf "$work/archive" -C "$work"
    mkdir -p "$to"
    # A running program is replaced, not overwritten.
    cp "$work/$name/secretctl" "$to/.secretctl.new"
    chmod 755 "$to/.secretctl.new"
    mv -f "$to/.secretctl.new" "$to/secretctl"
    printf 'installed %s\n' "$("$to/secretctl" --version)"
    case :$PATH: in
    *":$to:"*) ;;
    *) printf '%s is not on your PATH; add it:\n  export PATH="%s:$PATH"\n' "$to" "$to" ;;
    esac
}

main "$@"
