/** docs/reference/kubectl-taskgrant.md: what each command of the plugin says of itself. */
import type { Command } from 'commander';
import { createProgram, NO_ACTIONS } from '../src/cli/program.ts';
import { version } from './bundle.ts';

/** As wide as a terminal that nobody has made wider. */
const WIDTH = 80;

const NOTICE = '<!-- Generated from src/cli/program.ts by `npm run generate`; do not edit. -->\n';

export async function pluginReference(): Promise<string> {
  const program = createProgram(await version(), NO_ACTIONS);
  const commands = program.commands.filter((command) => command.name() !== 'completion');
  const sections = [program, ...commands].map(
    (command) => `## ${titleOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`,
  );
  return `${NOTICE}# kubectl taskgrant

A plugin of kubectl: with \`kubectl-taskgrant\` on the PATH, \`kubectl taskgrant\` runs it, and with \`kubectl_complete-taskgrant\` beside it
kubectl completes its commands and flags. Without kubectl, \`kubectl-taskgrant completion bash\` (or zsh, or fish) prints a script that does.
It runs on Node.js 20; with \`--server\`, and to approve or deny, on 22.19.

What \`check\` says of a pod is what the webhook will say, by the same code ([codes](../reasons.md)). What hangs on the moment it cannot say:
whether the grant is active by then, and has pods left; who creates the grant, and what they and the class's grantor hold; what another webhook
makes of the pod. What the files do not have, and counts as harmless, it notes on stderr: a class, named or the default one, whose limits are
not looked at then; a namespace, whose level is assumed; a CSIDriver; volumes that a claim may be bound to. So it does of a condition that hangs
on the time, of a grant that will wait for approval, of a Job that may make more pods than its grant allows or complete after it,
of a CronJob whose Jobs are all under one grant, and of a class whose grants have rules, since it does not read what the grantor holds.

In a namespace whose labels are known, in the files or by \`--server\`, its levels are what counts: what \`taskgrant.dev/enforce\` refuses is denied,
what \`warn\` and \`audit\` only report is a warning, and does not change the exit code. \`-o json\` has them in \`warnings\`.

What \`lint\` rates is what the rights of one object let their holder do, with the wildcards and spellings of RBAC, by the facts that it names
([risks](risks.md)): an offline reading. What else is bound to the same account, and to everybody, it does not know; \`status.risk\` of an active
TaskGrant does. Beside the level stand the words of rules that give nothing, as \`mistakes\` in \`-o json\`: misspelled ones, resources that
Kubernetes does not have in a group of its own, and in a namespace kinds that are in none.

YAML is read as kubectl reads it, but for a field that is there twice, which is an error here.

${sections.join('\n')}`;
}

function titleOf(command: Command): string {
  return command.parent ? `kubectl taskgrant ${command.name()}` : 'kubectl taskgrant';
}

/** With what stands before and behind the flags, which helpInformation() leaves out. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}
