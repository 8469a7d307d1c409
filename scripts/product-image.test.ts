import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ENVIRONMENT } from './product-image.ts';

test('the Dockerfile runs Node as the image without a builder does', async () => {
  const lines = (await readFile(new URL('../Dockerfile', import.meta.url), 'utf8')).split('\n');
  const argumentsOf = (instruction: string) =>
    lines.find((line) => line.startsWith(`${instruction} `))?.slice(instruction.length + 1) ?? '';
  expect(JSON.parse(argumentsOf('ENTRYPOINT'))).toEqual(['/nodejs/bin/node', '/app/taskgrant.js']);
  const environment = argumentsOf('ENV').split(' ');
  for (const [name, value] of Object.entries(ENVIRONMENT)) expect(environment).toContain(`${name}=${value}`);
});
