import { request } from 'node:http';
import { z } from 'zod';
import { componentNames } from './components.ts';
import type { ComponentName } from './components.ts';

// What the supervisor inside a cluster's namespaces answers on its Unix socket: HTTP, one JSON line an answer.
//
//   GET /status                        ClusterState
//   GET /started                       ClusterState, one line now and one at every change until the start is over
//   POST /components/<name>/<action>   does it, then {}, or {"error": …}

export const actions = ['pause', 'resume', 'kill', 'start', 'restart'] as const;
export type Action = (typeof actions)[number];

const componentState = z.object({
  name: z.enum(componentNames),
  state: z.enum(['waiting', 'running', 'paused', 'exited']),
  /** How one that has exited did: "exit code 1", "killed by SIGKILL". */
  ended: z.string().optional(),
});
export type ComponentState = z.infer<typeof componentState>;

const clusterState = z.object({
  phase: z.enum(['starting', 'up', 'failed']),
  kubernetes: z.string(),
  apiServerArgs: z.array(z.string()),
  /** In words, each a sentence that is not true yet: "etcd is ready". */
  waitingFor: z.array(z.string()),
  /** Why the phase is "failed", and which component's log says more. */
  failure: z.object({ message: z.string(), component: z.enum(componentNames).optional() }).optional(),
  components: z.array(componentState),
});
export type ClusterState = z.infer<typeof clusterState>;

const refusal = z.object({ error: z.string() });

/** A supervisor that takes longer to say how things are is taken for dead. */
const STATUS_LIMIT_MS = 30_000;

/** What the supervisor behind the socket says, or `undefined` when none answers. */
export async function clusterStateAt(socket: string): Promise<ClusterState | undefined> {
  try {
    const limit = AbortSignal.timeout(STATUS_LIMIT_MS);
    return clusterState.parse(JSON.parse(await ask({ socketPath: socket, path: '/status', signal: limit })));
  } catch (error) {
    if (nobodyAnswers(error)) return undefined;
    throw error;
  }
}

/** Waits for the end of the start, tells every change on the way, and returns the last one: none if the supervisor died first. */
export async function untilStarted(
  socket: string,
  changed: (state: ClusterState) => void,
): Promise<ClusterState | undefined> {
  let last: ClusterState | undefined;
  try {
    await ask({ socketPath: socket, path: '/started' }, (line) => {
      last = clusterState.parse(JSON.parse(line));
      changed(last);
    });
  } catch (error) {
    if (!nobodyAnswers(error)) throw error;
  }
  return last;
}

/** @throws Error with the supervisor's reason when it could not be done. */
export async function act(socket: string, component: ComponentName, action: Action): Promise<void> {
  const path = `/components/${component}/${action}`;
  const { data } = refusal.safeParse(JSON.parse(await ask({ socketPath: socket, path, method: 'POST' })));
  if (data) throw new Error(data.error);
}

/** ECONNRESET and EPIPE: the supervisor died while it was asked. */
const silence = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ABORT_ERR']);

function nobodyAnswers(error: unknown): boolean {
  return error instanceof Error && 'code' in error && silence.has(String(error.code));
}

interface Question {
  readonly socketPath: string;
  readonly path: string;
  readonly method?: string;
  readonly signal?: AbortSignal;
}

/** Returns the answer, or what follows its last complete line if lines are wanted. */
function ask(question: Question, onLine?: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...question, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (!onLine) return;
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        lines.forEach(onLine);
      });
      response.once('end', () => {
        resolve(text);
      });
      response.once('error', reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}
