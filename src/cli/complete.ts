#!/usr/bin/env node
/** What kubectl runs to complete `kubectl taskgrant …`, where this program is on the PATH as `kubectl_complete-taskgrant`. */
import { completionsFor } from './completion.ts';
import { createProgram } from './program.ts';
import { VERSION } from './version.ts';

const nothing = () => undefined;
const program = createProgram(VERSION, {
  check: () => Promise.resolve(),
  init: () => Promise.resolve(),
  lint: () => Promise.resolve(),
  completion: nothing,
});
process.stdout.write(completionsFor(program, process.argv.slice(2)));
