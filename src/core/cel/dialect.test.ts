import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDialect, evaluationOf, isFault, type Verdict } from './dialect.ts';

const { compile } = createDialect({
  grant: {
    fields: {
      name: 'string',
      maxPods: 'int',
      suspend: 'bool',
      labels: 'map<string, string>',
      tokens: { list: { fields: { audience: 'string', expirationSeconds: 'int' } } },
      verbs: 'list<string>',
      limits: { fields: { writes: 'int' } },
    },
  },
  now: 'google.protobuf.Timestamp',
  any: 'dyn',
});

const VALUES = {
  grant: {
    name: 'summarise',
    maxPods: 3,
    suspend: false,
    labels: { team: 'agents' },
    tokens: [
      { audience: 'https://tools.example', expirationSeconds: 900 },
      { audience: 'https://mail.example', expirationSeconds: 600 },
    ],
    verbs: ['get', 'list'],
  },
  now: new Date('2026-11-23T07:59:30.250Z'),
  any: { text: 'a', count: 2, share: 0.5, nothing: null, list: [1, 2, 3], 'a key': true },
};

/** @throws Error with the fault where the source has one */
function judge(source: string, values: Record<string, unknown> = VALUES, steps?: number): Verdict {
  const compiled = compile(source);
  if (isFault(compiled)) throw new Error(`${source}: ${compiled.message}`);
  return evaluationOf(values, steps).judge(compiled);
}

function faultOf(source: string): string {
  const compiled = compile(source);
  return isFault(compiled) ? `${compiled.message} (${compiled.line}:${compiled.column})` : 'none';
}

