#!/usr/bin/env node
/** What kubectl runs to complete `kubectl taskgrant …`, where this program is on the PATH as `kubectl_complete-taskgrant`. */
import { completionsFor } from './completion.ts';
import { createProgram, NO_ACTIONS } from './program.ts';
import { VERSION } from './version.ts';

const program = createProgram(VERSION, NO_ACTIONS);
process.stdout.write(completionsFor(program, process.argv.slice(2)));
