/** The commands and their flags. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { LEVELS } from '../api/group.ts';
import { milliseconds } from '../core/duration.ts';
import { RISK_LEVELS } from '../core/rules/risk-level.ts';
import type { Approval } from '../api/taskgrant.ts';
import { APPROVE_FORMATS, type ApproveFlags } from './approve.ts';
import type { CheckFlags } from './check.ts';
import type { InitFlags } from './init.ts';
import { LINT_FORMATS, type LintFlags } from './lint.ts';
import { RENDERERS } from './output/renderers.ts';
import { SHELLS, type Shell } from './completion-script.ts';

/** What is done at each command. */
export interface Actions {
  check(flags: CheckFlags): Promise<void>;
  init(flags: InitFlags): Promise<void>;
  lint(flags: LintFlags): Promise<void>;
  decide(name: string, decision: Approval['decision'], flags: ApproveFlags): Promise<void>;
  completion(shell: Shell): void;
}

/** For those who only look at what the commands are. */
export const NO_ACTIONS: Actions = {
  check: () => Promise.resolve(),
  init: () => Promise.resolve(),
  lint: () => Promise.resolve(),
  decide: () => Promise.resolve(),
  completion: () => undefined,
};

/** What the API server of a cluster by kubeadm or kind calls itself (kubeadm, controlplane, --service-account-issuer). */
const USUAL_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