describe('what holds', () => {
  test.each([
    'true',
    'grant.maxPods > 1',
    'grant.maxPods + 1 == 4 && grant.maxPods / 2 == 1 && -grant.maxPods % 2 == -1',
    'grant.maxPods * 2 - 1 <= 5 && grant.maxPods >= 3 && grant.maxPods < 3.5',
    'double(grant.maxPods) / 2.0 == 1.5',
    '!grant.suspend',
    "grant.name == 'summarise' && grant.name != 'other' && grant.name < 't'",
    "grant.labels.team == 'agents' && grant.labels['team'] == 'agents'",
    "'team' in grant.labels && !('tier' in grant.labels)",
    'has(grant.labels) && !has(grant.limits) && !has(grant.labels.tier)',
    'has(any.text) && !has(any.other) && has(any.nothing)',
    'any.nothing == null && any.text != null',
    "any['a key'] == true",
    "grant.tokens.all(t, t.expirationSeconds <= 900) && grant.tokens.exists(t, t.audience.contains('mail'))",
    "grant.tokens.exists_one(t, t.audience.startsWith('https://tools.'))",
    "grant.tokens.filter(t, t.expirationSeconds > 600).size() == 1 && grant.tokens.map(t, t.audience)[1].endsWith('.example')",
    "grant.tokens.map(t, t.expirationSeconds > 600, t.audience) == ['https://tools.example']",
    "grant.labels.all(key, grant.labels[key] != '')",
    "grant.verbs == ['get', 'list'] && 'get' in grant.verbs && grant.verbs + ['watch'] == ['get', 'list', 'watch']",
    "grant.verbs.all(v, v in ['get', 'list', 'watch'])",
    'any.list[0] == 1 && any.list.size() == 3 && size(any.list) == 3',
    'any.count == 2 && any.count + 1 == 3 && any.share < 1.0',
    "{'a': 1, 'b': 2}['b'] == 2 && {1: 'one'}[1] == 'one'",
    "grant.suspend ? false : grant.name.matches('^[a-z]+$')",
    "'SUMMarise'.lowerAscii() == grant.name && grant.name.upperAscii() == 'SUMMARISE' && ' a '.trim() == 'a'",
    "'a,b,c'.split(',') == ['a', 'b', 'c'] && ['a', 'b'].join('-') == 'a-b' && ['a', 'b'].join() == 'ab'",
    "'a' + 'b' == 'ab' && 'aé😀'.size() == 3",
    "string(grant.maxPods) == '3' && int('42') == 42 && double('1.5') == 1.5 && bool('true') && int(2.9) == 2",
    "now.getHours() == 7 && now.getHours('Europe/Berlin') == 8 && now.getHours('+02:00') == 9",
    'now.getDayOfWeek() == 1 && now.getFullYear() == 2026 && now.getMonth() == 10 && now.getDate() == 23',
    'now.getDayOfMonth() == 22 && now.getDayOfYear() == 326 && now.getSeconds() == 30 && now.getMilliseconds() == 250',
    "now.getDate('Pacific/Auckland') == 23 && timestamp('2026-11-23T23:30:00Z').getDate('Pacific/Auckland') == 24",
    "now > timestamp('2026-11-23T07:59:30Z') && now - timestamp('2026-11-23T06:59:30.25Z') == duration('1h')",
    "now + duration('30s') > timestamp('2026-11-23T08:00:00Z') && string(now) == '2026-11-23T07:59:30.25Z'",
    "duration('1h30m') > duration('89m') && duration('90s').getMinutes() == 1 && string(duration('1m1.5s')) == '61.5s' && int(now) == 1795420770",
    'cel.bind(most, 900, grant.tokens.all(t, t.expirationSeconds <= most))',
    // Whatever is wrong with one side, the other may decide.
    'any.missing || true',
    '!(any.missing && false)',
    'any.list.exists(i, i == 2 || any.missing)',
    '!any.list.all(i, i != 2 && any.missing)',
    "dyn(1) != 'a' && dyn(1) == 1.0",
    // As CEL's own vectors have it (google/cel-spec, tests/simple).
    "'a b c'.split(' ', 2) == ['a', 'b c'] && 'a b c'.split(' ', 1) == ['a b c'] && 'a b c'.split(' ', 0) == []",
    "'a b'.split(' ', -1) == ['a', 'b'] && '😀'.split('').size() == 1",
    "'\\u0085a\\u2003'.trim() == 'a' && '\\ufeffa'.trim() != 'a'",
    "bool('T') && !bool('0')",
    "string(1000000.0) == '1e+06' && string(0.00001) == '1e-05' && string(2.5) == '2.5'",
    "int(timestamp('1969-12-31T23:59:59.5Z')) == -1 && timestamp('0099-12-31T00:00:00Z').getDayOfYear() == 364",
    'dyn(9007199254740993) == 9007199254740992.0',
    '(any.count == 2) == (2 in any.list) && any.count == (1 + 1)',
    '-9223372036854775808 < 0',
  ])('%s', (source) => {
    expect(judge(source)).toBe(true);
  });
});

describe('what cannot be told is said with its place, and without any data', () => {
  test.each([
    ['grant.limits.writes > 1', 'no limits there, at line 1, column 7'],
    ["grant.labels['tier'] == 'x'", 'no such key, at line 1, column 1'],
    ['any.list[3] == 1', 'nothing at that index, at line 1, column 1'],
    ['1 / (grant.maxPods - 3) == 1', 'division by zero, at line 1, column 1'],
    ['9223372036854775807 + grant.maxPods > 0', 'integer overflow, at line 1, column 1'],
    ['any.text > 1', '> between values that have no order, at line 1, column 1'],
    ['any.text + 1 == 2', '+ between values that cannot be added, at line 1, column 1'],
    ['!(0.0 / 0.0 < 1.0)', '< between values that have no order, at line 1, column 3'],
    ['dyn(-9223372036854775808) % -1 == 0', 'integer overflow, at line 1, column 1'],
    ['int(-9223372036854775808.0) < 0', 'no int, at line 1, column 1'],
    ["double('1e999') > 1.0", 'no double, at line 1, column 1'],
    ["timestamp('2009-02-30T00:00:00Z') < now", 'no time of RFC 3339, at line 1, column 1'],
    ["timestamp('2009-02-28T24:00:00Z') < now", 'no time of RFC 3339, at line 1, column 1'],
    ["now.getHours('utc') == 7", 'no such time zone, at line 1, column 1'],
    ['int(any.text) == 1', 'no int, at line 1, column 1'],
    ["now.getHours('Nowhere/There') == 1", 'no such time zone, at line 1, column 1'],
    ["duration(any.text) == duration('1s')", 'no duration such as 1h30m, at line 1, column 1'],
    ['any.text.size() == 1 &&\n  any.count.size() == 1', 'no size() of such values, at line 2, column 3'],
    ['any.text.all(c, true)', 'all() of what is neither a list nor a map, at line 1, column 1'],
    ['any.list.all(i, any.text && true)', 'no bool, at line 1, column 21'],
    ['any.text ? true : false', 'no bool, at line 1, column 5'],
    ['has(any.text.more)', 'has() of a field more of what has none, at line 1, column 1'],
  ])('%s', (source, error) => {
    expect(judge(source)).toEqual({ error });
  });

  test('a variable that is not known', () => {
    expect(judge('any.text == null', {})).toEqual({ error: 'no variable any, at line 1, column 1' });
  });
});

