import { sha256 } from '../../../canonical/digest';
import type { Digest, StepId } from '../../../foundation/ids';
import { isJsonObject, type Json } from '../../../foundation/json';
import { canonical } from '../../../canonical/canonical';
import { itemDigest, readsBehind } from '../../../binding/gate-reads';
import { verdictAt } from '../../../binding/policy-at';
import { RunProjection } from '../../../binding/run-projection';
import { secretsBehind } from '../../../binding/secret-names';
import { Missing } from '../../../binding/values';
import { itemsAround, nodeOf, repeatOf } from '../../../plan/place';
import type { GateRequest } from '../../records/documents';
import type { EvidenceDocuments } from '../../records/evidence-documents';
import { guardIndex, guardInstance } from '../../records/gate-guards';
import { hasOlderSchemaRules } from '../plan-again';
import { isWithheld, type Withheld } from '../../records/run-evidence';
import { digestOfRef, type GateFact } from '../../records/run-facts';
import { fail } from './verification-session';
import { found, type Checker } from './check';
import { ApprovedReads } from './approved-reads';
import { laxness } from './gate-bounds';

/**
 * Each gate that the journal opened has a request for this run, plan, profile and admission. The request requires no less than the plan,
 * and what it showed and read agrees with the journal. There are no requests of gates that did not open.
 */
export const gatesRequests: Checker = (bundle) => {
  const documents = bundle.documents();
  const { facts, gates } = documents;
  const opened = new Set<Digest>();
  const results = new RunProjection();
  let taken = 0;
  for (const gate of facts.gates) {
    for (let entry = facts.entries[taken]; entry && entry.seq < gate.opened.seq; entry = facts.entries[++taken])
      results.take(entry);
    opened.add(gate.opened.gateDigest);
    const { request, show } =
      gates.get(gate.opened.gateDigest) ?? fail(`the request of ${gate.opened.step} is missing`);
    const objection =
      identityObjection(documents, gate, request) ??
      laxness(documents, request, approvalOf(documents, gate.opened.step)) ??
      showObjection(request, show) ??
      readsObjection(documents, results, gate, request) ??
      secretsObjection(documents, results, gate, request) ??
      itemObjection(documents, results, gate, request) ??
      policyObjection(documents, results, gate, request);
    if (objection !== null) fail(`${gate.opened.step}: ${objection}`);
  }
  for (const digest of gates.keys()) if (!opened.has(digest)) fail(`request ${digest} was never opened`);
  for (const path of bundle.request.files.keys()) {
    const name = /^gates\/([0-9a-f]{64})(?:\.show)?\.json$/.exec(path)?.[1];
    if (name !== undefined && !opened.has(`sha256:${name}` as Digest)) fail(`${path} is not named by the journal`);
  }
  if (opened.size === 0) return found('absent', 'no gates');
  const unread = bundle.answers().unanswered.filter(({ asked }) => asked === 'gate').length;
  return unread === 0
    ? found('recomputed', `${opened.size} requests`)
    : found('signed', `${opened.size} requests; the contents of ${unread} of them are not recomputed`);
};

function approvalOf({ index }: EvidenceDocuments, step: StepId): string | null {
  const node = index.nodes.get(nodeOf(step))?.node;
  return node?.kind === 'gate' ? node.approval : null;
}

function identityObjection(documents: EvidenceDocuments, { opened }: GateFact, request: GateRequest): string | null {
  const { admission, planHash, profileDigest } = documents;
  if (request.runId !== admission.record.runId || request.tenant !== admission.record.tenant) return 'of another run';
  if (request.gate !== opened.step) return `of gate ${request.gate}`;
  if (request.planHash !== planHash || request.profileDigest !== profileDigest) return 'of another plan or profile';
  if (request.admissionDigest !== admission.envelope.digest) return 'of another admission';
  if (digestOfRef(opened.request) !== opened.gateDigest) return 'the journal refers to another request';
  const { openedAt, expiresAt, executeBy } = request;
  if (Date.parse(expiresAt) !== opened.expiresAt || Date.parse(executeBy) !== opened.executeBy)
    return 'its times differ from the journal';
  return Date.parse(openedAt) < Date.parse(expiresAt) ? null : 'it expired before it opened';
}

function showObjection(request: GateRequest, show: string | Withheld): string | null {
  const digest = isWithheld(show) ? show.sha256 : sha256(show);
  return digest === undefined || digest === request.showDigest ? null : 'the shown values differ';
}

/** `reads` contains exactly what steps behind the gate could read when it opened, each with its result at that time. */
function readsObjection(
  { index }: EvidenceDocuments,
  results: RunProjection,
  { opened }: GateFact,
  { reads }: GateRequest,
): string | null {
  const derived = readsBehind({ index, results }, opened.step);
  const step = [...Object.keys(derived), ...Object.keys(reads)].find((name) => derived[name] !== reads[name]);
  return step === undefined ? null : `it read another result of ${step}`;
}

