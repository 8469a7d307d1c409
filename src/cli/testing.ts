/** The commands on texts instead of files, in the shortest form for tests. */
import { Readable } from 'node:stream';
import { check, type CheckFlags, type Outcome } from './check.ts';
import { init, type InitFlags } from './init.ts';

/** 2026-11-23T09:00:30Z */
const NOW = Date.UTC(2026, 10, 23, 9, 0, 30);

const FLAGS = {
  filename: ['-'],
  recursive: false,
  namespace: 'agents',
  server: false,
  apiAudience: ['https://kubernetes.default.svc'],
  externalIdentity: [],
};

const terminal = (text: string) => ({
  stdin: Readable.from([text]),
  version: '0.0.0',
  now: NOW,
  colours: false,
});

/** `kubectl taskgrant check -f - -n agents -o json` */
export function checkText(text: string, flags: Partial<CheckFlags> = {}): Promise<Outcome> {
  return check({ ...FLAGS, output: 'json', level: 'granted', ...flags }, terminal(text));
}

/** `kubectl taskgrant init -f - -n agents` */
export function initText(text: string, flags: Partial<InitFlags> = {}): Promise<Outcome> {
  return init({ ...FLAGS, duration: '30m', ...flags }, terminal(text));
}

interface Entry {
  name: string;
  violations: { code: string; path: string }[];
}

/** `name: CODE path`, of what `-o json` says. */
export function violationsIn(stdout: string): string[] {
  return (JSON.parse(stdout) as Entry[]).flatMap(({ name, violations }) =>
    violations.map(({ code, path }) => `${name}: ${code} ${path}`),
  );
}

/** A TaskGrant for image `agent:v1`, with more of its envelope where given. */
export function aGrantText(name: string, envelope = '{ tokens: [{ name: api }] }'): string {
  return `apiVersion: taskgrant.dev/v1alpha1
kind: TaskGrant
metadata: { name: ${name} }
spec:
  task: { intent: Summarise }
  workload: { images: ['agent:v1'] }
  envelope: ${envelope}
  duration: 15m
---
`;
}

/** A pod under a grant, with more of its spec where given. */
export function aPodText(name: string, grant: string, spec = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { taskgrant.dev/grant: ${grant} } }
spec:
  containers: [{ name: main, image: 'agent:v1' }]
  ${spec}
---
`;
}
