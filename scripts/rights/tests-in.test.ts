import { expect, test } from 'vitest';
import { testsIn } from './tests-in.ts';

test('tests are named after what they are described under, by whatever they are made', () => {
  const source = `
    test('alone', () => {});
    describe('a pod', () => {
      test.each([['a', 1]])('of %s', (_, value) => { expect(value).toBe(1); });
      describe.runIf(true)('that runs', () => {
        test.skipIf(false)("it's here", async () => {});
      });
    });
    test(\`of \${variables}\`, () => {});
    other('no test', () => {});
  `;
  expect(testsIn(source)).toEqual(['alone', 'a pod > of %s', "a pod > that runs > it's here"]);
});
