function __secretctl_complete
    set -lx SECRETCTL_COMPLETE fish
    # fish quotes what it inserts.
    command secretctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token --cut-at-cursor) 2>/dev/null
end
complete --keep-order --exclusive --command secretctl --arguments '(__secretctl_complete)'
