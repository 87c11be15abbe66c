Register-ArgumentCompleter -Native -CommandName secretctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    # The words as PowerShell reads them. The line is not evaluated. The words are passed in the environment, because PowerShell
    # changes arguments with quotes.
    $words = @(foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
        else { $element.Extent.Text }
    })
    if ($wordToComplete -eq '') { $words += '' }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        $env:SECRETCTL_COMPLETE = 'powershell'
        $env:SECRETCTL_COMPLETE_WORDS = $words -join "`n"
        & secretctl 2>$null | ForEach-Object {
            $insert, $list, $help = $_ -split "`t", 3
            [System.Management.Automation.CompletionResult]::new($insert, $list, 'ParameterValue', $help)
        }
    } finally {
        [Console]::OutputEncoding = $encoding
        Remove-Item Env:\SECRETCTL_COMPLETE, Env:\SECRETCTL_COMPLETE_WORDS -ErrorAction SilentlyContinue
    }
}
