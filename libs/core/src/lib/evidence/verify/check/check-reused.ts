import { canonical } from '../../../canonical/canonical';
import { digestOf } from '../../../canonical/digest';
import type { StepId } from '../../../foundation/ids';
import { sameSubject } from '../../../foundation/principal';
import { nodeOf } from '../../../plan/place';
import { doneAgain } from '../../../binding/reuse';
import { artifactRecords, withheldRecords } from '../../statement/derived-files';
import { asJson } from '../../records/run-evidence';
import { digestOfRef } from '../../records/run-facts';
import { stepRecords } from '../../records/step-records';
import { takesOver } from '../../records/takes-over';
import { fail, openSession, type VerificationSession } from './verification-session';
import { found, type Checker } from './check';
import { admissionSignature } from './check-admission';
import { journalChain, journalReplay } from './check-journal';
import { statementAgrees, statementShape } from './check-statement';
import { trustKeys } from './check-trust';

/**
 * What a rerun reused. The bundle alone shows that only a rerun reuses results, only of the run that its admission names, only of leaves,
 * and of none from its starting point on. That the original's steps ended this way is an assertion of its signer. With the original's
 * bundle it is derived again: same plan, the admitted journal, each step's record and result, the original's initiators.
 */
export const stepsReused: Checker = (bundle) => {
  const { facts, index } = bundle.documents();
  const { record } = bundle.admission();
  for (const { event } of facts.entries) {
    if (event.type !== 'question.answered') continue;
    if ((event.answer.kind === 'reuse') !== (event.question === 'reuse') && event.answer.kind !== 'fault')
      fail(`${event.step}: an answer to another question`);
  }
  if (facts.reused.size === 0) {
    const unused =
      bundle.request.original === undefined ? '' : ': the bundle of an original was provided, but not used';
    return found('absent', `${record.rerunOf === null ? 'not a rerun' : 'nothing was reused'}${unused}`);
  }
  if (!takesOver(record)) fail('it reuses results, but it is not a rerun that may reuse results');
  const again = doneAgain(index, record.rerun?.from ?? '');
  const started = new Set(facts.stepsStarted.map(({ step }) => step));
  for (const [step, { run }] of facts.reused) {
    if (run !== record.rerunOf) fail(`${step} is reused from another run`);
    if (again.has(nodeOf(step))) fail(`${step} should have been executed again`);
    if (started.has(step)) fail(`${step} is reused, but it started`);
  }
  const taken = `${facts.reused.size} steps of ${record.rerunOf}`;
  if (bundle.request.original === undefined) return found('asserted', `${taken}; provide its bundle to compare them`);
  compareOriginal(bundle, bundle.request.original);
  return found('recomputed', taken);
};

/** Checks of the original's own bundle that the comparison depends on. */
const OF_ORIGINAL: readonly Checker[] = [
  trustKeys,
  admissionSignature,
  journalChain,
  journalReplay,
  statementShape,
  statementAgrees,
];

function compareOriginal(bundle: VerificationSession, files: VerificationSession['request']['files']): void {
  const { trust, verifySignature, allowDev, allowLocal, now, policyEngines } = bundle.request;
  const original = openSession({ files, trust, verifySignature, allowDev, allowLocal, now, policyEngines });
  for (const check of OF_ORIGINAL) check(original);
  comparedWithOriginal(bundle, original);
}

/** Fails unless the rerun's statements about its original agree with the original's own bundle, whose signatures hold. */
export function comparedWithOriginal(
  bundle: Pick<VerificationSession, 'documents' | 'admission'>,
  original: Pick<VerificationSession, 'documents' | 'admission'>,
): void {
  const { record } = bundle.admission();
  const before = original.admission().record;
  if (before.runId !== record.rerunOf || before.tenant !== record.tenant) fail('the bundle given is of another run');
  if (before.planHash !== record.planHash) fail('the original ran another plan');
  if (original.documents().evidence.pages.at(-1)?.hash !== record.rerun?.head)
    fail('the journal of the original is not the one that was admitted');
  const missing = before.initiators.find((one) => !record.initiators.some((other) => sameSubject(one, other)));
  if (missing) fail(`${missing.sub} initiated the original and not the rerun`);
  const { index, facts } = original.documents();
  const records = new Map(stepRecords(index, facts).map((one) => [one.id, one]));
  const own = bundle.documents().facts;
  const results = new Map(own.stepsEnded.map(({ step, outputs }) => [step, digestOfRef(outputs)]));
  for (const [step, { digest }] of own.reused) {
    const then = records.get(step) ?? fail(`the original has no step ${step}`);
    if (then.status !== 'succeeded') fail(`${step} did not succeed in the original`);
    if (digestOf(asJson(then)) !== digest) fail(`the original contradicts ${step}`);
    if (then.result !== results.get(step)) fail(`${step} has another result than in the original`);
    if (artifactsOf(bundle, step) !== artifactsOf(original, step))
      fail(`${step} has other artifacts than in the original`);
  }
}

function artifactsOf(bundle: Pick<VerificationSession, 'documents'>, step: StepId): string {
  const all = [...artifactRecords(bundle.documents()), ...withheldRecords(bundle.documents())];
  return canonical(all.filter((artifact) => artifact.step === step));
}
