/**
 * Writes what is generated from the code: CRDs and reference docs. `npm run generate` writes, and `--check` (part of
 * `npm run check`) fails where a file differs from what would be written.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { generatedFiles } from './generated.ts';

const root = new URL('..', import.meta.url);
const program = new Command('generate')
  .description('Writes what is generated from the code: CRDs and reference docs.')
  .option('--check', 'write nothing, and fail where a file differs from what would be written')
  .allowExcessArguments(false)
  .showHelpAfterError();
program.parse();
const { check: checking = false } = program.opts<{ check?: boolean }>();

const stale: string[] = [];
for (const { path, content } of await generatedFiles()) {
  const file = fileURLToPath(new URL(path, root));
  const current = await readFile(file, 'utf8').catch(() => undefined);
  if (current === content) continue;
  stale.push(relative(fileURLToPath(root), file));
  if (checking) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
if (checking && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`);
  process.exitCode = 1;
} else if (!checking) {
  console.log(stale.length > 0 ? `Written: ${stale.join(', ')}` : 'Everything was up to date.');
}
