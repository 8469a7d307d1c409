/** The program as it is installed: the bundle, run as a process of its own, in the root of the repository. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bundlePlugin, PLUGIN, version } from '../../scripts/bundle.ts';
import { VIOLATION_CODES } from '../core/decision/codes.ts';
import { aGrantText, aPodText, violationsIn } from './testing.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
/** Of half a second, where nobody else wants the machine. */
const BUILD_MS = 120_000;

beforeAll(async () => {
  await bundlePlugin();
  folder = await mkdtemp(join(tmpdir(), 'taskgrant-plugin-'));
}, BUILD_MS);

afterAll(() => rm(folder, { recursive: true }));

interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface How {
  stdin?: string;
  program?: string;
  env?: NodeJS.ProcessEnv;
}

async function run(
  args: readonly string[],
  { stdin = '', program = PLUGIN.program, env = {} }: How = {},
): Promise<Said> {
  const child = spawn(process.execPath, [program, ...args], { cwd: root, env: { ...process.env, ...env } });
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

async function written(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

/** What is said of a grant without a class, by whoever has no cluster to look for the default one in. */
const NO_CLASS = 'note: there is no default TaskGrantClass in the files: its limits are not looked at\n';

const fine = aGrantText('g') + aPodText('p', 'g');
const greedy = aGrantText('g') + aPodText('p', 'g', 'hostNetwork: true');

describe('check ends with', () => {
  test.each([
    ['0 where all is allowed', fine, 0],
    ['1 where something is denied', greedy, 1],
    ['2 where something cannot be read', `a: [\n---\n${greedy}`, 2],
  ])('%s', async (_what, input, code) => {
    expect(await run(['check', '-f', '-', '-n', 'agents'], { stdin: input })).toMatchObject({ code });
  });

  test.each([
    ['no file', ['check'], '--filename'],
    ['a flag that is none', ['check', '-f', '-', '--fast'], '--fast'],
    ['an output that is none', ['check', '-f', '-', '-o', 'xml'], 'text, json, sarif, github'],
    ['a file that is not there', ['check', '-f', 'nowhere.yaml'], 'nowhere.yaml: no such file'],
    ['a command that is none', ['chek'], 'chek'],
    ['a duration that is none', ['init', '-f', '-', '--duration', 'soon'], '1h30m'],
    ['a duration in days', ['init', '-f', '-', '--duration', '1d'], 'a day is 24h'],
  ])('2 where there is %s, and says so without a stack', async (_what, args, words) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('2 where --server finds no kubeconfig', async () => {
    const env = { KUBECONFIG: '', HOME: folder, KUBERNETES_SERVICE_HOST: '' };
    const { code, stderr } = await run(['check', '-f', '-', '--server'], { stdin: fine, env });
    expect(code).toBe(2);
    expect(stderr).toContain('no kubeconfig: set KUBECONFIG');
  });

  test('2 where --server finds no cluster', async () => {
    const file = await written('kubeconfig', 'not: one\n');
    const { code, stderr } = await run(['check', '-f', '-', '--server'], {
      stdin: fine,
      env: { KUBECONFIG: file },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('leave --server out');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('what is read', () => {
  test('a broken document says file, line and column, and hides no other', async () => {
    const file = await written(
      'broken.yaml',
      `${aGrantText('g')}a: 'open\n---\n${aPodText('p', 'g', 'hostPID: true')}`,
    );
    const { code, stdout, stderr } = await run(['check', '-f', file, '-n', 'agents', '-o', 'json']);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^${NO_CLASS}${file}:\\d+:\\d+: .*; correct the YAML\\n$`));
    expect(violationsIn(stdout)).toEqual(['p: NodeAccess spec.hostPID']);
  });

  test('what kubectl get prints', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { 'taskgrant.dev/grant': 'g' } },
    };
    const list = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [pod, { ...pod, kind: 'ConfigMap' }],
    });
    const { stdout } = await run(['check', '-f', '-', '-o', 'json'], { stdin: list });
    expect(violationsIn(stdout)).toEqual(['p: GrantNotFound metadata.labels[taskgrant.dev/grant]']);
  });

  test('what helm template prints', async () => {
    const rendered = fine.replaceAll('apiVersion', '# Source: chart/templates/a.yaml\napiVersion');
    expect(await run(['check', '-f', '-', '-n', 'agents'], { stdin: `---\n${rendered}` })).toMatchObject({
      code: 0,
      stderr: NO_CLASS,
    });
  });
});

describe('the examples', () => {
  /** As admission refuses it on a cluster (e2e/grant), where it is another namespace. */
  const GREEDY = [
    'TokenAutomounted spec.automountServiceAccountToken',
    'SecretNotGranted spec.containers[0].env[0].valueFrom.secretKeyRef.name',
    'ImageNotGranted spec.containers[0].image',
    'SecretNotGranted spec.imagePullSecrets[0].name',
    'SecretNotGranted spec.initContainers[0].envFrom[0].secretRef.name',
    'ImageNotGranted spec.initContainers[0].image',
    'ServiceAccountNotGranted spec.serviceAccountName',
    'SecretNotGranted spec.volumes[0].secret.secretName',
    'TokenAudienceNotGranted spec.volumes[1].projected.sources[0].serviceAccountToken.audience',
    'TokenLivesTooLong spec.volumes[1].projected.sources[1].serviceAccountToken.expirationSeconds',
    'TokenLivesTooLong spec.volumes[1].projected.sources[2].serviceAccountToken.expirationSeconds',
    'TokenWouldBeExtended spec.volumes[1].projected.sources[2].serviceAccountToken.expirationSeconds',
    'SecretNotGranted spec.volumes[1].projected.sources[3].secret.name',
  ].map((line) => `greedy: ${line}`);

  test('are all allowed but the greedy one, which is denied with everything that is wrong with it', async () => {
    const { code, stdout, stderr } = await run(['check', '-f', 'examples/', '-o', 'json']);
    expect([code, stderr]).toEqual([1, NO_CLASS]);
    expect(violationsIn(stdout)).toEqual(expect.arrayContaining(GREEDY));
    expect(violationsIn(stdout).filter((line) => !line.startsWith('greedy: '))).toEqual([]);
  });

  test('are allowed one by one', async () => {
    const files = (await readdir(join(root, 'examples'))).filter(
      (name) => name.endsWith('.yaml') && name !== 'greedy.yaml',
    );
    expect(files.length).toBeGreaterThan(3);
    for (const file of files)
      expect(await run(['check', '-f', `examples/${file}`])).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(new RegExp(`^(?:${NO_CLASS})?$`)) as string,
      });
  });

  test('get a grant written that is enough for them', async () => {
    const { code, stdout } = await run(['init', '-f', 'examples/task.yaml', '--name', 'again']);
    expect(code).toBe(0);
    const pod = (await readFile(join(root, 'examples/task.yaml'), 'utf8')).replaceAll(
      'taskgrant.dev/grant: summarise-tickets',
      'taskgrant.dev/grant: again',
    );
    expect(await run(['check', '-f', '-'], { stdin: `${stdout}---\n${pod}` })).toMatchObject({ code: 0 });
  });
});

const message = z.strictObject({ text: z.string().min(1) });
const place = z.strictObject({
  artifactLocation: z.strictObject({ uri: z.string().regex(/^[^\s\\]+$/) }),
  region: z
    .strictObject({
      startLine: z.int().min(1),
      startColumn: z.int().min(1).optional(),
      endLine: z.int().min(1).optional(),
      endColumn: z.int().min(1).optional(),
    })
    .optional(),
});

/** What SARIF 2.1.0 requires of what is used of it, and no property besides. */
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string().min(1),
          semanticVersion: z.string().regex(/^\d+\.\d+\.\d+/),
          rules: z.array(
            z.strictObject({
              id: z.string().min(1),
              shortDescription: message,
              fullDescription: message,
              help: message,
              defaultConfiguration: z.strictObject({ level: z.enum(['none', 'note', 'warning', 'error']) }),
            }),
          ),
        }),
      }),
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
      invocations: z.array(
        z.strictObject({
          executionSuccessful: z.boolean(),
          toolExecutionNotifications: z.array(
            z.strictObject({
              level: z.literal('error'),
              message,
              locations: z.array(z.strictObject({ physicalLocation: place })),
            }),
          ),
        }),
      ),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.literal('error'),
          message,
          locations: z.array(
            z.strictObject({
              physicalLocation: place,
              logicalLocations: z.array(
                z.strictObject({ fullyQualifiedName: z.string(), kind: z.literal('member') }),
              ),
            }),
          ),
        }),
      ),
    }),
  ]),
});

describe('what README.md says of it', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const commands = [...readme.matchAll(/^npx kubectl-taskgrant (.*?) +# exits with (\d)/gm)].map(
    ([, args = '', code]) => ({ args, code: Number(code) }),
  );

  test('are some commands', () => {
    expect(commands.length).toBeGreaterThan(2);
  });

  test.each(commands)('$args', async ({ args, code }) => {
    expect(await run(args.split(' '))).toMatchObject({ code });
  });
});

describe('lint', () => {
  test('a misspelt field of a Role or a rule is told, and nothing rated that nobody could read', async () => {
    const role = (rest: string) =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: r }\n${rest}\n`;
    const said = async (rest: string) => {
      const { code, stderr } = await run(['lint', '-f', '-', '-n', 'agents'], { stdin: role(rest) });
      return [code, stderr];
    };
    expect(await said('rule: []')).toEqual([2, 'stdin:4:1: rule: no such field: did you mean rules?\n']);
    expect(await said("rules: [{ apiGroups: [''], resource: [pods], verbs: [get] }]")).toEqual([
      2,
      'stdin:4:28: rules[0].resource: no such field: did you mean resources?\n',
    ]);
  });

  const role = (kind: string, rules: string, more = '') =>
    `---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata: { name: r${more} }\nrules: ${rules}\n`;
  const secrets = "[{ apiGroups: [''], resources: [secrets], resourceNames: [a], verbs: [get] }]";
  const services = "[{ apiGroups: [''], resources: [services], verbs: [get] }]";
  interface Entry {
    level: string;
    findings: { code: string }[];
    mistakes: { path: string }[];
  }
  const rated = async (stdin: string, ...args: string[]) => {
    const said = await run(['lint', '-f', '-', '-n', 'agents', '-o', 'json', ...args], { stdin });
    return { ...said, entries: JSON.parse(said.stdout) as Entry[] };
  };

  test('rates what a Role gives in its namespace, and a ClusterRole in all', async () => {
    const { entries, code } = await rated(role('Role', secrets) + role('ClusterRole', secrets));
    expect(entries).toMatchObject([
      { file: 'stdin', kind: 'Role', namespace: 'agents', name: 'r', level: 'High' },
      { kind: 'ClusterRole', namespace: '', level: 'Critical' },
    ]);
    expect(entries[0]?.findings).toEqual([
      {
        code: 'SecretsReached',
        level: 'High',
        rights: ['get secrets in namespace agents, by name'],
        message: expect.any(String) as string,
        because: expect.any(String) as string,
        reference: expect.stringMatching(/^https:/) as string,
      },
    ]);
    expect(code).toBe(0);
  });

  test('rates a TaskGrant by its envelope', async () => {
    const { entries } = await rated(
      aGrantText('g', "{ kubernetes: [{ apiGroups: [''], resources: [pods/exec], verbs: [create] }] }"),
    );
    expect(entries).toMatchObject([
      { kind: 'TaskGrant', level: 'High', findings: [{ code: 'PodsEntered' }] },
    ]);
  });

  test('rates a ClusterRole that is made of others by those', async () => {
    const part = role('ClusterRole', secrets, ', labels: { part: yes-it-is }');
    const whole = `${role('ClusterRole', '[]')}aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: yes-it-is } }] }\n`;
    const { entries } = await rated(part + whole);
    expect(entries.map(({ level }) => level)).toEqual(['Critical', 'Critical']);
  });

  test.each([
    ['--fail-on High', 1],
    ['--fail-on Critical', 0],
    ['--fail-on Low', 1],
  ])('ends as it is told by %s', async (flags, code) => {
    expect(await rated(role('Role', secrets) + role('Role', services), ...flags.split(' '))).toMatchObject({
      code,
    });
  });

  test('ends with 2 where a Role is none, and rates the others', async () => {
    const { code, entries, stderr } = await rated(
      role('Role', "[{ verbs: 'get' }]") + role('Role', services),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('stdin:5:');
    expect(stderr).toContain('rules[0].verbs');
    expect(entries.map(({ level }) => level)).toEqual(['Low']);
  });

  test('says to people what and why, and how many there are of each level', async () => {
    const { stdout } = await run(['lint', '-f', '-'], {
      stdin: role('Role', secrets) + role('Role', services),
    });
    expect(stdout).toMatch(/^stdin:2 {2}Role\/default\/r {2}High\n {2}SecretsReached \(High\): /);
    expect(stdout).toContain('    by get secrets in namespace default, by name\n');
    expect(stdout).toMatch(/\n\n1 High, 1 Low\.\n$/);
  });

  const mistaken =
    "[{ apiGroups: [''], resources: [nodes, services], verbs: [get] }, { apiGroups: [''], resources: [pods], verbs: [GET] }]";

  test.each([
    ['Role', role('Role', mistaken), 'rules', ['[0].resources[0]', '[1].verbs[0]']],
    [
      'ClusterRole, which has what is in no namespace',
      role('ClusterRole', mistaken),
      'rules',
      ['[1].verbs[0]'],
    ],
    [
      'TaskGrant',
      aGrantText('g', `{ kubernetes: ${mistaken} }`),
      'spec.envelope.kubernetes',
      ['[0].resources[0]', '[1].verbs[0]'],
    ],
  ])('finds the words that give nothing in a %s', async (_, text, rules, paths) => {
    const { entries } = await rated(text);
    expect(entries.flatMap(({ mistakes }) => mistakes.map(({ path }) => path))).toEqual(
      paths.map((path) => rules + path),
    );
  });

  test('says to people where such a word stands, and what to write', async () => {
    const { stdout } = await run(['lint', '-f', '-'], { stdin: role('Role', mistaken) });
    expect(stdout).toContain(
      '  stdin:5  rules[1].verbs[0]: "GET": it is compared letter by letter, and is in lower case, without blanks; write "get"\n',
    );
  });

  const unknown = "[{ apiGroups: ['', apps], resources: [configmap, services, widgets], verbs: [get] }]";

  test.each([
    ['Role', role('Role', unknown), 'rules'],
    ['ClusterRole', role('ClusterRole', unknown), 'rules'],
    ['TaskGrant', aGrantText('g', `{ kubernetes: ${unknown} }`), 'spec.envelope.kubernetes'],
  ])('finds the resources that Kubernetes does not have in a %s, which stays Low', async (_, text, rules) => {
    const { entries } = await rated(text);
    expect(entries).toMatchObject([
      {
        level: 'Low',
        mistakes: [
          { path: `${rules}[0].resources[0]`, asked: 'configmap', fix: 'write "configmaps"' },
          { path: `${rules}[0].resources[2]`, asked: 'widgets' },
        ],
      },
    ]);
  });

  test('says so where there is nothing to rate', async () => {
    const { stdout, code } = await run(['lint', '-f', '-'], { stdin: 'apiVersion: v1\nkind: ConfigMap\n' });
    expect([stdout, code]).toEqual(['Nothing to rate: no Roles, ClusterRoles or TaskGrants.\n', 0]);
  });
});

describe('output', () => {
  test('sarif is what the standard requires, with a rule for each code and a place for each result', async () => {
    const file = await written('broken-too.yaml', 'a: [\n');
    const { stdout } = await run(['check', '-f', 'examples/', '-f', file, '-o', 'sarif']);
    const [{ tool, results, invocations }] = sarif.parse(JSON.parse(stdout)).runs;
    const { rules } = tool.driver;
    expect(rules.map(({ id }) => id)).toEqual(Object.keys(VIOLATION_CODES));
    expect(results.length).toBeGreaterThan(12);
    expect(results.map(({ ruleIndex }) => rules[ruleIndex]?.id)).toEqual(results.map(({ ruleId }) => ruleId));
    expect(invocations).toMatchObject([{ executionSuccessful: false }]);
    const lines = (await readFile(join(root, 'examples/greedy.yaml'), 'utf8')).split('\n');
    const image = results.find(({ ruleId }) => ruleId === 'ImageNotGranted')?.locations[0]?.physicalLocation;
    expect(image?.artifactLocation.uri).toBe('examples/greedy.yaml');
    expect(lines[(image?.region?.startLine ?? 0) - 1]).toContain('image: localhost/taskgrant-task:latest');
  });

  test('github is one command a line', async () => {
    const { stdout } = await run(['check', '-f', 'examples/', '-o', 'github']);
    expect(stdout.trimEnd().split('\n')).toSatisfy((lines: string[]) =>
      lines.every((line) =>
        /^::error file=examples\/greedy\.yaml,line=\d+,endLine=\d+,col=\d+,title=\w+::/.test(line),
      ),
    );
  });

  test('text is for people, and without colours where it is no terminal', async () => {
    const { stdout } = await run(['check', '-f', 'examples/']);
    expect(stdout).toMatch(
      /^examples\/greedy\.yaml:3 {2}Pod\/agents\/greedy {2}denied\n {2}examples\/greedy\.yaml:16 {2}/m,
    );
    expect(stdout).toContain('5 allowed, 1 denied');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('beside the commands', () => {
  test('its version is the product’s', async () => {
    expect((await run(['--version'])).stdout).toBe(`${await version()}\n`);
  });

  test.each([['--help'], ['check', '--help'], ['init', '--help']])('%s %s', async (...args) => {
    const { code, stdout } = await run(args.filter((arg) => typeof arg === 'string'));
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: kubectl-taskgrant');
  });

  test('help of a command is what the command says with --help', async () => {
    const [help, flag] = await Promise.all([run(['help', 'lint']), run(['lint', '--help'])]);
    expect(help).toEqual(flag);
    expect(await run(['help', 'lnt'])).toMatchObject({ code: 2 });
  });

  test('kubectl’s question for completions is answered', async () => {
    const { stdout } = await run(['check', '-o', 's'], { program: PLUGIN.completion });
    expect(stdout).toBe('sarif\n:4\n');
  });

  test.each(['bash', 'zsh', 'fish'])('there is a script for %s', async (shell) => {
    expect((await run(['completion', shell])).stdout).toContain('kubectl_complete-taskgrant');
  });

  test('package.json names what the build writes', async () => {
    const { bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { bin: object };
    expect(bin).toEqual({
      'kubectl-taskgrant': PLUGIN.program,
      'kubectl_complete-taskgrant': PLUGIN.completion,
    });
  });

  test('nothing that speaks to a cluster is loaded without --server', async () => {
    const bundle = await readFile(join(root, PLUGIN.program), 'utf8');
    const chunks = [...bundle.matchAll(/^import .*?"\.\/(.*?)"|^\} from "\.\/(.*?)"/gm)].map(
      ([, a, b]) => a ?? b ?? '',
    );
    const loaded = await Promise.all(
      chunks.map((name) => readFile(join(root, PLUGIN.program, '..', name), 'utf8')),
    );
    expect([bundle, ...loaded].join('\n')).not.toContain('loadFromDefault(');
  });
});
