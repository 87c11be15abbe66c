_secretctl() {
    local candidate
    COMPREPLY=()
    # Every line is a candidate, quoted for the cursor position. It is not split or globbed.
    while IFS= read -r candidate; do
        [[ -n $candidate ]] && COMPREPLY+=("$candidate")
    done <<<"$(SECRETCTL_COMPLETE=bash command secretctl -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)"
}
if [[ ${BASH_VERSINFO[0]} -gt 4 || (${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 4) ]]; then
    complete -o nospace -o bashdefault -o nosort -F _secretctl secretctl
else
    complete -o nospace -o bashdefault -F _secretctl secretctl
fi
