/** Colours of a terminal. */

/** Of ECMA-48 (SGR). */
const COLOURS = { red: 31, green: 32, dim: 2, bold: 1 } as const;

export type Paint = (colour: keyof typeof COLOURS, text: string) => string;

/** Paints where the terminal takes colours, and leaves the text as it is elsewhere. */
export function inColour(colours: boolean): Paint {
  return (colour, text) => (colours ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text);
}
