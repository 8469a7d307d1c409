/** The names of the tests in a file, without running them. */
import ts from 'typescript';

/** Each after the names of what it is described under, as vitest prints it: `a pod > keeps its label`. Those made of variables are left out. */
export function testsIn(source: string): string[] {
  const tests: string[] = [];
  const look = (node: ts.Node, under: readonly string[]): void => {
    const called = ts.isCallExpression(node) ? calledBy(node) : undefined;
    if (called?.by === 'test') tests.push([...under, called.name].join(' > '));
    const within = called?.by === 'describe' ? [...under, called.name] : under;
    ts.forEachChild(node, (child) => {
      look(child, within);
    });
  };
  look(ts.createSourceFile('tests.ts', source, ts.ScriptTarget.Latest), []);
  return tests;
}

/** `test('…')`, `test.each(…)('…')`, `describe.runIf(…)('…')`: by what, and with which name. */
function calledBy({
  expression,
  arguments: [name],
}: ts.CallExpression): { by: string; name: string } | undefined {
  if (!name || !ts.isStringLiteralLike(name)) return undefined;
  let by: ts.Expression = expression;
  while (!ts.isIdentifier(by)) {
    if (!ts.isCallExpression(by) && !ts.isPropertyAccessExpression(by)) return undefined;
    by = by.expression;
  }
  return { by: by.text, name: name.text };
}
