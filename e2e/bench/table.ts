/** Plain text for terminals and logs: the first column to the left, numbers to the right. */
export function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const render = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [render(columns), rule, ...rows.map(render)].join('\n');
}

/** `4.21 ms`, `184 ms`, `10.02 s`: three digits that mean something, or a little more. */
export function milliseconds(ms: number): string {
  if (ms >= 9_999.5) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 99.95 ? 2 : 0)} ms`;
}

/** `34.2 µs`, `1.03 ms`: of what takes less than one. @param ms milliseconds */
export function microseconds(ms: number): string {
  const us = ms * 1000;
  return us >= 999.5 ? milliseconds(ms) : `${us.toFixed(us < 99.95 ? 1 : 0)} µs`;
}

/** `3.14 ×` */
export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

/** `512` a second. */
export function perSecond(rate: number): string {
  return rate.toFixed(rate < 99.5 ? 1 : 0);
}

/** `184 MiB` */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
