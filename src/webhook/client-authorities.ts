/** Who may call at all: the authorities of the API servers' client certificates, from a file that is mounted; changed without a restart. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { startTimer } from '../kube/clock.ts';
import type { Logger } from '../kube/logger.ts';

export interface ClientAuthorities {
  /** PEM, one certificate or more: what clients' certificates are verified by now. */
  current(): string;
  /** Called with each bundle after the first. */
  onChange(handler: (authorities: string) => void): void;
  stop(): void;
}

/** The kubelet brings a changed ConfigMap to the pod within a minute or so, and looking costs next to nothing. */
const LOOK_AGAIN_MS = 10_000;

/** @throws Error where the file cannot be used: nobody is let in by a guess. */
export async function watchClientAuthorities(
  file: string,
  logger: Logger,
  lookAgainMs = LOOK_AGAIN_MS,
): Promise<ClientAuthorities> {
  let current = await authoritiesIn(file);
  let problem: string | undefined;
  const handlers: ((authorities: string) => void)[] = [];
  const look = async (): Promise<void> => {
    try {
      const found = await authoritiesIn(file);
      problem = undefined;
      if (found === current) return;
      current = found;
      logger.info('authorities of client certificates loaded', { file });
      for (const handler of handlers) handler(found);
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem)
        logger.error('the authorities of client certificates cannot be used; those before stay', {
          file,
          problem: message,
        });
      problem = message;
    }
  };
  let stopped = false;
  let cancel: () => void;
  const again = () => {
    cancel = startTimer(lookAgainMs, () => {
      void look().then(() => {
        if (!stopped) again();
      });
    });
  };
  again();
  return {
    current: () => current,
    onChange: (handler) => {
      handlers.push(handler);
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/**
 * The bundle, as it stands in the file.
 * @throws Error where one of it is no certificate of an authority, or there is none: what is meant to be believed is believed whole.
 */
async function authoritiesIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error('there is no certificate in it');
  for (const [index, pem] of certificates.entries()) {
    if (!isAuthority(pem)) throw new Error(`certificate ${index + 1} of it is none of an authority`);
  }
  return `${certificates.join('\n')}\n`;
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
