import { once } from 'node:events';
import { Agent, request as send } from 'node:https';
import { TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { aPod } from '../core/testing/builders.ts';
import { createAuthority, createLeaf, type KeyPair } from '../kube/certificate-authority.ts';
import type { Logger } from '../kube/logger.ts';
import { silentLogger } from '../kube/logger.ts';
import { createWebhookMetrics } from './metrics.ts';
import type { Answer } from './review.ts';
import { serveWebhook, type WebhookServer } from './server.ts';
import { aRequest } from './testing.ts';
import { certificateIn, createCertificateKeeper, type CertificateFault } from './tls.ts';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const HOUR = 3_600_000;
const NAME = 'taskgrant-webhook.taskgrant-system.svc';
const validity = { notBefore: NOW, notAfter: NOW + HOUR };
const authority = await createAuthority('ca', { notBefore: NOW - HOUR, notAfter: NOW + 100 * HOUR });
const leaf = await createLeaf(authority, [NAME], validity);
const other = await createLeaf(authority, [NAME], validity);
const elsewhere = await createLeaf(authority, ['elsewhere.svc', `a.${NAME}`], validity);
const later = await createLeaf(authority, [NAME], { notBefore: NOW + HOUR, notAfter: NOW + 2 * HOUR });

const secretOf = ({ certificate, key }: Partial<KeyPair>) => ({
  data: {
    ...(certificate !== undefined && { 'tls.crt': Buffer.from(certificate).toString('base64') }),
    ...(key !== undefined && { 'tls.key': Buffer.from(key).toString('base64') }),
  },
});

/** What a Secret may have that nobody can serve with at this time, and why. */
const BROKEN: [string, Partial<KeyPair>, CertificateFault, string][] = [
  ['that is empty', {}, 'Missing', 'tls.crt and tls.key are missing'],
  ['without a key', { certificate: leaf.certificate }, 'Incomplete', 'tls.key is missing'],
  ['without a certificate', { key: leaf.key }, 'Incomplete', 'tls.crt is missing'],
  [
    'with half a certificate',
    { ...leaf, certificate: leaf.certificate.slice(0, leaf.certificate.length / 2) },
    'Unreadable',
    'tls.crt or tls.key cannot be read',
  ],
  ['with no PEM', { ...leaf, key: 'secret' }, 'Unreadable', 'tls.crt or tls.key cannot be read'],
  ['with another one’s key', { ...leaf, key: other.key }, 'OtherKey', 'tls.key is not the key of tls.crt'],
  ['for another name', elsewhere, 'OtherName', `tls.crt is not for ${NAME}`],
  ['whose time has not come', later, 'NotYetValid', 'tls.crt is not valid before 2026-11-23T10:00:00.000Z'],
];

describe('the certificate in a Secret', () => {
  const read = (contents: Partial<KeyPair>, now = NOW) =>
    certificateIn(secretOf(contents), { now, dnsName: NAME });

  test('with its key is served until it ends', () => {
    expect(read(leaf)).toEqual({ cert: leaf.certificate, key: leaf.key, expiresAt: validity.notAfter });
  });

  test('may be for any name in the place of the service', async () => {
    const wildcard = await createLeaf(authority, ['*.taskgrant-system.svc'], validity);
    expect(read(wildcard)).toMatchObject({ cert: wildcard.certificate });
  });

  test.each(BROKEN)('%s is refused', (_, contents, fault, problem) => {
    expect(read(contents)).toMatchObject({ fault, problem });
  });

  test('that has expired is refused', () => {
    expect(read(leaf, validity.notAfter)).toEqual({
      fault: 'Expired',
      problem: 'tls.crt has expired on 2026-11-23T10:00:00.000Z',
    });
  });

  test('is refused where there is no data at all', () => {
    expect(certificateIn({}, { now: NOW, dnsName: NAME })).toMatchObject({ fault: 'Missing' });
  });
});

describe('the certificate in use', () => {
  let registry: Registry;
  let now: number;
  let log: string[];

  const keeperOf = () => {
    const write =
      (level: string) =>
      (message: string, fields: object = {}) => {
        log.push(`${level} ${message} ${JSON.stringify(fields)}`);
      };
    const logger: Logger = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: () => logger,
    };
    const metrics = createWebhookMetrics(registry).certificate;
    return createCertificateKeeper({ dnsName: NAME, logger, metrics, now: () => now });
  };

  const alarms = async () => {
    const metric = await registry.getSingleMetric('taskgrant_webhook_certificate_unusable')?.get();
    return metric?.values.filter(({ value }) => value === 1).map(({ labels }) => labels['fault']);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    registry = new Registry();
    now = NOW;
    log = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(BROKEN)(
    'stays in use when a Secret comes %s, with an alarm that ends with the next good one',
    async (_, contents, fault) => {
      const keeper = keeperOf();
      keeper.take(secretOf(leaf));
      expect(await alarms()).toEqual([]);
      keeper.take(secretOf(contents));
      expect(keeper.current()?.cert).toBe(leaf.certificate);
      expect(await alarms()).toEqual([fault]);
      expect(log.at(-1)).toContain(`"fault":"${fault}"`);
      expect(log.at(-1)).toContain('"inUseUntil":"2026-11-23T10:00:00.000Z"');

      keeper.take(secretOf(other));
      expect(keeper.current()?.cert).toBe(other.certificate);
      expect(await alarms()).toEqual([]);
      expect(await registry.metrics()).toContain(
        `taskgrant_webhook_certificates_refused_total{fault="${fault}"} 1\n`,
      );
      keeper.stop();
    },
  );

  test('stays in use when the Secret is gone', async () => {
    const keeper = keeperOf();
    keeper.take(secretOf(leaf));
    keeper.take(undefined);
    expect(keeper.current()?.cert).toBe(leaf.certificate);
    expect(await alarms()).toEqual(['Missing']);
  });

  test('is none at first, and a Secret that is still empty is no alarm', async () => {
    const keeper = keeperOf();
    keeper.take({});
    keeper.take(undefined);
    expect(keeper.current()).toBeUndefined();
    expect(await alarms()).toEqual([]);
    keeper.take(secretOf({ ...leaf, key: other.key }));
    expect(keeper.current()).toBeUndefined();
    expect(await alarms()).toEqual(['OtherKey']);
  });

  test('becomes the one whose time had not come when its time has come', async () => {
    const keeper = keeperOf();
    const changed: string[] = [];
    keeper.onChange(({ cert }) => changed.push(cert));
    keeper.take(secretOf(leaf));
    keeper.take(secretOf(later));
    now = NOW + HOUR;
    vi.advanceTimersByTime(HOUR - 1);
    expect(changed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(changed).toEqual([later.certificate]);
    expect(await alarms()).toEqual([]);
  });

  test('is not the one whose time had not come, where another has come since', () => {
    const keeper = keeperOf();
    keeper.take(secretOf(later));
    keeper.take(secretOf(leaf));
    now = NOW + HOUR;
    vi.advanceTimersByTime(HOUR);
    expect(keeper.current()?.cert).toBe(leaf.certificate);
  });

  test('is never in a log, nor its key', () => {
    const keeper = keeperOf();
    for (const contents of [leaf, ...BROKEN.map(([, each]) => each), other]) keeper.take(secretOf(contents));
    keeper.stop();
    const lines = [leaf, other, elsewhere, later].flatMap(({ certificate, key }) =>
      `${certificate}\n${key}`.split('\n').filter((line) => line.length > 30 && !line.startsWith('-----')),
    );
    const said = log.join('\n');
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(said).not.toContain(line.slice(0, 20));
    expect(said).not.toContain('BEGIN');
  });
});

describe('when the certificate changes', () => {
  const alive = { notBefore: Date.now() - HOUR, notAfter: Date.now() + HOUR };
  let server: WebhookServer;
  let waiting: ((answer: Answer) => void)[];
  let agents: Agent[];

  beforeEach(async () => {
    waiting = [];
    agents = [];
    const review = () => new Promise<Answer>((answer) => waiting.push(answer));
    const { certificate: cert, key } = await createLeaf(
      await createAuthority('the first', alive),
      [NAME],
      alive,
    );
    server = await serveWebhook({
      port: 0,
      certificate: { cert, key },
      routes: [{ path: '/wait', phase: 'validate', resources: ['pods'], review }],
      metrics: createWebhookMetrics(new Registry()),
      logger: silentLogger,
    });
  });

  afterEach(async () => {
    for (const agent of agents) agent.destroy();
    await server.close(0);
  });

  /** One connection, kept open. Which CA is in use is looked at apart from it: the connection as such is what counts here. */
  const connection = () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, servername: NAME, rejectUnauthorized: false });
    agents.push(agent);
    const sockets = new Set<TLSSocket>();
    const ask = async () => {
      const request = send({
        ...{ method: 'POST', host: '127.0.0.1', port: server.port, path: '/wait', agent },
        headers: { 'content-type': 'application/json' },
      });
      request.once('socket', (socket) => {
        if (socket instanceof TLSSocket) sockets.add(socket);
      });
      request.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          request: aRequest({ object: aPod() }),
        }),
      );
      const [response] = (await once(request, 'response')) as [Parameters<typeof text>[0]];
      return JSON.parse(await text(response)) as { response: { allowed: boolean } };
    };
    const shown = () => [...sockets].map((socket) => `${String(socket.getPeerX509Certificate()).trim()}\n`);
    return { ask, shown, sockets };
  };

  const asked = (count: number) =>
    vi.waitFor(() => {
      expect(waiting).toHaveLength(count);
    }, 20_000);

  test('again and again, requests under way are answered and no connection is closed; new ones get the new one', async () => {
    const held = [connection(), connection(), connection()];
    const answers = held.map(({ ask }) => ask());
    await asked(3);
    for (let round = 1; round <= 5; round++) {
      const { certificate: cert, key } = await createLeaf(
        await createAuthority(`CA ${round}`, alive),
        [NAME],
        alive,
      );
      server.setCertificate({ cert, key });
      const fresh = connection();
      const answer = fresh.ask();
      await asked(4);
      waiting.pop()?.({ allowed: true });
      expect((await answer).response.allowed).toBe(true);
      expect(fresh.shown()).toEqual([cert]);
    }
    for (const answer of waiting.splice(0)) answer({ allowed: true });
    for (const { response } of await Promise.all(answers)) expect(response.allowed).toBe(true);

    // The same connections serve the next request, too.
    const again = held.map(({ ask }) => ask());
    await asked(3);
    for (const answer of waiting.splice(0)) answer({ allowed: true });
    await Promise.all(again);
    for (const { sockets } of held) {
      expect(sockets.size).toBe(1);
      expect([...sockets].every(({ destroyed }) => !destroyed)).toBe(true);
    }
  });
});
