/**
 * A process that competes for a Lease: `candidate.ts KUBECONFIG NAMESPACE NAME IDENTITY TIMES`, the times as JSON. Every
 * 10 ms it says in a line whether it leads, and at the end how its leadership ended.
 */
import { KubeConfig } from '@kubernetes/client-node';
import { createElection } from '../../src/kube/election.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { testClient } from './testbed.ts';

const [, , kubeconfig = '', namespace = '', name = '', identity = '', times = '{}'] = process.argv;
const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(kubeconfig);
const client = testClient(kubeConfig);
const election = createElection({
  client,
  namespace,
  name,
  identity,
  logger: silentLogger,
  ...(JSON.parse(times) as { leaseDurationMs: number; renewDeadlineMs: number; retryPeriodMs: number }),
});
const saying = setInterval(() => {
  console.log(election.isLeader() ? 'leads' : 'follows');
}, 10);
const untilToldToStop = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
console.log(await election.run(untilToldToStop, new AbortController().signal));
clearInterval(saying);
await client.close();
