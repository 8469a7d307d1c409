/**
 * Words in a rule that the API server takes and that no request has: RBAC compares whole words, and knows no wildcard but `*` by itself
 * and `*` before a subresource (kubernetes, pkg/apis/rbac/v1, evaluation_helpers.go).
 */
import type { ScopedRule } from './right.ts';
import { faultOfUnknown } from './unknown.ts';

export interface Misspelling {
  /** Within the rule: `resources[0]`. */
  path: string;
  asked: string;
  /** Why nothing is meant by it. */
  because: string;
  /** What to write instead. */
  fix: string;
}

/** What is wrong with a word. */
export type Fault = Pick<Misspelling, 'because' | 'fix'>;
type Field = 'apiGroups' | 'resources' | 'resourceNames' | 'verbs';

/** Every word of the rule that means nothing as it is written, or something else than it seems to. */
export function misspellingsIn(rule: ScopedRule): Misspelling[] {
  const fields: readonly Field[] = ['apiGroups', 'resources', 'resourceNames', 'verbs'];
  return fields.flatMap((field) =>
    (rule[field] ?? []).flatMap((word, index) => {
      const fault = FAULTS[field](word, rule.apiGroups ?? []);
      return fault ? [{ path: `${field}[${index}]`, asked: word, ...fault }] : [];
    }),
  );
}

const FAULTS: Readonly<Record<Field, (word: string, apiGroups: readonly string[]) => Fault | undefined>> = {
  apiGroups(word) {
    const [group = '', ...versions] = word.split('/');
    if (versions.length > 0) return { because: 'a group has no version here', fix: write(group) };
    if (/^v\d+((alpha|beta)\d+)?$/.test(word))
      return {
        because: 'this is a version, and a group has none here',
        fix: `write ${quoted('')}, the core group`,
      };
    if (word.toLowerCase() === 'core') return { because: 'the core group has no name', fix: write('') };
    return strange(word) ?? wildcard(word, 'name each group');
  },
  resources(word, apiGroups) {
    const [kind = '', subresource, ...more] = word.split('/');
    if (word !== '*' && kind === '')
      return { because: 'it names no resource', fix: 'write a resource before the slash' };
    if (subresource === '' || more.length > 0)
      return { because: 'a resource has one subresource, after one slash', fix: write(kind) };
    if (subresource === '*') {
      return kind === '*'
        ? {
            because: 'this is no resource of any name',
            fix: `write ${quoted('*')}, which has all subresources in it`,
          }
        : {
            because: 'no subresource is called *',
            fix: `name each, as in ${quoted(`${kind}/status`)}`,
          };
    }
    if (kind.includes('.')) {
      const [resource = '', ...group] = kind.split('.');
      return {
        because: 'a resource is written without its group',
        fix: `write ${quoted(resource)}, and ${quoted(group.join('.'))} in apiGroups`,
      };
    }
    return (
      strangeResource(word, apiGroups) ??
      (kind === '*' ? undefined : wildcard(kind, 'name each resource')) ??
      (subresource === undefined ? undefined : wildcard(subresource, 'name each subresource'))
    );
  },
  resourceNames(word) {
    if (word === '')
      return {
        because: 'it matches every request that names no object: all of a list, and every create',
        fix: 'leave resourceNames out, where every object is meant',
      };
    if (word.includes('*'))
      return {
        because: 'names of objects know no wildcards',
        fix: word === '*' ? 'leave resourceNames out' : 'name each object',
      };
    return /\s/.test(word)
      ? { because: 'no name of an object has a blank in it', fix: write(word.trim()) }
      : undefined;
  },
  verbs(word) {
    return strange(word) ?? wildcard(word, 'name each verb');
  },
};

/** Groups, resources and verbs are in lower case (RFC 1123 subdomains; authorization, request verbs), and are compared as they are. */
function strange(word: string): Fault | undefined {
  const plain = word.trim().toLowerCase();
  if (plain === word && !/\s/.test(word)) return undefined;
  return {
    because: 'it is compared letter by letter, and is in lower case, without blanks',
    fix: write(plain),
  };
}

/** `ConfigMap` is the kind of configmaps: in lower case it would be no resource either. */
function strangeResource(word: string, apiGroups: readonly string[]): Fault | undefined {
  const fault = strange(word);
  if (!fault) return undefined;
  const unknown = faultOfUnknown(word.trim().toLowerCase(), apiGroups);
  return { ...fault, fix: unknown?.fix ?? fault.fix };
}

function wildcard(word: string, fix: string): Fault | undefined {
  if (word === '*' || !word.includes('*')) return undefined;
  return { because: 'a * within a word is no wildcard', fix };
}

function write(word: string): string {
  return `write ${quoted(word)}`;
}

function quoted(word: string): string {
  return JSON.stringify(word);
}
