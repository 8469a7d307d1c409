#!/usr/bin/env node
/** The kubectl plugin: `kubectl taskgrant …`, where this program is on the PATH as `kubectl-taskgrant`. */
import { CommanderError } from 'commander';
import { decideOn } from './approve.ts';
import { check, type Outcome } from './check.ts';
import { completionScript } from './completion-script.ts';
import { init } from './init.ts';
import { lint } from './lint.ts';
import { CannotRun, messageOf } from './problem.ts';
import { createProgram } from './program.ts';
import { VERSION } from './version.ts';

const terminal = {
  stdin: process.stdin,
  version: VERSION,
  now: Date.now(),
  // https://no-color.org: any value but none at all.
  colours: process.stdout.isTTY && !process.env['NO_COLOR'],
};

const program = createProgram(VERSION, {
  check: async (flags) => {
    say(await check(flags, terminal));
  },
  init: async (flags) => {
    say(await init(flags, terminal));
  },
  lint: async (flags) => {
    say(await lint(flags, terminal));
  },
  decide: async (name, decision, flags) => {
    say(await decideOn(name, decision, flags, terminal));
  },
  completion: (shell) => {
    process.stdout.write(completionScript(shell));
  },
});

// Whoever reads no more, as `head` does, has what they wanted.
process.stdout.on('error', () => process.exit());

try {
  for (const command of [program, ...program.commands]) command.exitOverride();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const whatItIs = error instanceof CannotRun ? '' : 'a fault of this program, which should not be: ';
    process.stderr.write(`kubectl taskgrant: ${whatItIs}${messageOf(error)}\n`);
    process.exitCode = 2;
  }
}

function say({ stdout, stderr, code }: Outcome): void {
  process.stdout.write(stdout);
  for (const line of stderr) process.stderr.write(`${line}\n`);
  process.exitCode = code;
}
