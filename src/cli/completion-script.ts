/** Scripts by which shells complete `kubectl-taskgrant`. `kubectl taskgrant` is completed by kubectl, which asks the same program. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Each leaves out the last line of what the program says, which is for kubectl, and completes files where nothing else is said. */
const SCRIPTS: Record<Shell, string> = {
  bash: `_kubectl_taskgrant() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($(compgen -W "$(kubectl_complete-taskgrant "\${words[@]}" 2>/dev/null | sed -e '/^:/d' -e 's/\\t.*//')" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kubectl_taskgrant kubectl-taskgrant
`,
  zsh: `#compdef kubectl-taskgrant
_kubectl_taskgrant() {
  local -a candidates
  candidates=("\${(@f)$(kubectl_complete-taskgrant "\${(@)words[2,CURRENT]}" 2>/dev/null | sed -e '/^:/d' -e 's/:/\\\\:/g' -e 's/\\t/:/')}")
  if [[ -n "\${candidates[1]}" ]]; then _describe candidates candidates; else _files; fi
}
compdef _kubectl_taskgrant kubectl-taskgrant
`,
  fish: `function __kubectl_taskgrant
  set -l words (commandline -opc) (commandline -ct)
  kubectl_complete-taskgrant $words[2..] 2>/dev/null | string match -v -r '^:'
end
complete -c kubectl-taskgrant -a '(__kubectl_taskgrant)'
`,
};

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