const FAULTS: readonly (readonly [string, unknown])[] = [
  ['any.text', 'must be a bool, and is of type dyn (1:5)'],
  ['grant.maxPods', 'must be a bool, and is of type int (1:7)'],
  ['grant.maxpods > 1', 'No such key: maxpods (1:7)'],
  ['grant.maxPods > "1"', 'no such overload: int > string (1:1)'],
  ['true &&\n  nobody == 1', 'no variable nobody: there are grant, now, any (2:3)'],
  ['grant.maxPods >', 'Unexpected token: EOF (1:16)'],
  ['foo(1)', 'no function foo (1:1)'],
  ["'a'.foo()", 'no method foo (1:1)'],
  ["'a'.constructor()", 'no method constructor (1:1)'],
  ['toString()', 'no function toString (1:1)'],
  ["b'a' == b'a'", 'bytes and unsigned integers are not supported (1:1)'],
  ['1u == 1u', 'bytes and unsigned integers are not supported (1:1)'],
  ['type(1) == int', 'no function type (1:1)'],
  ['int == int', 'no variable int: there are grant, now, any (1:1)'],
  ['optional.of(1) == optional.none()', 'no method of (1:1)'],
  ["grant.name.matches('(a')", 'error parsing regexp: missing closing ): `(a` (1:20)'],
  ['grant.name.matches(any.text)', 'the pattern of matches() is written out (1:20)'],
  ["grant.name.matches('(?=a)')", expect.stringContaining('error parsing regexp')],
  [
    "grant.name.matches('(aaaaaaaaaaaaaaaa){1000}')",
    'the patterns of the expression are too large together (1:20)',
  ],
  ["[['a']].size() == 1", expect.stringContaining('cannot hold another one')],
  ["['a'].map(x, [x]).size() == 1", expect.stringContaining('cannot hold another one')],
  ["cel.bind(x, ['a'], [x].size() == 1)", expect.stringContaining('cannot hold another one')],
  ["{grant.name: 1}['a'] == 1", expect.stringContaining('keys of a map are written out')],
  ["{'a': 1, 'a': 2}['a'] == 1", 'a map with a key twice (1:1)'],
  ['has(grant)', expect.stringContaining('has() takes a field')],
  ['true'.padEnd(10_241), 'longer than 10240 characters (1:1)'],
  ['!'.repeat(10_000) + 'true', expect.stringContaining('too many parts')],
  ['-'.repeat(10_000) + '1 == 1', expect.stringContaining('too many parts')],
  ['('.repeat(1000) + 'true' + ')'.repeat(1000), expect.stringContaining('Exceeded maxDepth')],
  [Array(150).fill('true').join(' && '), expect.stringContaining('too many parts within one another')],
  [`${Array(3000).fill('1').join('+')} == 1`, expect.stringContaining('Exceeded maxAstNodes')],
  ['', 'Unexpected token: EOF (1:1)'],
  // The parser reads the first as any.count == (2 in any.list), and CEL as (any.count == 2) in any.list.
  ['any.count == 2 in any.list', 'parentheses must say what == is of (1:1)'],
  ["any.text != ')' < any.text", expect.stringContaining('parentheses must say what != is of')],
  ['9223372036854775808 > 1', expect.stringContaining('an int has 64 bits')],
];

