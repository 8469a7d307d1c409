/** What can stand at the end of a command line that is being typed. */
import type { Command, Option } from 'commander';
import { EXTENSIONS } from './sources.ts';

/** What the shell does with the candidates besides showing them (spf13/cobra, ShellCompDirective), as kubectl passes it on. */
const NO_FILES = 4;
const FILES_THAT_END_IN = 8;
const ANY_FILES = 0;

/**
 * The answer to kubectl, which runs `kubectl_complete-taskgrant` for its plugin (kubectl, pkg/cmd/plugin, plugin_completion.go): a
 * candidate a line, with what it is for behind a tab, and the directive as the last one.
 *
 * @param words what was typed after `taskgrant`; the last is the one to be completed, and may be empty
 */
export function completionsFor(program: Command, words: readonly string[]): string {
  const { candidates, directive } = complete(program, words);
  return [...candidates, `:${directive}`].map((line) => `${line}\n`).join('');
}

interface Completion {
  candidates: readonly string[];
  directive: number;
}

function complete(program: Command, words: readonly string[]): Completion {
  const typed = words.slice(0, -1);
  const word = words.at(-1) ?? '';
  const command = program.commands.find((one) => typed.includes(one.name()));
  const [equals, before] = [word.indexOf('='), typed.at(-1)];
  if (command && word.startsWith('--') && equals > 0) {
    const flag = word.slice(0, equals);
    const { candidates, directive } = valuesOf(optionOf(command, flag));
    return {
      candidates: matching(
        candidates.map((value) => `${flag}=${value}`),
        word,
      ),
      directive,
    };
  }
  const option = command && before !== undefined ? optionOf(command, before) : undefined;
  if (option?.required === true) {
    const values = valuesOf(option);
    if (values.directive === FILES_THAT_END_IN) return values;
    return { ...values, candidates: matching(values.candidates, word) };
  }
  const candidates = word.startsWith('-')
    ? flagsOf(command ?? program)
    : command
      ? argumentsOf(command)
      : commandsOf(program);
  return { candidates: matching(candidates, word), directive: NO_FILES };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ short, long }) => short === flag || long === flag);
}

/** What a flag's value can be: for files, what their names end in. */
function valuesOf(option: Option | undefined): Completion {
  if (option?.long === '--filename') {
    return { candidates: EXTENSIONS.map((extension) => extension.slice(1)), directive: FILES_THAT_END_IN };
  }
  if (option?.long === '--kubeconfig') return { candidates: [], directive: ANY_FILES };
  return { candidates: option?.argChoices ?? [], directive: NO_FILES };
}

function flagsOf({ options }: Command): string[] {
  const described = options.flatMap(({ long, description }) => (long ? [`${long}\t${description}`] : []));
  return [...described, '--help\tsays what there is'];
}

function commandsOf({ commands }: Command): string[] {
  return commands
    .filter((command) => command.name() !== 'completion')
    .map((command) => `${command.name()}\t${command.description()}`);
}

function argumentsOf({ registeredArguments }: Command): readonly string[] {
  return registeredArguments[0]?.argChoices ?? [];
}

function matching(candidates: readonly string[], beginning: string): string[] {
  return candidates.filter((candidate) => candidate.startsWith(beginning));
}
