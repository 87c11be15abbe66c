<#
.SYNOPSIS
Installs secretctl @VERSION@ for the current user.
.PARAMETER To
The folder of the program.
.PARAMETER From
Where the archives are, for a mirror.
#>
# The checksum is written below, so that a changed download is refused wherever it came from.
param(
    [string] $To = (Join-Path $env:LOCALAPPDATA 'Programs\secretctl'),
    [string] $From = '@DOWNLOAD@'
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

$checksums = @{
    # @CHECKSUMS@
}

if (-not [Environment]::Is64BitOperatingSystem) { throw 'secretctl has no build for 32-bit Windows' }
# Windows on ARM runs x86-64 programs too.
$name = 'secretctl-@VERSION@-x86_64-pc-windows-msvc'
$expected = $checksums["$name.zip"]
if (-not $expected) { throw 'release @VERSION@ has no build for Windows' }

$work = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid().ToString())
New-Item -ItemType Directory -Path $work | Out-Null
try {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    $archive = Join-Path $work 'archive.zip'
    Invoke-WebRequest -UseBasicParsing -Uri "$From/$name.zip" -OutFile $archive
    $found = (Get-FileHash -Algorithm SHA256 -Path $archive).Hash.ToLowerInvariant()
    if ($found -ne $expected) { throw "$From/$name.zip has the SHA-256 $found, not ${expected}: nothing was installed" }
    Expand-Archive -Path $archive -DestinationPath $work
    New-Item -ItemType Directory -Force -Path $To | Out-Null
    Copy-Item -Force -Path (Join-Path $work "$name\secretctl.exe") -Destination $To
    Write-Output "installed $(& (Join-Path $To 'secretctl.exe') --version)"
    if (($env:PATH -split ';') -notcontains $To) { Write-Output "$To is not on your PATH" }
} finally {
    Remove-Item -Recurse -Force -Path $work
}
