import type { Basis, Check } from '../verify/check/check';

/** What no pass proves, in one line. `residualsOf` lists what stays open for a bundle. */
export const NOT_PROVEN =
  'that the holders of the keys were honest, and that times and outputs of programs are as stated';

/** What a successful verification does not prove, for readers who do not know the product. */
export interface Residual {
  /** The check whose basis leaves it open; null for what no check can prove. */
  readonly check: string | null;
  readonly basis: Basis | null;
  readonly text: string;
}

const OPEN: Readonly<Record<string, string>> = {
  'time.basis':
    'Times are stated by the signers. Anyone who controls the clock of the database, or a signing key, can state other times.',
  'trust.current': 'The expiry of the trust file was not checked.',
  'trust.keys': 'Signatures prove possession of a key. They do not prove that the holder of the key was honest.',
  expectation:
    'The bundle was not compared with an expectation: a bundle of another run would pass as well. Use "--expect".',
  'admission.signature':
    'The webservice states who started the run. Anyone who controls the webservice can state another person.',
  'pack.signers': 'The pack has no signature of a publisher in the trust file. Review the pack itself.',
  'pack.content': 'The bundle contains only the digests of some files of the pack. Their content was not checked.',
  'plan.hash':
    'The plan could not be rebuilt (sensitive inputs, files by digest, or a policy engine that this verifier does not have). Its hash is the admitted hash.',
  probes:
    'The bundle does not contain the sandbox probes of some workers. Only these workers assert that their sandbox isolated the steps.',
  'inputs.digest': 'The bundle contains the names of sensitive inputs, but not their values.',
  answers: 'Some answers of the engine could not be recomputed. The detail of the check lists them with the reason.',
  'logs.digest': 'Some logs are not in the bundle. Their digests are signed.',
  'decisions.signature': 'Decisions are signed by the webservice. The proof of each decision shows what supports it.',
  'decisions.proof':
    'At least one decision is asserted only by the webservice. Anyone who controls the webservice can forge such decisions.',
  'decisions.people':
    'The trust file lists no issuers of people. Only the webservice asserts that the deciders are people.',
  'decisions.time': 'The webservice states the times of the decisions.',
  'steps.reused':
    'Only the signer asserts the results that were reused from an earlier run. Verify with "--original" and the evidence of that run.',
  policies:
    'Some policies could not be evaluated again: this verifier does not have their engine, or the bundle does not contain their input.',
  'egress.within': 'The bundle does not contain the logs of some connections. Only their number and digest are known.',
  'artifacts.bytes':
    'The bundle does not contain some artifacts. Compare the files that you have with the listed digests.',
  checkpoints:
    'No record outside the bundle shows that the run existed. Runs that were deleted before they were sealed cannot be detected.',
  exceptions:
    'Some files were withheld because they contained a secret. The statement lists them. Their content cannot be checked.',
};

/** What stays unproven whatever the checks say (threat model). */
const ALWAYS: readonly string[] = [
  'The worker reports what the steps did. Anyone with root access to the worker host can state a false but consistent history, within what was approved.',
  'Logs, outputs and artifacts are statements of the steps that produced them. The evidence shows that they were not changed afterwards, not that they are true.',
  'An approval shows that the person decided on the content shown in this report. It does not show that the person read it.',
];

/** What the checks leave unproven, and what no check can prove. */
export function residualsOf(checks: readonly Check[]): readonly Residual[] {
  const open = checks.flatMap(({ name, ok, basis }): readonly Residual[] => {
    const text = OPEN[name];
    if (!ok || text === undefined || basis === 'recomputed') return [];
    // The bundle contains nothing of the kind, and nothing is missing.
    if (basis === 'absent' && !['checkpoints', 'expectation', 'pack.signers'].includes(name)) return [];
    return [{ check: name, basis, text }];
  });
  return [...open, ...ALWAYS.map((text) => ({ check: null, basis: null, text }))];
}
