/** Fields of one log line. Never a token, never a whole object: names, UIDs, codes, durations. */
export type LogFields = Readonly<Record<string, unknown>>;

/** All that this project's packages need of a logger; the composition root hands in the real one. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same logger with these fields on every line. */
  child(fields: LogFields): Logger;
}

/** Says nothing: for callers that do not want to hear of it, such as the command line and tests. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
