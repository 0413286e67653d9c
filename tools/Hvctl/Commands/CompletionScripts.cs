using System;
using System.Collections.Generic;

namespace SharpVisor.Hvctl.Commands;

/// <summary>What shells read to complete hvctl's words. Each asks hvctl itself, called as it is called.</summary>
internal static class CompletionScripts
{
    private const string Bash = """
        # hvctl's completion for bash:  source <(build/hvctl completion bash)
        _hvctl() {
            local IFS=$'\n'
            local line=${COMP_LINE:0:COMP_POINT}
            COMPREPLY=($("${COMP_WORDS[0]}" complete-line "${#line}" "$line" 2>/dev/null | cut -f1))
            if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
                compopt -o nospace
            fi
        }
        complete -F _hvctl hvctl

        """;

    private const string Zsh = """
        #compdef hvctl
        # hvctl's completion for zsh:  source <(build/hvctl completion zsh)
        _hvctl() {
            local -a candidates
            local line entry
            line="$BUFFER[1,$CURSOR]"
            for entry in "${(@f)$(${~words[1]} complete-line ${#line} "$line" 2>/dev/null)}"; do
                [[ -n $entry ]] && candidates+=("${${entry%%$'\t'*}//:/\\:}:${entry#*$'\t'}")
            done
            (( ${#candidates} )) && _describe 'hvctl' candidates
        }
        (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
        compdef _hvctl hvctl

        """;

    private const string Fish = """
        # hvctl's completion for fish:  build/hvctl completion fish | source
        function __hvctl_complete
            set -l line (commandline -cp)
            set -l words (commandline -cpo)
            $words[1] complete-line (string length -- "$line") "$line" 2>/dev/null
        end
        complete -c hvctl -f -a '(__hvctl_complete)'

        """;

    private const string PowerShell = """
        # hvctl's completion for PowerShell:  build/hvctl completion powershell | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName hvctl, hvctl.cmd -ScriptBlock {
            param($word, $ast, $cursor)
            $name = $ast.CommandElements[0]
            $rest = $ast.Extent.Text.Substring($name.Extent.EndOffset - $ast.Extent.StartOffset)
            $length = $cursor - $name.Extent.EndOffset
            $line = 'hvctl' + $rest.PadRight($length).Substring(0, $length)
            & $name.Value complete-line $line.Length $line 2>$null | ForEach-Object {
                $label, $detail = $_ -split "`t", 2
                $tip = if ($detail) { $detail } else { $label }
                [System.Management.Automation.CompletionResult]::new($label, $label, 'ParameterValue', $tip)
            }
        }

        """;

    /// <summary>The shells that there is a script for.</summary>
    internal static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish", "powershell"];

    /// <summary>A shell's script.</summary>
    internal static string For(string shell)
    {
        string script = shell switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => PowerShell,
        };
        return script.Replace("\r", "", StringComparison.Ordinal);
    }
}
