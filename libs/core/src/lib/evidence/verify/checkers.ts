import type { Checker, CheckName } from './check/check';
import {
  admissionAgrees,
  admissionSignature,
  inputsDigests,
  packContent,
  planHashes,
  profileDigests,
} from './check/check-admission';
import { answersAgree } from './check/check-answers';
import { archiveSafe, manifestComplete, manifestSignature } from './check/check-archive';
import { checkpointsAgree, exceptionsShown } from './check/check-beyond';
import { decisionsPeople, decisionsProof, decisionsSignature, decisionsTime } from './check/check-decisions';
import { effectsGated, gatesRequests } from './check/check-gates';
import { journalChain, journalReplay, logsDigest } from './check/check-journal';
import { egressWithin } from './check/check-egress-log';
import { artifactsBytes, artifactsIndex } from './check/check-outputs';
import { stepsReused } from './check/check-reused';
import { probesHold } from './check/check-probes';
import { packSigners } from './check/check-signers';
import { policiesHold } from './check/check-policies';
import { provenanceAgrees, statementAgrees, statementShape } from './check/check-statement';
import { expectation, timeBasis, trustCurrent, trustKeys } from './check/check-trust';

/** What answers each check of a bundle. */
export const CHECKERS: { readonly [Name in CheckName]: Checker } = {
  'archive.safe': archiveSafe,
  'manifest.signature': manifestSignature,
  'manifest.complete': manifestComplete,
  'trust.current': trustCurrent,
  'trust.keys': trustKeys,
  'time.basis': timeBasis,
  expectation,
  'admission.signature': admissionSignature,
  'admission.agrees': admissionAgrees,
  'pack.content': packContent,
  'pack.signers': packSigners,
  'plan.hash': planHashes,
  'profile.digest': profileDigests,
  probes: probesHold,
  'inputs.digest': inputsDigests,
  'journal.chain': journalChain,
  'journal.replay': journalReplay,
  answers: answersAgree,
  'logs.digest': logsDigest,
  'gates.requests': gatesRequests,
  'decisions.signature': decisionsSignature,
  'decisions.proof': decisionsProof,
  'decisions.people': decisionsPeople,
  'decisions.time': decisionsTime,
  'effects.gated': effectsGated,
  'steps.reused': stepsReused,
  policies: policiesHold,
  'egress.within': egressWithin,
  'artifacts.index': artifactsIndex,
  'artifacts.bytes': artifactsBytes,
  'statement.shape': statementShape,
  'statement.agrees': statementAgrees,
  'provenance.agrees': provenanceAgrees,
  checkpoints: checkpointsAgree,
  exceptions: exceptionsShown,
};
