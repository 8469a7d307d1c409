/** How far rights lead beyond what they say. */

/**
 * None: what every authenticated identity has anyway. Low: narrow reads and writes that lead nowhere. Medium: reads in which credentials
 * turn up by accident, harm to others’ work, or writes of which nobody knows what they do. High: rights beyond these. Critical: such
 * rights in the whole cluster, on nodes, or as anybody.
 */
export const RISK_LEVELS = ['None', 'Low', 'Medium', 'High', 'Critical'] as const;

export type RiskLevel = (typeof RISK_LEVELS)[number];

/** Whether it is as bad as the other, or worse. */
export function isAtLeast(level: RiskLevel, other: RiskLevel): boolean {
  return RISK_LEVELS.indexOf(level) >= RISK_LEVELS.indexOf(other);
}

/** The worst of them; None where there are none. */
export function worstOf(levels: Iterable<RiskLevel>): RiskLevel {
  let worst: RiskLevel = 'None';
  for (const level of levels) if (isAtLeast(level, worst)) worst = level;
  return worst;
}