describe('what is not compiled is said with its place', () => {
  test.each(FAULTS.map(([source, fault]) => [source.slice(0, 60), source, fault] as const))(
    '%s',
    (_, source, fault) => {
      expect(faultOf(source)).toEqual(fault);
    },
  );
});

describe('an evaluation ends within its budget', () => {
  const HUNDRED = `[${Array.from({ length: 100 }, (_, i) => i).join(',')}]`;
  const doubled = (times: number, start: string) =>
    Array.from({ length: times }).reduce<string>(
      (sum, _, i) => `cel.bind(x${i}, ${sum}, x${i} + x${i})`,
      start,
    );
  test.each([
    [
      'a hundred to the fourth',
      `cel.bind(l, ${HUNDRED}, l.all(a, l.all(b, l.all(c, l.all(d, a + b + c + d >= 0)))))`,
    ],
    [
      'errors that others absorb',
      `cel.bind(l, ${HUNDRED}, l.all(a, l.all(b, l.all(c, any.missing || true))))`,
    ],
    ['a text that doubles', `${doubled(40, "'abcdefgh'")}.size() > 0`],
    ['a list that doubles', `${doubled(40, '[1]')}.size() > 0`],
    ['texts compared', `cel.bind(t, ${doubled(16, "'abcdefgh'")}, ${HUNDRED}.all(i, t == t + ''))`],
    ['texts sought', `cel.bind(t, ${doubled(13, "'aaaaaaaa'")}, t.contains('b' + t))`],
    [
      'a join with a long separator',
      `cel.bind(t, ${doubled(12, "'aaaaaaaa'")}, t.split('').join(t).size() > 0)`,
    ],
    ['times written', `cel.bind(l, ${HUNDRED}, l.all(a, l.all(b, string(now) != '')))`],
    ['time zones', `cel.bind(l, ${HUNDRED}, l.all(a, l.all(b, now.getHours('Europe/Berlin') >= 0)))`],
  ])('%s', (_, source) => {
    expect(judge(source)).toEqual({ error: 'it takes too many steps' });
  });

  test('also where something else would be decisive: too many steps are no yes', () => {
    const endless = `cel.bind(l, ${HUNDRED}, l.all(a, l.all(b, l.all(c, l.all(d, true)))))`;
    expect(judge(`(${endless}) || true`)).toEqual({ error: 'it takes too many steps' });
  });

  test('a pattern that backtracks for ever elsewhere', () => {
    const text = 'a'.repeat(5000);
    expect(judge("any.text.matches('(a+)+$')", { any: { text: `${text}!` } })).toBe(false);
  });

  test('with what it is evaluated on: to make that ready takes steps too, once', () => {
    const compiled = compile('any.size() > 0');
    if (isFault(compiled)) throw new Error(compiled.message);
    const any = Array.from({ length: 100 }, () => ({ name: 'a' }));
    expect(evaluationOf({ any }, 200).judge(compiled)).toEqual({ error: 'it takes too many steps' });
    const enough = evaluationOf({ any }, 210);
    expect([1, 2].map(() => enough.judge(compiled))).toEqual([true, true]);
  });

  test('which the expressions of one decision share', () => {
    const compiled = compile('grant.tokens.all(t, t.expirationSeconds > 0)');
    if (isFault(compiled)) throw new Error(compiled.message);
    const evaluation = evaluationOf(VALUES, 40);
    expect([1, 2, 3].map(() => evaluation.judge(compiled))).toEqual([
      true,
      true,
      { error: 'it takes too many steps' },
    ]);
  });
});

test('nothing is inherited: there is no prototype to read', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'prototype', 'hasOwnProperty', 'length'])
    expect(judge(`has(any.a) || any['${name}'] != null`, { any: {} })).toMatchObject({
      error: expect.stringContaining('no such key') as string,
    });
});

test('a key named as a prototype is one of the data’s', () => {
  expect(judge("any['__proto__'] == 'x'", { any: JSON.parse('{"__proto__": "x"}') as object })).toBe(true);
});

