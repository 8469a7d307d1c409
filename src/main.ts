/** The composition root: the one place that reads flags and the environment, and wires the parts together. */
import { setFlagsFromString } from 'node:v8';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { stringify } from 'yaml';
import { faultOfLifetimes, LIFETIMES, type CertificateLifetimes } from './controller/certificate-plan.ts';
import { drain } from './controller/drain.ts';
import { installCrds } from './controller/install-crds.ts';
import { runController } from './controller/run.ts';
import { formatDuration, milliseconds } from './core/duration.ts';
import { staticFloor } from './core/floor/floor.ts';
import type { Installation } from './core/floor/policy.ts';
import { parseExternalKey, type ExternalKey } from './core/identity/external-identity.ts';
import { createClient, type Client } from './kube/client.ts';
import { ownApiAudiences } from './kube/api-audiences.ts';
import { loadClusterAccess } from './kube/cluster-access.ts';
import { serveHealth } from './kube/health-server.ts';
import type { Logger } from './kube/logger.ts';
import { createKubeMetrics, type KubeMetrics } from './kube/metrics.ts';
import { runWebhook } from './webhook/run.ts';

/** Set by the build from package.json; running from source it is not there. */
declare const TASKGRANT_VERSION: string | undefined;
const VERSION = typeof TASKGRANT_VERSION === 'string' ? TASKGRANT_VERSION : '0.0.0-source';

interface CommonFlags {
  logLevel: string;
}

interface ControllerFlags extends CommonFlags {
  namespace: string;
  identity: string;
  lease: string;
  metricsPort: number;
  probeNamespace: string;
  caSecret: string;
  tlsSecret: string;
  webhookService: string;
  webhookConfiguration: string;
  certificates: 'own' | 'external';
  caLifetime: number;
  certificateLifetime: number;
  caOverlap: number;
  installedConfigmap: string;
  concurrency: number;
  apiAudience?: string[];
  externalIdentity: ExternalKey[];
}

interface WebhookFlags extends CommonFlags {
  namespace: string;
  tlsSecret: string;
  webhookService: string;
  port: number;
  metricsPort: number;
  holdSeconds: number;
  apiAudience?: string[];
  externalIdentity: ExternalKey[];
  scheduler: string[];
  clientCaFile?: string;
  clientName: string[];
}

interface DrainFlags extends CommonFlags {
  webhookConfiguration: string;
  probeNamespace: string;
  timeout: number;
}

interface CrdsFlags extends CommonFlags {
  timeout: number;
}

interface Process {
  name: string;
  client: Client;
  logger: Logger;
  registry: Registry;
  kubeMetrics: KubeMetrics;
  /** Aborted when the process is asked to end. */
  signal: AbortSignal;
}

const API_AUDIENCE = [
  '--api-audience <audience...>',
  'what the API server calls itself; default: as this pod’s own token says',
] as const;

const EXTERNAL_IDENTITY = [
  '--external-identity <place:key...>',
  'what else other identity systems go by: annotation:KEY, label:KEY or account:KEY, with a * at its end for all that begin so',
] as const;

const program = new Command('taskgrant')
  .description('Per-task identity for any pod in Kubernetes.')
  .version(VERSION)
  .showHelpAfterError();

