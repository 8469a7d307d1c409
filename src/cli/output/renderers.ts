import { renderGithub } from './github.ts';
import { renderJson } from './json.ts';
import type { Render } from './report.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** By the value of `-o`. */
export const RENDERERS = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  github: renderGithub,
} as const satisfies Record<string, Render>;

export type Format = keyof typeof RENDERERS;
