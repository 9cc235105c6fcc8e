import type { Check, CheckName } from '@taskrunner/core/evidence';

const BUNDLE = 'The bundle';
const TRUST = 'Trust and time';
const ADMITTED = 'What was admitted';
const DECIDED = 'Who decided';
const RAN = 'What ran';
const RESULTS = 'What came out';

/** The subject of each check. A check of core without a subject does not compile. */
const SUBJECTS: Readonly<Record<CheckName, string>> = {
  'archive.safe': BUNDLE,
  'manifest.signature': BUNDLE,
  'manifest.complete': BUNDLE,
  expectation: BUNDLE,
  'trust.current': TRUST,
  'trust.keys': TRUST,
  'time.basis': TRUST,
  checkpoints: TRUST,
  'admission.signature': ADMITTED,
  'admission.agrees': ADMITTED,
  'pack.content': ADMITTED,
  'pack.signers': ADMITTED,
  'plan.hash': ADMITTED,
  'profile.digest': ADMITTED,
  'inputs.digest': ADMITTED,
  'gates.requests': DECIDED,
  'decisions.signature': DECIDED,
  'decisions.proof': DECIDED,
  'decisions.people': DECIDED,
  'decisions.time': DECIDED,
  'effects.gated': DECIDED,
  policies: DECIDED,
  probes: RAN,
  'journal.chain': RAN,
  'journal.replay': RAN,
  answers: RAN,
  'logs.digest': RAN,
  'steps.reused': RAN,
  'egress.within': RAN,
  'artifacts.index': RESULTS,
  'artifacts.bytes': RESULTS,
  'statement.shape': RESULTS,
  'statement.agrees': RESULTS,
  'provenance.agrees': RESULTS,
  exceptions: RESULTS,
};
const ORDER = [BUNDLE, TRUST, ADMITTED, DECIDED, RAN, RESULTS];

/** Checks about one subject. */
export interface CheckGroup {
  readonly subject: string;
  /** Failed checks first; otherwise in the order in which they were made. */
  readonly checks: readonly Check[];
  /** Number of failed checks. */
  readonly failed: number;
}

/** Checks by subject. Subjects with a failed check come first. Subjects without a check are left out. */
export function groupChecks(checks: readonly Check[]): readonly CheckGroup[] {
  const groups = ORDER.map((subject): CheckGroup => {
    const own = checks.filter(({ name }) => SUBJECTS[name] === subject);
    const failed = own.filter(({ ok }) => !ok);
    return { subject, checks: [...failed, ...own.filter(({ ok }) => ok)], failed: failed.length };
  }).filter((group) => group.checks.length > 0);
  return [...groups.filter(({ failed }) => failed > 0), ...groups.filter(({ failed }) => failed === 0)];
}

/** The result of a group in words: `7 checks passed`, or `2 of 7 checks fail`. */
export function resultOf({ checks, failed }: Pick<CheckGroup, 'checks' | 'failed'>): string {
  const all = checks.length === 1 ? '1 check' : `${checks.length} checks`;
  return failed === 0 ? `${all} passed` : `${failed} of ${all} ${failed === 1 ? 'fails' : 'fail'}`;
}