/** `secrets` contains the secrets of the steps behind the gate, each in the version that the journal held at that time. */
function secretsObjection(
  { index }: EvidenceDocuments,
  results: RunProjection,
  { opened }: GateFact,
  { secrets }: GateRequest,
): string | null {
  const derived = secretsBehind({ index, results }, opened.step);
  return canonical(derived) === canonical(secrets) ? null : 'it lists other secrets, or other versions of them';
}

/** `item` contains the gate's items when it opened, as far as the bundle holds their lists. */
function itemObjection(
  { evidence, index }: EvidenceDocuments,
  results: RunProjection,
  { opened }: GateFact,
  { item }: GateRequest,
): string | null {
  const around = itemsAround(opened.step);
  if (around.length === 0) return item === null ? null : 'it has an item, but is not in a map or loop';
  if (item === null) return 'it has no item, but is in a map or loop';
  const values = new Map<Digest, Json>();
  for (const place of around) {
    const digest = digestOfRef(results.get(repeatOf(place))?.items?.ref ?? null);
    const page = digest === null ? undefined : evidence.pages.find(({ values }) => Object.hasOwn(values, digest));
    if (digest !== null && page !== undefined) values.set(digest, page.values[digest] ?? null);
  }
  const missing = new Missing();
  const digest = itemDigest({ index, results, values }, opened.step, missing);
  return missing.digests.size > 0 || digest === item ? null : 'it has another item';
}

/** `policy` is the journaled verdict, so that nobody overrode a denial without seeing it. */
function policyObjection(
  { index, environment }: EvidenceDocuments,
  results: RunProjection,
  { opened }: GateFact,
  { policy }: GateRequest,
): string | null {
  const verdict = verdictAt({ index, results }, opened.step);
  if (policy === null && verdict === null) return null;
  if (!isJsonObject(policy) || verdict === null) return 'it shows another policy than the evaluated one';
  const { id, level, engine, digest, result, reasons } = verdict;
  const said = { allow: result === 'allow', undecided: result === 'undecided', reasons: [...reasons], engine, digest };
  // Requests of releases that did not name the policy contain only its answer.
  const isNamed = 'id' in policy || 'level' in policy || !hasOlderSchemaRules(environment);
  const expected = isNamed ? { id, level, ...said } : said;
  return canonical(expected) === canonical(policy) ? null : 'it shows another answer of its policy';
}

const PASSED_OVER = new Set(['WHEN_FALSE', 'BRANCH_NOT_TAKEN']);

/**
 * No step behind a gate started before the gate passed or after its time to execute, and none ran after a value that the gate had bound
 * changed. That a gate did not apply is derived again if `answers` could derive it.
 */
export const effectsGated: Checker = (bundle) => {
  const documents = bundle.documents();
  const { facts, index, gates } = documents;
  const guards = guardIndex(index);
  const contexts = new ApprovedReads(documents);
  const approved = new Set<StepId>();
  const passed = new Set<StepId>();
  const executeBy = new Map<StepId, { readonly gate: StepId; readonly by: number }>();
  const unanswered = bundle.answers().unanswered.filter(({ asked }) => asked === 'when' || asked === 'branch');
  const isUnreadable = (gate: StepId): boolean =>
    unanswered.some(({ step }) => gate === step || gate.startsWith(`${step}::`));
  let onWord = 0;
  let checked = 0;
  for (const entry of facts.entries) {
    const { event, at } = entry;
    const changed = contexts.objectionTo(entry);
    if (changed !== null) fail(changed);
    if (event.type === 'gate.opened') {
      for (const step of gates.get(event.gateDigest)?.request.opens ?? []) {
        executeBy.set(step as StepId, { gate: event.step, by: event.executeBy });
      }
    } else if (event.type === 'gate.ended' && event.outcome === 'approved') approved.add(event.step);
    else if (event.type === 'step.ended') {
      const node = index.nodes.get(nodeOf(event.step))?.node;
      if (node?.kind !== 'gate') continue;
      const asked = node.policy === null;
      if (event.status === 'succeeded' && (!asked || approved.has(event.step))) passed.add(event.step);
      if (event.status === 'skipped' && PASSED_OVER.has(event.code ?? '')) {
        passed.add(event.step);
        if (isUnreadable(event.step)) onWord += 1;
      }
    } else if (event.type === 'step.started') {
      const { step, execution } = event;
      const before = guards.get(nodeOf(step)) ?? [];
      if (before.length > 0) checked += 1;
      for (const guard of before) {
        const gate = guardInstance(guard, step);
        if (!passed.has(gate)) fail(`${step} started before ${gate} let it pass`);
        contexts.starts(step, execution, gate);
      }
      const due = execution === 1 ? executeBy.get(step) : undefined;
      if (due && at > due.by) fail(`${step} started after the time that ${due.gate} gave`);
    }
  }
  if (checked === 0) return found('absent', 'no step is behind a gate');
  return onWord === 0
    ? found('recomputed', `${checked} starts behind gates`)
    : found(
        'signed',
        `${checked} starts behind gates; the conditions of ${onWord} gates that did not apply are not recomputed`,
      );
};
