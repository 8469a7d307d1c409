/** Tells a story by running commands: every line that is not a comment is the real output of a real command. */
import type { Cluster } from '../cluster/driver.ts';
import type { Outcome, RunOptions } from '../cluster/process.ts';
import { until } from '../cluster/until.ts';

export interface Story {
  /** A heading. */
  chapter: (title: string) => void;
  /** What comes next, in a sentence or two. */
  tell: (text: string) => void;
  /** Runs a shell command in the cluster and shows it with its output. @throws Error where it fails and was not meant to. */
  show: (command: string, options?: ShowOptions) => Promise<Outcome>;
}

export interface ShowOptions {
  /** The command is to be refused: then its failing is the point, and its success the end of the story. */
  refused?: boolean;
  /** Prints while it runs: for what takes its time. */
  live?: boolean;
  /**
   * Runs it again where it fails, for a minute at most, and shows the last time: for what waits a few seconds for others, which may be too
   * few on a machine that is busy.
   */
  patient?: boolean;
}

const PATIENCE_SECONDS = 60;

/** As wide as a terminal is by default. */
const WIDTH = 78;

export function createStory(cluster: Cluster, cwd: string, write: (text: string) => void): Story {
  const dim = process.stdout.isTTY ? (text: string) => `\u001b[2m${text}\u001b[0m` : (text: string) => text;
  const bold = process.stdout.isTTY ? (text: string) => `\u001b[1m${text}\u001b[0m` : (text: string) => text;
  return {
    chapter(title) {
      write(`\n${bold(`── ${title} ${'─'.repeat(Math.max(3, WIDTH - title.length - 4))}`)}\n`);
    },
    tell(text) {
      write(
        `\n${wrapped(text, WIDTH - 2)
          .map((line) => dim(`# ${line}`))
          .join('\n')}\n`,
      );
    },
    async show(command, { refused = false, live = false, patient = false } = {}) {
      write(`${bold(`$ ${command}`)}\n`);
      const options: RunOptions = { cwd, ...(live && { stdio: 'inherit' as const }) };
      const attempt = () => cluster.run(['sh', '-c', command], options);
      let outcome = await attempt();
      if (patient && outcome.code !== 0)
        await until(command, PATIENCE_SECONDS, async () => {
          outcome = await attempt();
          return outcome.code === 0;
        }).catch(() => undefined);
      write(outcome.stdout + outcome.stderr);
      if (outcome.code !== 0 && !refused)
        throw new Error(`this was to work, and ended with ${outcome.code}: ${command}`);
      if (outcome.code === 0 && refused) throw new Error(`this was to be refused, and worked: ${command}`);
      return outcome;
    },
  };
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
