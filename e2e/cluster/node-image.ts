import { realpathSync } from 'node:fs';
import { execPath } from 'node:process';
import type { Image } from './image.ts';
import { accounts } from './images.ts';
import { sharedLibraries } from './libraries.ts';

const NODE = '/usr/local/bin/node';

/**
 * An image of the Node that runs this, the shared libraries that it needs, and the files given: nothing else, no shell.
 * It runs as user 65532, and needs neither a capability nor a writable root.
 *
 * @param entrypoint arguments for Node: ["/app/main.js", "controller"]
 */
export async function describeNodeImage({
  name,
  files,
  entrypoint,
  environment = {},
}: Pick<Image, 'name' | 'files' | 'entrypoint' | 'environment'>): Promise<Image> {
  const node = realpathSync(execPath);
  return {
    name,
    files: [{ path: NODE, from: node, mode: 0o755 }, ...(await sharedLibraries(node)), ...accounts, ...files],
    entrypoint: [NODE, ...entrypoint],
    user: '65532:65532',
    environment: { HOME: '/tmp', NODE_ENV: 'production', ...environment },
  };
}