export function createProgram(version: string, actions: Actions): Command {
  const program = new Command('kubectl-taskgrant')
    .usage('[command] [flags]')
    .description(
      'Judges pods against TaskGrants before they are applied, writes the first TaskGrant of a workload, rates how far rights lead, and approves what waits for it.',
    )
    .version(version, '--version', 'print the version')
    .showHelpAfterError('(--help says what there is)');

  withInputOptions(program.command('check'))
    .description(
      'judges pods, workloads and TaskGrants in files as admission would, against the TaskGrants and classes in the same files',
    )
    .addOption(
      new Option(
        '-o, --output <format>',
        'text, for people; json; sarif, for code scanning; github, for workflows',
      )
        .choices(Object.keys(RENDERERS))
        .default('text'),
    )
    .addOption(
      new Option(
        '--level <level>',
        'taskgrant.dev/enforce of namespaces of which neither files nor cluster say it',
      )
        .choices(LEVELS)
        .default('granted'),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 all is allowed, 1 something is denied, 2 something could not be read.

Examples:
  kubectl taskgrant check -f task.yaml
  kubectl taskgrant check -f manifests/ -R -n agents
  helm template chart/ | kubectl taskgrant check -f - -f grants.yaml -o github
  kubectl taskgrant check -f job.yaml --server`,
    )
    .action((flags: CheckFlags) => actions.check(flags));

  withInputOptions(program.command('init'))
    .description('prints the smallest TaskGrant under which the workload in a file would be admitted')
    .option(
      '--name <name>',
      'of the TaskGrant; default: what the pods’ label says, or the workload’s own name',
    )
    .option('--duration <duration>', 'how long the task may take, as in 1h30m', duration, '30m')
    .addOption(new Option('-o, --output <format>', 'of what is printed').choices(['yaml']).default('yaml'))
    .addHelpText(
      'after',
      `
What no TaskGrant can hold is said on stderr, each with its path and what to do.

Exit codes: 0 all can be granted, 1 something cannot, 2 no TaskGrant could be written.

Examples:
  kubectl taskgrant init -f job.yaml > grant.yaml
  helm template chart/ --show-only templates/job.yaml | kubectl taskgrant init -f - --duration 2h`,
    )
    .action((flags: InitFlags) => actions.init(flags));

  withFileOptions(program.command('lint'))
    .description(
      'rates Roles, ClusterRoles and TaskGrants in files by how far their rights lead beyond what they say, and finds words in them that give nothing',
    )
    .addOption(
      new Option('-o, --output <format>', 'text, for people, or json').choices(LINT_FORMATS).default('text'),
    )
    .addOption(
      new Option('--fail-on <level>', 'exit with 1 where something is rated so, or worse').choices(
        RISK_LEVELS,
      ),
    )
    .addHelpText(
      'after',
      `
Levels: None, what everybody has; Low; Medium, harm to others; High, rights beyond these; Critical, such rights in the whole cluster, on
nodes, or as anybody. A ClusterRole is rated as bound in the whole cluster, and one that is made of others by those in the files.

Exit codes: 0 all is below --fail-on, 1 something is not, 2 something could not be read.

Examples:
  kubectl taskgrant lint -f role.yaml
  kubectl get clusterroles -o yaml | kubectl taskgrant lint -f - --fail-on High
  helm template chart/ | kubectl taskgrant lint -f - -o json`,
    )
    .action((flags: LintFlags) => actions.lint(flags));

  withDecisionOptions(program.command('approve'))
    .description('approves a TaskGrant that waits for it, as the user of the kubeconfig')
    .addHelpText(
      'after',
      `
Whoever approves needs the verb approve on the TaskGrantClass, in each namespace that the grant reaches, and patch on
TaskGrants; and is neither who asked for the grant nor a task.

Exit codes: 0 it is approved, 1 the cluster refuses, 2 the cluster could not be asked, or has no such TaskGrant.

Examples:
  kubectl get taskgrants -A --field-selector status.phase=AwaitingApproval
  kubectl -n agents describe taskgrant migrate-4711     # says the whole command
  kubectl taskgrant approve migrate-4711 -n agents --uid 6f1e… --reason 'looked at with the database team'`,
    )
    .action((name: string, flags: ApproveFlags) => actions.decide(name, 'Approved', flags));

  withDecisionOptions(program.command('deny'))
    .description('denies a TaskGrant that waits for approval, for good')
    .addHelpText(
      'after',
      `
What approve needs, deny needs as well. A TaskGrant that is active already is ended by spec.revoke.

Exit codes: 0 it is denied, 1 the cluster refuses, 2 the cluster could not be asked, or has no such TaskGrant.

Examples:
  kubectl taskgrant deny migrate-4711 -n agents --reason 'ask for the one Secret by its name'`,
    )
    .action((name: string, flags: ApproveFlags) => actions.decide(name, 'Denied', flags));

  program
    .command('completion')
    .description('prints a script that completes kubectl-taskgrant in a shell; kubectl does so by itself')
    .addArgument(program.createArgument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => {
      actions.completion(shell);
    });

  return program;
}

function withFileOptions(command: Command): Command {
  return command
    .usage('-f <file...> [options]')
    .requiredOption('-f, --filename <file...>', 'files, folders, or - for stdin')
    .option('-R, --recursive', 'look into folders within folders, too', false)
    .option('-n, --namespace <name>', 'of objects that name none; default: default', namespaceName)
    .allowExcessArguments(false);
}

function withDecisionOptions(command: Command): Command {
  const ofItsOwn = command
    .usage('--reason <text> [options] <name>')
    .argument('<name>', 'of the TaskGrant')
    .requiredOption('--reason <text>', 'why; recorded with the decision', something)
    .option(
      '-n, --namespace <name>',
      'of the TaskGrant; default: what the kubeconfig’s context names',
      namespaceName,
    )
    .option(
      '--uid <uid>',
      'of the TaskGrant that was looked at: nothing is decided where another has been created under its name since',
      something,
    )
    .addOption(
      new Option('-o, --output <format>', 'text, for people, or json')
        .choices(APPROVE_FORMATS)
        .default('text'),
    )
    .allowExcessArguments(false);
  return withClusterOptions(ofItsOwn);
}

/** kubectl's flags of these names; where files are read, whoever says which cluster wants it asked. */
function withClusterOptions(command: Command, implied: object = {}): Command {
  const options = [
    new Option('--kubeconfig <file>', 'in place of $KUBECONFIG or ~/.kube/config').argParser(something),
    new Option('--context <name>', 'of the kubeconfig; default: its current one').argParser(something),
    new Option('--as <user>', 'ask as somebody else, which takes the right to impersonate them').argParser(
      something,
    ),
    // Given again for each, as kubectl has it: a list would swallow the name that comes behind it.
    new Option('--as-group <group>', 'in which group they are; may be given several times').argParser(
      (group: string, before: string[] | undefined) => [...(before ?? []), something(group)],
    ),
  ];
  for (const option of options) command.addOption(option.implies(implied));
  return command;
}

function withInputOptions(command: Command): Command {
  const withFiles = withFileOptions(command).option(
    '--server',
    'take what the files do not have from the cluster; so does each of the next four',
    false,
  );
  return withClusterOptions(withFiles, { server: true })
    .option('--api-audience <audience...>', 'what the API server calls itself', [USUAL_AUDIENCE])
    .option(
      '--external-identity <place:key...>',
      'what else other identity systems go by, as the webhook is told: annotation:KEY, label:KEY or account:KEY',
      [],
    );
}

/** Nobody is no other: an unset variable in a script must not have its author decide as themselves. */
function something(text: string): string {
  if (text === '') throw new InvalidArgumentError('it is empty: leave the flag out, or say which');
  return text;
}

/** Namespaces are DNS labels (RFC 1123; apimachinery, api/validation, NameIsDNSLabel). */
const NAMESPACE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function namespaceName(text: string): string {
  if (NAMESPACE_NAME.test(something(text))) return text;
  throw new InvalidArgumentError(
    'not the name of a namespace: at most 63 lower case letters, digits and -, with a letter or digit at both ends',
  );
}

function duration(text: string): string {
  try {
    if (milliseconds(text) > 0) return text;
  } catch {
    // Said below, as of no time at all.
  }
  throw new InvalidArgumentError('not a duration such as 90s or 1h30m; a day is 24h');
}
