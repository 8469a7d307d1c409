/** Label selectors as the API server takes them (apimachinery, meta/v1, LabelSelectorAsSelector). */

export interface LabelSelector {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly {
    key: string;
    /** In, NotIn, Exists or DoesNotExist. */
    operator: string;
    values?: readonly string[];
  }[];
}

/** Whether all of it holds: an empty one selects everything. An operator that is not known selects nothing. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(matchLabels).every(([key, value]) => valueOf(key) === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => holds(operator, values, valueOf(key)))
  );
}

function holds(operator: string, values: readonly string[], value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

export interface SelectorFault {
  /** From the selector on: `matchExpressions[0].values`. */
  path: string;
  asked: string;
  allowed: string;
}

/** Everything for which the API server would not take it (apimachinery, meta/v1/validation, ValidateLabelSelector). */
export function selectorFaults({ matchLabels = {}, matchExpressions = [] }: LabelSelector): SelectorFault[] {
  return [
    ...Object.entries(matchLabels).flatMap(([key, value]) => [
      ...keyFaults(`matchLabels[${key}]`, key),
      ...valueFaults(`matchLabels[${key}]`, value),
    ]),
    ...matchExpressions.flatMap(({ key, operator, values = [] }, index) => {
      const path = `matchExpressions[${index}]`;
      return [
        ...keyFaults(`${path}.key`, key),
        ...numberFaults(`${path}.values`, operator, values.length),
        ...values.flatMap((value, at) => valueFaults(`${path}.values[${at}]`, value)),
      ];
    }),
  ];
}

/** Letters, digits and what may stand between them: a label's name, and its value (apimachinery, util/validation). */
const QUALIFIED = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST = { name: 63, value: 63, prefix: 253 };

function keyFaults(path: string, key: string): SelectorFault[] {
  const [name = '', prefix, ...rest] = key.split('/').toReversed();
  const isName = QUALIFIED.test(name) && name.length <= LONGEST.name;
  const isPrefix = prefix === undefined || (DNS_SUBDOMAIN.test(prefix) && prefix.length <= LONGEST.prefix);
  return isName && isPrefix && rest.length === 0
    ? []
    : [{ path, asked: key, allowed: 'a label’s key, as in team or example.com/team' }];
}

function valueFaults(path: string, value: string): SelectorFault[] {
  return value === '' || (QUALIFIED.test(value) && value.length <= LONGEST.value)
    ? []
    : [{ path, asked: value, allowed: 'a label’s value' }];
}

function numberFaults(path: string, operator: string, count: number): SelectorFault[] {
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues === count > 0) return [];
  return [
    {
      path,
      asked: `${operator} with ${count === 1 ? '1 value' : `${count} values`}`,
      allowed: takesValues ? 'at least one value' : 'no values',
    },
  ];
}
