/** A piece of work whose length is roughly known. */
export interface Step {
  /** In the progressive form: "building etcd". */
  readonly doing: string;
  /** As measured on two cores. */
  readonly seconds: number;
  readonly work: () => Promise<void>;
}

/** Says what is being done, for how long already and what is left: one plain line a step, readable in a CI log. */
export interface Progress {
  /** Does the steps one after the other. */
  run(steps: readonly Step[]): Promise<void>;
  say(line: string): void;
}

/** A step that takes longer than this says every so often that it is still at it. */
const STILL_AT_IT_SECONDS = 30;

/** `3 s`, `2 min 10 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 100) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** ` 0:03`, `12:10`: minutes and seconds. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`.padStart(5);
}

/**
 * @param write writes one line, which comes without its end
 * @param now milliseconds, from any origin
 */
export function createProgress(write: (line: string) => void, now: () => number): Progress {
  const began = now();
  const secondsSince = (start: number): number => (now() - start) / 1000;
  const say = (line: string): void => {
    write(`[${clock(secondsSince(began))}] ${line}`);
  };
  return {
    say,
    async run(steps) {
      for (const [index, { doing, seconds, work }] of steps.entries()) {
        const left = steps.slice(index).reduce((sum, step) => sum + step.seconds, 0);
        const which = steps.length > 1 ? ` (${index + 1} of ${steps.length})` : '';
        const inAll = left > seconds ? `, ${duration(left)} left in all` : '';
        say(`${doing}${which}: about ${duration(seconds)}${inAll}`);
        const started = now();
        const reminder = setInterval(() => {
          say(`still ${doing}: ${duration(secondsSince(started))} of about ${duration(seconds)}`);
        }, STILL_AT_IT_SECONDS * 1000);
        try {
          await work();
        } finally {
          clearInterval(reminder);
        }
      }
    },
  };
}
