# A front for tools/Build, which says how everything is done; Makefile is the other front. Only language, native
# commands and .NET, so that any host of PowerShell runs it:  ./build.ps1 run GUEST=Image CMDLINE="console=ttyAMA0"

$root = [System.IO.Path]::GetDirectoryName($MyInvocation.MyCommand.Path)
$tool = [System.IO.Path]::Combine($root, 'build', 'dotnet', 'bin', 'Build', 'release', 'SharpVisor.Build.dll')
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'

$suffix = ''
if ([System.IO.Path]::PathSeparator -eq ';') { $suffix = '.exe' }
$hasDotnet = $false
foreach ($folder in $env:PATH.Split([System.IO.Path]::PathSeparator)) {
    if ($folder -and [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'dotnet' + $suffix))) { $hasDotnet = $true }
}
if (-not $hasDotnet) {
    [Console]::Error.WriteLine('The .NET SDK 10 is needed: https://dotnet.microsoft.com/download')
    exit 1
}

# Compile the tool when it is older than what it is made of.
$sources = [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'tools', 'Build'), '*.cs*', 'AllDirectories') +
    [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'tools', 'Bundles'), '*.cs*', 'AllDirectories') +
    [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'tools', 'Control'), '*.cs*', 'AllDirectories') +
    [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'kernel', 'Console', 'Control'), '*.cs') +
    [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'kernel', 'Console', 'Protocol'), '*.cs') +
    [System.IO.Directory]::GetFiles([System.IO.Path]::Combine($root, 'kernel', 'Formats'), '*.cs') +
    @([System.IO.Path]::Combine($root, 'Directory.Build.props'))
$made = [System.IO.File]::GetLastWriteTimeUtc($tool)
$isStale = $false
foreach ($source in $sources) {
    if ([System.IO.File]::GetLastWriteTimeUtc($source) -gt $made) { $isStale = $true }
}
if ($isStale) {
    [Console]::WriteLine('  compile    tools/Build')
    dotnet msbuild ([System.IO.Path]::Combine($root, 'tools', 'Build', 'Build.csproj')) -restore -nologo -v:q -tl:off -nodeReuse:false
    if ($LASTEXITCODE -ne 0) { exit 1 }
    [System.IO.File]::SetLastWriteTimeUtc($tool, [DateTime]::UtcNow)
}

dotnet $tool @args
exit $LASTEXITCODE
