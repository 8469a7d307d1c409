// Which lockfile the installed dependencies are of: written after `npm ci`, and looked at by every npm script (run.mjs).
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'node_modules', '.taskgrant-lockfile');

const lockfile = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.platform + process.arch)
    .digest('hex');

export const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile();

export const markInstalled = () => {
  writeFileSync(stamp, lockfile());
};
