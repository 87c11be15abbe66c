#compdef secretctl
_secretctl() {
    local line
    local -a ends goes_on
    # zsh quotes what it inserts, for the cursor position.
    while IFS= read -r line; do
        if [[ $line == +* ]]; then
            goes_on+=("${line#?}")
        elif [[ -n $line ]]; then
            ends+=("${line#?}")
        fi
    done <<<"$(SECRETCTL_COMPLETE=zsh command secretctl -- "${(@)words[1,CURRENT-1]}" "$QIPREFIX$PREFIX" 2>/dev/null)"
    (( $#goes_on )) && _describe -V 'values' goes_on -S ''
    (( $#ends )) && _describe -V 'values' ends
}
if [[ ${funcstack[1]} == _secretctl ]]; then
    _secretctl "$@"
else
    compdef _secretctl secretctl
fi
