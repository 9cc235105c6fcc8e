import type { Basis, Check } from '../check/check';

/** What a verification that holds does not prove, in words for people who do not know the product. */
export interface Residual {
  /** The check whose basis leaves it open; null for what no check can close. */
  readonly check: string | null;
  readonly basis: Basis | null;
  readonly text: string;
}

const OPEN: Readonly<Record<string, string>> = {
  'time.basis':
    'Times are those of the signers. Whoever controls the clock of the database, or a signing key, can state other times.',
  'trust.current': 'The expiry of the trust file was not checked.',
  'trust.keys': 'Signatures prove possession of a key. They do not prove that the holder of the key was honest.',
  expectation:
    'Nothing was compared with what you expected: a bundle of another run would pass as well. Use "--expect".',
  'admission.signature':
    'The webservice says who started the run. Whoever takes over the webservice can state another person.',
  'pack.signers': 'No publisher signed the pack, or none that the trust file knows. Read the pack itself.',
  'pack.content': 'Some files of the pack are in the bundle by digest only. Their content was not read.',
  'plan.hash':
    'The plan could not be made again here (sensitive inputs, files by digest, or a policy engine that this verifier does not have). Its hash is the one that was admitted.',
  probes: 'Some workers named a probe of their sandbox that is not in the bundle. That the sandbox held is their word.',
  'inputs.digest': 'Sensitive inputs are named, and their values are not in the bundle.',
  answers: 'Some answers of the engine could not be computed again. The detail of the check names them, and why.',
  'logs.digest': 'Some logs are not in the bundle. Their digests are signed.',
  'decisions.signature':
    'Decisions are signed by the webservice. See the proof of each decision for what stands behind that.',
  'decisions.proof':
    'At least one decision is proven by the word of the webservice alone. Whoever takes over the webservice can forge such decisions.',
  'decisions.people':
    'The trust file names no issuers of people. That the deciders are people is the word of the webservice.',
  'decisions.time': 'The times of the decisions are those of the webservice.',
  'steps.reused':
    'Results of an earlier run were taken over on the word of the signer. Verify with "--original" and the evidence of that run.',
  policies:
    'Some policies could not be judged again here: their engine is not in this verifier, or their input is not in the bundle.',
  'egress.within': 'Logs of some connections are not in the bundle. Only their number and digest are known.',
  'artifacts.bytes':
    'Some artifacts are not in the bundle. Compare the files that you have with the digests listed here.',
  checkpoints:
    'Nothing outside of the bundle records that the run existed. Runs that were deleted before they were sealed are not noticed.',
  exceptions:
    'Some files were withheld because they held a secret. The statement names them. What they held cannot be checked.',
};

/** What stays open whatever the checks say (threat model). */
const ALWAYS: readonly string[] = [
  'The worker reports what the steps did. Whoever is root on the worker host can state a false but consistent history, within what was approved.',
  'Logs, outputs and artifacts are the testimony of the steps that made them. The evidence shows that they were not changed afterwards, not that they are true.',
  'An approval shows that the person decided about what is shown here. It does not show that the person read it.',
];

/** What the checks leave open, and what no check can close. */
export function residualsOf(checks: readonly Check[]): readonly Residual[] {
  const open = checks.flatMap(({ name, ok, basis }): readonly Residual[] => {
    const text = OPEN[name];
    if (!ok || text === undefined || basis === 'recomputed') return [];
    // Nothing of the kind is in the bundle, and nothing is missing.
    if (basis === 'absent' && !['checkpoints', 'expectation', 'pack.signers'].includes(name)) return [];
    return [{ check: name, basis, text }];
  });
  return [...open, ...ALWAYS.map((text) => ({ check: null, basis: null, text }))];
}
