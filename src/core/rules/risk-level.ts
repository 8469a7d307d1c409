/** How far rights lead beyond what they say. */
import { RISK_LEVELS, type RiskLevel } from '../../api/risk-level.ts';

export { RISK_LEVELS, type RiskLevel };

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