command('controller', 'activates and revokes grants: all writes of the product')
  .requiredOption('--namespace <name>', 'the namespace of the product itself')
  .requiredOption('--identity <name>', 'who this process is, as the Lease says: the pod’s name')
  .option('--lease <name>', 'the Lease by which replicas elect a leader', 'taskgrant-controller')
  .option(
    '--probe-namespace <name>',
    'where enforcement is probed; no pod can exist there',
    'taskgrant-probe',
  )
  .option('--ca-secret <name>', 'the Secret that holds the CA of the webhook’s certificates', 'taskgrant-ca')
  .option('--tls-secret <name>', 'the Secret that holds the webhook’s certificate', 'taskgrant-webhook-tls')
  .option('--webhook-service <name>', 'the Service that the certificate is for', 'taskgrant-webhook')
  .option('--webhook-configuration <name>', 'the webhook configurations that get the CA', 'taskgrant')
  .addOption(
    new Option(
      '--certificates <whose>',
      'who keeps the webhook’s certificate and has it trusted: this process, or another, such as cert-manager',
    )
      .choices(['own', 'external'])
      .default('own'),
  )
  .addOption(
    lifetime('--ca-lifetime', 'how long a CA lives; renewed when two thirds are over', LIFETIMES.authority),
  )
  .addOption(
    lifetime(
      '--certificate-lifetime',
      'the same of certificates, which never outlive their CA',
      LIFETIMES.leaf,
    ),
  )
  .addOption(
    lifetime(
      '--ca-overlap',
      'how long a new CA has been seen in the webhook configurations before it signs',
      LIFETIMES.overlap,
    ),
  )
  .option(
    '--installed-configmap <name>',
    'the ConfigMap that says what guards grants, as it was installed',
    'taskgrant-installed',
  )
  .option('--metrics-port <port>', 'for /livez, /readyz and /metrics', wholeNumber(0, 65_535), 8080)
  .option('--concurrency <count>', 'how many grants are worked on at a time', wholeNumber(1, 1000), 32)
  .option(...API_AUDIENCE)
  .option(...EXTERNAL_IDENTITY, externalKey, [])
  .action(async (flags: ControllerFlags) => {
    // V8 then collects before the heap has grown to a multiple of what lives in it: ten thousand grants, and what was made for each,
    // take some 30 MiB less, for perhaps a quarter more CPU time in this process. The webhook, which pods wait for, does without.
    setFlagsFromString('--optimize-for-size');
    const parts = await start('controller', flags);
    const { caSecret, tlsSecret, webhookService, webhookConfiguration } = flags;
    const { apiAudience, externalIdentity, installedConfigmap, ...options } = flags;
    const { namespace } = options;
    const certificates =
      flags.certificates === 'external'
        ? undefined
        : {
            namespace,
            caSecret,
            tlsSecret,
            webhookService,
            webhookConfiguration,
            lifetimes: lifetimesOf(flags),
          };
    const apiAudiences = apiAudience ?? (await ownApiAudiences());
    const controller = runController(
      {
        ...options,
        release: webhookConfiguration,
        apiAudiences,
        certificates,
        externalKeys: externalIdentity,
        installedConfigMap: installedConfigmap,
      },
      parts,
      parts.signal,
    );
    const health = await serveHealth({
      port: flags.metricsPort,
      registry: parts.registry,
      notLive: () => undefined,
      notReady: () => controller.notReady(),
    });
    const outcome = await controller.done;
    await health.close();
    await parts.client.close();
    if (outcome === 'lost') {
      parts.logger.error(
        'leadership was lost: ending, so that nothing goes on that another process does now',
      );
      process.exitCode = 1;
    }
  });

command('webhook', 'answers the API server: injects identities into pods, and refuses what no grant allows')
  .requiredOption('--namespace <name>', 'the namespace of the product itself')
  .option('--tls-secret <name>', 'the Secret that holds the serving certificate', 'taskgrant-webhook-tls')
  .option('--webhook-service <name>', 'the Service that the certificate has to be for', 'taskgrant-webhook')
  .option('--port <port>', 'for admission reviews, over TLS', wholeNumber(0, 65_535), 8443)
  .option('--metrics-port <port>', 'for /livez, /readyz and /metrics', wholeNumber(0, 65_535), 8080)
  .option(
    '--hold-seconds <count>',
    'how long a pod waits for its grant to become active',
    wholeNumber(0, 28),
    8,
  )
  .option(...API_AUDIENCE)
  .option(...EXTERNAL_IDENTITY, externalKey, [])
  .option('--scheduler <user...>', 'who may bind task pods to nodes', ['system:kube-scheduler'])
  .option(
    '--client-ca-file <path>',
    'the authorities of client certificates (PEM): who calls without one of theirs gets no answer; default: everybody is answered',
  )
  .option('--client-name <name...>', 'the common names that client certificates may have; default: any', [])
  .action(async (flags: WebhookFlags) => {
    const { clientCaFile, clientName } = flags;
    if (clientCaFile === undefined && clientName.length > 0)
      program.error('--client-name needs --client-ca-file: no name is true without a certificate');
    const parts = await start('webhook', flags);
    const webhook = runWebhook(
      {
        port: flags.port,
        tlsSecret: { namespace: flags.namespace, name: flags.tlsSecret },
        dnsName: `${flags.webhookService}.${flags.namespace}.svc`,
        holdMs: flags.holdSeconds * 1000,
        apiAudiences: flags.apiAudience ?? (await ownApiAudiences()),
        externalKeys: flags.externalIdentity,
        schedulers: flags.scheduler,
        clients:
          clientCaFile === undefined ? undefined : { authoritiesFile: clientCaFile, names: clientName },
      },
      parts,
      parts.signal,
    );
    const health = await serveHealth({
      port: flags.metricsPort,
      registry: parts.registry,
      notLive: () => undefined,
      notReady: () => webhook.notReady(),
    });
    await webhook.done;
    await health.close();
    await parts.client.close();
  });

