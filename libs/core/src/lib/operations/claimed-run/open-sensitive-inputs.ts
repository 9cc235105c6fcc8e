import { sensitiveInputs } from '../../evidence/records/evidence-documents';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Plan } from '../../plan/plan';
import type { Claims } from '../../ports/runs/claims';
import type { SensitiveInputs } from '../../ports/runs/sensitive-inputs';

/**
 * Values of a run's sensitive inputs by name; null if one is missing or cannot be decrypted. Each is encrypted for its run, name and plan
 * hash, so the ciphertext of another run or input cannot be decrypted.
 */
export async function openSensitiveInputs(
  claims: Pick<Claims, 'sensitiveInputs'>,
  keys: SensitiveInputs | null,
  { tenant, runId, planHash }: { readonly tenant: TenantId; readonly runId: RunId; readonly planHash: Digest },
  plan: Plan,
): Promise<JsonObject | null> {
  const names = sensitiveInputs(plan);
  if (names.length === 0) return {};
  const stored = new Map((await claims.sensitiveInputs(tenant, runId)).map(({ name, sealed }) => [name, sealed]));
  const values: Record<string, Json> = {};
  for (const name of names) {
    const sealed = stored.get(name);
    const value = (sealed && keys?.open({ runId, name, planHash }, sealed)) ?? null;
    if (value === null) return null;
    values[name] = value;
  }
  return values;
}
