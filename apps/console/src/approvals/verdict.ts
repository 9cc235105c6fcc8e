import type { Gate } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';

/** What a policy said at a gate, which an approval overrides. */
export interface Verdict {
  readonly id: string;
  readonly level: string;
  readonly engine: string;
  readonly digest: string;
  /** True: it did not decide, which counts as a denial. */
  readonly isUndecided: boolean;
  readonly reasons: readonly string[];
}

/**
 * The verdict in the request, which the digest covers. What the server says beside the request supplies only the name of the policy, for
 * requests of earlier versions, which do not have it.
 */
export function verdictIn({ request, policy }: Pick<Gate, 'request' | 'policy'>): Verdict | null {
  const said = request.policy as { readonly [name: string]: Json } | null | undefined;
  if (said === null || said === undefined) return null;
  const text = (name: string): string | null => (typeof said[name] === 'string' ? said[name] : null);
  const reasons = Array.isArray(said['reasons']) ? (said['reasons'] as readonly Json[]) : [];
  return {
    id: text('id') ?? policy?.id ?? 'unknown',
    level: text('level') ?? policy?.level ?? 'soft-mandatory',
    engine: text('engine') ?? '',
    digest: text('digest') ?? '',
    isUndecided: said['undecided'] === true,
    reasons: reasons.map((reason) => (typeof reason === 'string' ? reason : JSON.stringify(reason))),
  };
}
