/** The part of Vitest's JSON report (`--reporter=json`) that says what failed. */
export interface Report {
  testResults: readonly {
    /** The path of the file. */
    name: string;
    status: string;
    /** Why the file itself failed: it could not be loaded, or a hook of it threw. */
    message: string;
    assertionResults: readonly {
      fullName: string;
      status: string;
      failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** Lines of one message that are shown: what was expected and what came is said in the first ones. */
const MOST_LINES = 12;

/** What failed, one test after the other with the beginning of its message. Empty where nothing did. */
export function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`✗ ${name}`, ...beginning(message)] : [];
    return failed.flatMap(({ fullName, failureMessages }) => [
      `✗ ${fullName}`,
      ...(failureMessages ?? []).flatMap(beginning),
    ]);
  });
}

function beginning(message: string): string[] {
  return message
    .split('\n')
    .slice(0, MOST_LINES)
    .map((line) => `    ${line}`);
}
