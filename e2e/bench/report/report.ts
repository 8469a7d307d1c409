/** All that one run has to say: as JSON with every sample, and as tables. */
import type { ActivationResult } from '../measure/activation.ts';
import type { AdmissionResult } from '../measure/admission.ts';
import type { JudgingResult } from '../measure/judging.ts';
import type { MemoryResult } from '../measure/memory.ts';
import type { MintResult } from '../measure/mint.ts';
import type { ReviewsResult } from '../measure/reviews.ts';
import type { RevocationResult } from '../measure/revocation.ts';
import { renderTable } from '../table.ts';
import { activationSection } from './activation.ts';
import { admissionSection } from './admission.ts';
import type { Aim, Section } from './aim.ts';
import { judgingSection } from './judging.ts';
import { memorySection } from './memory.ts';
import { mintSection } from './mint.ts';
import { reviewsSection } from './reviews.ts';
import { revocationSection } from './revocation.ts';

/** On what it was measured: without that a number says nothing. */
export interface Environment {
  readonly startedAt: string;
  readonly seconds: number;
  readonly kubernetes: string;
  readonly node: string;
  readonly cpus: number;
  readonly cpuModel: string;
  /** Processes that wanted to run, on average of the minute before the first measurement. */
  readonly loadBefore: number;
  /** Too few samples to judge by. */
  readonly quick: boolean;
}

export interface Results {
  readonly judging?: JudgingResult;
  readonly activation?: ActivationResult;
  /** With few grants in the cluster, then with many. */
  readonly admission?: readonly AdmissionResult[];
  readonly mint?: MintResult;
  readonly revocation?: RevocationResult;
  readonly memory?: MemoryResult;
  readonly reviews?: ReviewsResult;
}

export function sectionsOf({
  judging,
  activation,
  admission,
  mint,
  revocation,
  memory,
  reviews,
}: Results): Section[] {
  return [
    ...(judging ? [judgingSection(judging)] : []),
    ...(activation ? [activationSection(activation)] : []),
    ...(admission ? [admissionSection(admission)] : []),
    ...(mint ? [mintSection(mint)] : []),
    ...(revocation ? [revocationSection(revocation)] : []),
    ...(memory ? [memorySection(memory)] : []),
    ...(reviews ? [reviewsSection(reviews)] : []),
  ];
}

export function aimsOf(results: Results): Aim[] {
  return sectionsOf(results).flatMap(({ aims }) => aims);
}

export function renderReport(environment: Environment, results: Results): string {
  const sections = sectionsOf(results);
  return [
    renderEnvironment(environment),
    ...sections.map(({ title, columns, rows }) => `${title}\n\n${renderTable(columns, rows)}`),
    renderTable(
      ['Aim', 'wanted', 'measured', 'met'],
      aimsOf(results).map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? 'yes' : 'NO']),
    ),
  ].join('\n\n');
}

function renderEnvironment(environment: Environment): string {
  const { kubernetes, node, cpus, cpuModel, loadBefore, startedAt, seconds, quick } = environment;
  const busy = loadBefore > cpus / 2;
  return [
    `Kubernetes ${kubernetes}, Node ${node} as load generator, ${cpus} × ${cpuModel}, all on one machine.`,
    `Begun ${startedAt}, done after ${(seconds / 60).toFixed(1)} min; load average before: ${loadBefore.toFixed(2)}.`,
    ...(busy ? ['The machine was busy with other things: the figures are worse than they would be.'] : []),
    ...(quick ? ['A quick run: too few samples to judge by.'] : []),
    'Compare ratios within one run, never times of two; differences under 20 % are noise.',
  ].join('\n');
}