command('crds', 'brings the CustomResourceDefinitions to this version, and exits')
  .option('--timeout <duration>', 'give up after this', inMilliseconds, milliseconds('1m'))
  .action(async (flags: CrdsFlags) => {
    await once('crds', flags, async ({ client, signal }) => {
      await installCrds(client, say, signal);
    });
  });

command('drain', 'revokes everything and waits until nothing is granted, and exits: before an uninstall')
  .option(
    '--webhook-configuration <name>',
    'the MutatingWebhookConfiguration that stamps new grants',
    'taskgrant',
  )
  .option('--probe-namespace <name>', 'where a dry run shows that no grant can be created', 'taskgrant-probe')
  .option('--timeout <duration>', 'give up after this', inMilliseconds, milliseconds('5m'))
  .action(async (flags: DrainFlags) => {
    await once('drain', flags, async ({ client, logger, signal }) => {
      const { webhookConfiguration, probeNamespace } = flags;
      await drain({ webhookConfiguration, probeNamespace }, { client, logger, say }, signal);
    });
  });

program
  .command('manifests')
  .description(
    'prints the floor as files for the API server’s manifest-based admission (Kubernetes 1.37), which no API request can remove',
  )
  .requiredOption('--namespace <name>', 'the namespace of the product itself')
  .option('--name <name>', 'what the names of the release’s objects begin with', 'taskgrant')
  .option('--probe-namespace <name>', 'where enforcement is probed', 'taskgrant-probe')
  .allowExcessArguments(false)
  .action((installation: Installation) => {
    process.stdout.write(
      staticFloor(installation)
        .map((object) => `---\n${stringify(object)}`)
        .join(''),
    );
  });

await program.parseAsync();

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    );
}

async function start(name: string, { logLevel }: CommonFlags): Promise<Process> {
  const logger = createLogger(name, logLevel);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const kubeMetrics = createKubeMetrics(registry);
  const stop = new AbortController();
  for (const reason of ['SIGTERM', 'SIGINT'] as const) {
    process.once(reason, () => {
      logger.info('asked to end', { reason });
      stop.abort(new Error(`ended by ${reason}`));
    });
  }
  const client = createClient({
    kubeConfig: await loadClusterAccess(),
    userAgent: `taskgrant-${name}/${VERSION}`,
    fieldManager: 'taskgrant',
    metrics: kubeMetrics.client,
    onWarning: (text, request) => {
      logger.warn('the API server warns', { text, request });
    },
  });
  return { name, client, logger, registry, kubeMetrics, signal: stop.signal };
}

/** Runs something that ends by itself, within its time. */
async function once(
  name: string,
  flags: CommonFlags & { timeout: number },
  run: (parts: Process) => Promise<void>,
): Promise<void> {
  const parts = await start(name, flags);
  const signal = AbortSignal.any([parts.signal, AbortSignal.timeout(flags.timeout)]);
  try {
    await run({ ...parts, signal });
  } catch (error) {
    console.error(`taskgrant ${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    await parts.client.close();
  }
}

/** JSON lines on stdout. Errors as message, code and stack: never with what was sent or received. */
function createLogger(name: string, level: string): Logger {
  const log = pino({ name, level, serializers: { error: pino.stdSerializers.err } });
  const wrap = (target: typeof log): Logger => ({
    debug: (message, fields) => {
      target.debug(fields ?? {}, message);
    },
    info: (message, fields) => {
      target.info(fields ?? {}, message);
    },
    warn: (message, fields) => {
      target.warn(fields ?? {}, message);
    },
    error: (message, fields) => {
      target.error(fields ?? {}, message);
    },
    child: (fields) => wrap(target.child(fields)),
  });
  return wrap(log);
}

function say(line: string): void {
  console.log(line);
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`not a whole number from ${least} to ${most}`);
  };
}

function externalKey(text: string, before: readonly ExternalKey[]): ExternalKey[] {
  try {
    return [...before, parseExternalKey(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function lifetime(flag: string, description: string, byDefault: number): Option {
  return new Option(`${flag} <duration>`, description)
    .argParser(inMilliseconds)
    .default(byDefault, formatDuration(byDefault));
}

function lifetimesOf(flags: ControllerFlags): CertificateLifetimes {
  const lifetimes = {
    authority: flags.caLifetime,
    leaf: flags.certificateLifetime,
    overlap: flags.caOverlap,
  };
  const fault = faultOfLifetimes(lifetimes);
  if (fault !== undefined) program.error(`error: ${fault}`);
  return lifetimes;
}

function inMilliseconds(text: string): number {
  try {
    return milliseconds(text);
  } catch {
    throw new InvalidArgumentError('not a duration such as 90s or 1h30m');
  }
}
