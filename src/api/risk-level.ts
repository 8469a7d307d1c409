/** How far rights lead beyond what they say: the levels that both kinds name. */

/**
 * None: what every authenticated identity has anyway. Low: narrow reads and writes that lead nowhere. Medium: reads in which credentials
 * turn up by accident, harm to others’ work, or writes of which nobody knows what they do. High: rights beyond these. Critical: such
 * rights in the whole cluster, on nodes, or as anybody.
 */
export const RISK_LEVELS = ['None', 'Low', 'Medium', 'High', 'Critical'] as const;

export type RiskLevel = (typeof RISK_LEVELS)[number];