test('a source that was compiled is not compiled again, and there is an end to how many are kept', () => {
  const source = 'grant.maxPods > 1 && true';
  const compiled = compile(source);
  expect(compile(source)).toBe(compiled);
  for (let i = 0; i < 40; i++) compile(`grant.maxPods > ${i} //`.padEnd(10_000, 'x'));
  expect(compile(source)).not.toBe(compiled);
});

const NAMES = ['grant', 'any', 'now', 'x', 'y', 'nobody'];
const FIELDS = ['name', 'maxPods', 'tokens', 'labels', 'list', 'text', 'missing', 'count'];
/** Mostly well-formed, and often ill-typed. */
const SOURCES = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('1', '0', '2.5', "'a'", "''", 'true', 'null', '[]', "['a', 'b']", "{'a': 1}", ...NAMES),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '==', '<', 'in', '&&', '||'),
        tie('expression'),
      )
      .map(([left, op, right]) => `(${left} ${op} ${right})`),
    fc.tuple(tie('expression'), fc.constantFrom(...FIELDS)).map(([of, field]) => `${of}.${field}`),
    fc.tuple(tie('expression'), tie('expression')).map(([of, by]) => `${of}[${by}]`),
    fc.tuple(fc.constantFrom('!', '-'), tie('expression')).map(([op, of]) => `${op}${of}`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'exists', 'map', 'filter'),
        fc.constantFrom('x', 'y'),
        tie('expression'),
      )
      .map(([of, name, variable, body]) => `${of}.${name}(${variable}, ${body})`),
    fc
      .tuple(fc.constantFrom('size', 'string', 'int', 'duration', 'timestamp', 'dyn'), tie('expression'))
      .map(([name, of]) => `${name}(${of})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('contains', 'split', 'join', 'matches', 'getHours'),
        tie('expression'),
      )
      .map(([of, name, arg]) => `${of}.${name}(${arg})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([is, yes, no]) => `(${is} ? ${yes} : ${no})`),
    fc
      .tuple(fc.constantFrom('x', 'y'), tie('expression'), tie('expression'))
      .map(([name, of, within]) => `cel.bind(${name}, ${of}, ${within})`),
  ),
})).expression;

describe('whatever is written', () => {
  test('it is compiled or has a fault with a place in it, and what is compiled is judged, the same each time', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          SOURCES,
          SOURCES.map((of) => `dyn(${of}) == dyn(1)`),
          fc.string(),
        ),
        (source) => {
          const compiled = compile(source);
          if (isFault(compiled)) {
            expect(compiled.message).not.toBe('');
            expect(compiled.line).toBeGreaterThan(0);
            expect(compiled.line).toBeLessThanOrEqual(source.split('\n').length);
            return;
          }
          const verdict = evaluationOf(VALUES, 5000).judge(compiled);
          expect(typeof verdict === 'boolean' || verdict.error !== '').toBe(true);
          expect(evaluationOf(VALUES, 5000).judge(compiled)).toEqual(verdict);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('what an error says is not in the data', () => {
    fc.assert(
      fc.property(SOURCES, (of) => {
        const compiled = compile(`dyn(${of}) == dyn(any.secret) && any.secret > 1`);
        if (isFault(compiled)) return;
        const secret = 'hunter2-'.repeat(4);
        const verdict = evaluationOf({ ...VALUES, any: { secret, list: [secret] } }, 5000).judge(compiled);
        expect(JSON.stringify(verdict)).not.toContain('hunter2');
      }),
      { numRuns: 500 },
    );
  });

  test('more steps never change a verdict but from too many', () => {
    fc.assert(
      fc.property(SOURCES, fc.integer({ min: 1, max: 500 }), (of, steps) => {
        const compiled = compile(`dyn(${of}) == dyn(1)`);
        if (isFault(compiled)) return;
        const verdict = evaluationOf(VALUES, steps).judge(compiled);
        if (typeof verdict !== 'boolean' && verdict.error === 'it takes too many steps') return;
        expect(evaluationOf(VALUES, steps * 10).judge(compiled)).toEqual(verdict);
      }),
      { numRuns: 1000 },
    );
  });
});
