/** What is to refuse the escapes: the product, or whatever it is compared with. */
import { ENFORCE_LABEL } from '../../src/api/group.ts';
import type { Client } from '../../src/kube/client.ts';
import { untilPhase, type Outcome } from '../grant/testbed.ts';
import type { Escape } from './catalogue.ts';
import type { WrittenObject } from './object-text.ts';

export interface Enforcer {
  readonly name: string;
  /** The labels of a namespace in which it judges pods. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Returns when pods under the grant are judged by it, with the name of the account that they are to run as. */
  ready(client: Client, grant: { namespace: string; name: string }): Promise<string>;
  /**
   * What its author has to write into a pod, or into what makes pods, before this lets it pass; left out where that is nothing.
   * Only then is a refusal one of what the escape tries.
   */
  writtenOut?(object: WrittenObject, account: string): WrittenObject;
  /** What an outcome lacks to be its refusal of the escape; undefined where that is nothing. */
  lacks(outcome: Outcome, escape: Escape): string | undefined;
}

/** Sixty grants and more are made at once. */
const PATIENCE_MS = 300_000;

/** The installed product. A refusal has each of the codes that the escape names. */
export const product: Enforcer = {
  name: 'TaskGrant',
  namespaceLabels: { [ENFORCE_LABEL]: 'granted' },
  async ready(client, grant) {
    const { status } = await untilPhase(client, grant, 'Active', PATIENCE_MS);
    return status?.serviceAccountName ?? '';
  },
  lacks({ code, stdout, stderr }, { codes }) {
    if (code === 0) return `a refusal: ${stdout}`;
    const denied = codesOf(stderr);
    const missing = codes.filter((each) => !denied.includes(each));
    return missing.length === 0 ? undefined : `${missing.join(', ')}: ${stderr}`;
  },
};

/**
 * The codes in a denial's headline, `… (2 violations: A, B):`; or the one behind it, `… (1 violation): A path: …`, or that a policy of
 * the floor says, `… denied request: A path: …`.
 */
export function codesOf(denial: string): string[] {
  const [, headline, code = ''] =
    /\(\d+ violations?: ([^)]*)\)|(?:\(1 violation\)|denied request): ([A-Z]\w+) /u.exec(denial) ?? [];
  return headline === undefined ? [code] : headline.split(', ');
}
