import type { Digest } from '../../foundation/ids';
import type { ReportedDecision, ReportedGate } from './report';

/** How people answered a request to override a policy. */
export interface Override {
  readonly outcome: ReportedGate['outcome'];
  /** The decisions that counted. */
  readonly people: readonly ReportedDecision[];
}

/** The answer at the gate whose digest a verdict names as its override; null if nobody was asked. */
export function overrideOf(gates: readonly ReportedGate[], digest: Digest | null): Override | null {
  if (digest === null) return null;
  const gate = gates.find((one) => one.digest === digest);
  return { outcome: gate?.outcome ?? 'closed', people: (gate?.decisions ?? []).filter(({ counted }) => counted) };
}
