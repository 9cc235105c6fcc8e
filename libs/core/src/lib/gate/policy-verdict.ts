import type { Digest } from '../foundation/ids';
import { isJsonObject, type Json } from '../foundation/json';
import type { PolicyLevel } from '../plan/plan';

/** The result of a policy. `undecided` counts as a denial and never opens a gate. */
type PolicyResult = 'allow' | 'deny' | 'undecided';

/** A policy's verdict at a gate. The reasons are computed by the policy from values of the run and may contain anything. */
export interface PolicyVerdict {
  readonly id: string;
  readonly level: PolicyLevel;
  readonly engine: string;
  /** Digest of the policy's source. */
  readonly digest: Digest;
  readonly result: PolicyResult;
  readonly reasons: readonly string[];
}

/** A verdict with a limited number of reasons of limited length, for a row or a list. */
export interface ShownVerdict extends PolicyVerdict {
  /** Number of further reasons. */
  readonly omittedReasons: number;
}

/** The answer of a policy engine, as journaled. */
interface Judged {
  readonly allow: boolean;
  readonly undecided: boolean;
  readonly reasons: readonly string[];
  readonly engine: string;
  readonly digest: Digest;
}

/** The verdict of a policy of the plan. */
export function verdictOf(
  { id, level }: { readonly id: string; readonly level: PolicyLevel },
  judged: Judged,
): PolicyVerdict {
  const { engine, digest, reasons } = judged;
  return { id, level, engine, digest, result: resultOf(judged), reasons: [...reasons] };
}

function resultOf({ allow, undecided }: Pick<Judged, 'allow' | 'undecided'>): PolicyResult {
  return undecided ? 'undecided' : allow ? 'allow' : 'deny';
}

/**
 * The verdict in a gate request, which people are asked to override. Null if the gate has no policy. Requests of earlier versions have no
 * `id` and no `level`: `known` supplies them, and without it there is no verdict.
 */
export function verdictInRequest(
  policy: Json,
  known: Pick<PolicyVerdict, 'id' | 'level'> | null,
): PolicyVerdict | null {
  if (!isJsonObject(policy)) return null;
  const named = policy as unknown as Judged & Partial<Pick<PolicyVerdict, 'id' | 'level'>>;
  const { id = known?.id, level = known?.level } = named;
  return id === undefined || level === undefined ? null : verdictOf({ id, level }, named);
}

/** Shortens a verdict to `count` reasons of `characters` (UTF-16 units) each. */
export function shortenVerdict(verdict: PolicyVerdict, count: number, characters: number): ShownVerdict {
  const reasons = verdict.reasons.slice(0, count).map((reason) => cut(reason, characters));
  return { ...verdict, reasons, omittedReasons: verdict.reasons.length - reasons.length };
}

function cut(text: string, characters: number): string {
  // A surrogate pair is never split.
  return text.length <= characters ? text : `${text.slice(0, characters).replace(/[\ud800-\udbff]$/, '')}…`;
}

const SAID: Readonly<Record<PolicyResult, string>> = {
  allow: 'allowed it',
  deny: 'denied it',
  undecided: 'did not decide, which denies it',
};

/** A verdict without its reasons: `policy no-friday (soft-mandatory) denied it`. */
export function verdictTitle({ id, level, result }: Pick<PolicyVerdict, 'id' | 'level' | 'result'>): string {
  return `policy ${id} (${level}) ${SAID[result]}`;
}

/** The same with its reasons, in one line. */
export function verdictText(verdict: PolicyVerdict & { readonly omittedReasons?: number }): string {
  const { reasons, omittedReasons = 0 } = verdict;
  if (reasons.length === 0) return `${verdictTitle(verdict)}; no reasons are known`;
  const more = omittedReasons > 0 ? `; and ${omittedReasons} more reasons` : '';
  return `${verdictTitle(verdict)}: ${reasons.map(oneLine).join('; ')}${more}`;
}

/** A text on one line. Controls and line separators are escaped as `\u{…}`. */
export function oneLine(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
