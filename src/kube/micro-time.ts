/**
 * A metav1.MicroTime: RFC 3339 with six digits of fraction, which the API server insists on for Leases and Events.
 * The clock of JavaScript gives three of them.
 */
export const microTime = (date: Date): string => date.toISOString().replace('Z', '000Z');
