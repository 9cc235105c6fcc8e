import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Plan } from './plan';
import type { Receipt } from './plan-request';

/** A plan's hash and receipt (docs/guides/writing-packs.md, What changes the plan hash): `sha256(RFC 8785(plan))`, and the same of each of its components. */
export function hashPlan(plan: Plan): {
  readonly planHash: Digest;
  readonly receipt: Receipt;
  /** RFC 8785 of the plan. */
  readonly text: string;
} {
  const texts = Object.entries(plan as unknown as Readonly<Record<string, Json>>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => [name, canonical(part)] as const);
  const text = `{${texts.map(([name, part]) => `${canonical(name)}:${part}`).join(',')}}`;
  return {
    planHash: sha256(text),
    receipt: Object.fromEntries(texts.map(([name, part]) => [name, sha256(part)])),
    text,
  };
}

/** Names of the components that differ between two receipts, sorted. A component of only one receipt differs. */
export function compareReceipts(a: Receipt, b: Receipt): readonly string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.filter((name) => !Object.hasOwn(a, name) || !Object.hasOwn(b, name) || a[name] !== b[name]);
}
