import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { componentNames } from './components.ts';

/**
 * What a cluster is made of, as `up` writes it down for the cluster's supervisor, and for commands that are run in the
 * cluster later. It names files, so that a running cluster stays what it is when the work tree changes.
 */
const specification = z.object({
  /** Of this start. A supervisor that was started by an `up` that died meanwhile finds another one here, and goes. */
  generation: z.string(),
  kubernetes: z.string(),
  apiServerArgs: z.array(z.string()),
  stepLimitSeconds: z.number(),
  pki: z.string(),
  logs: z.string(),
  containerd: z.string(),
  control: z.string(),
  /** The PATH of components: containerd's shim, then the system's programs. */
  path: z.string(),
  /** What comes first on the PATH of commands: the folders of kubectl and helm. */
  commands: z.array(z.string()),
  ctr: z.string(),
  /** Archives to import, as image.ts writes them. */
  images: z.array(z.string()),
  components: z.array(z.object({ name: z.enum(componentNames), argv: z.array(z.string()).min(1) })),
});

export type Specification = Readonly<z.infer<typeof specification>>;

export function readSpecification(file: string): Specification {
  return specification.parse(JSON.parse(readFileSync(file, 'utf8')));
}
