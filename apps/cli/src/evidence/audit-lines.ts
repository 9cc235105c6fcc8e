import { restrictedAuthorityOf, type AuditVerification, type TrustFile } from '@taskrunner/core/evidence';
import { safeLine } from '../terminal/safe-text';

/** What to do if a check fails. */
const HELP: Readonly<Record<AuditVerification['checks'][number]['name'], string>> = {
  'trust.current': 'Get the current trust file from whoever issues it.',
  'trust.authority':
    'Use the trust file of a production installation. The option in parentheses accepts these keys, for trials.',
  'checkpoints.signature':
    'Use checkpoints that you kept, and the trust file with the key of usage checkpoint that signed them. --tenant selects those of one tenant.',
  'checkpoints.agree':
    'Different chains were shown. Keep both checkpoints, and ask the operator for the chain of each.',
  'audit.chain':
    'Export the chain again from its first entry, to another path. If that fails too, entries were altered: ask the operator.',
  'audit.complete':
    'Export the chain again from its first entry, to another path. If that fails too, entries that a checkpoint covers were removed or altered: ask the operator.',
};

/** The text of a verification of an audit chain for people: the checks, what to do about those that fail, whose keys they rely on, and the verdict last. */
export function auditLines(verification: AuditVerification, trust: Pick<TrustFile, 'keys'>): readonly string[] {
  return [
    ...verification.checks.map(({ name, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(21)} ${detail}`),
    ...helpFor(verification),
    ...keysInWords(trust),
    verdictOf(verification),
  ].map(safeLine);
}

/** Without checkpoints nothing is known about the export, so nobody is told that it is not complete. */
function helpFor({ checks }: AuditVerification): readonly string[] {
  const failing = checks.flatMap(({ name, ok }) => (ok ? [] : [name]));
  const named = failing.includes('checkpoints.signature')
    ? failing.filter((name) => name !== 'audit.complete')
    : failing;
  return named.map((name) => `help: ${name}: ${HELP[name]}`);
}

/** Keys that do not belong to a production installation: everybody who starts one like it can make such a chain. */
function keysInWords({ keys }: Pick<TrustFile, 'keys'>): readonly string[] {
  const builders = new Set(keys.flatMap((key) => key.builders));
  return [...builders].flatMap((builder) => {
    const restricted = restrictedAuthorityOf(builder);
    if (restricted === null) return [];
    return [
      `${restricted.keys}: the trust file has keys of ${restricted.noun}. This chain proves nothing about a production installation.`,
    ];
  });
}

function verdictOf({ ok, tenant, last, covered, checks }: AuditVerification): string {
  if (!ok) {
    const failing = checks.filter((check) => !check.ok).map(({ name }) => name);
    return `NOT VERIFIED: ${failing.join(', ')}`;
  }
  const chain = `the audit chain of tenant ${tenant ?? ''}`;
  if (covered === last) return `verified: ${chain} is complete and unchanged, ${last} entries`;
  const later = last - covered === 1 ? '1 later entry is' : `${last - covered} later entries are`;
  return `verified: ${chain} is complete and unchanged up to entry ${covered}. ${later} covered by no checkpoint yet.`;
}
