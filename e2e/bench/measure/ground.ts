import type { Progress } from '../../cluster/progress.ts';
import type { ApiServer } from '../api-server.ts';
import type { GrantWatch } from '../grants.ts';
import type { Plan } from '../plan.ts';

/** What every measurement stands on. */
export interface Ground {
  readonly api: ApiServer;
  readonly watch: GrantWatch;
  readonly plan: Plan;
  readonly progress: Progress;
}

/** Long enough for the product to write the Events of the block before, and to come to rest. */
export const PAUSE_MS = 500;
