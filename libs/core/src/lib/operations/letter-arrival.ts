import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import type { DecisionRecord } from '../evidence/documents';
import type { StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { objectionToDeciders, type DeciderRule } from '../gate/deciders';
import type { ClaimedRun } from '../ports/claims';
import type { Letter } from '../ports/run-store';
import type { GivenBody } from '../run/run-event';
import type { Redactor } from '../secret/redactor';
import type { DriverHands } from './driver-hands';
import type { RunValues } from './run-values';
import { reportArrival, type OpenItems } from './report-arrival';
import type { Arrival } from './turn';

/**
 * A letter as the driver takes it. A decision or resolution counts only by its envelope: the given is made from the signed record, never from
 * the row. One that does not verify, or names another run, opens nothing; it is noted and alarmed. So is a resolution by somebody whom
 * `rule` refuses; decisions are judged by the run, under the rule of their gate.
 */
export function letterArrival(
  hands: DriverHands,
  run: ClaimedRun,
  rule: DeciderRule,
  values: RunValues,
  letter: Letter,
  redactor: Pick<Redactor, 'json'>,
  open: OpenItems = () => [],
): Arrival {
  const { given, position } = letter;
  if (given.type === 'assignment.reported') {
    const arrival = reportArrival(hands, run, values, given, position, open);
    return arrival ?? refused(hands, run, position, 'REPORT_UNSIGNED', given.type);
  }
  if (given.type === 'attention.resolved') return resolutionArrival(hands, run, rule, values, letter, redactor);
  if (given.type !== 'gate.decided') {
    if (given.type === 'run.cancel-requested') return { kind: 'given', body: given, letter: position };
    return refused(hands, run, position, 'LETTER_REFUSED', given.type);
  }
  const opened = letter.envelope ? hands.openDecision(letter.envelope) : null;
  if (!opened) return refused(hands, run, position, 'DECISION_UNSIGNED', given.step);
  const { record, digest } = opened;
  if (record.runId !== run.runId || record.tenant !== run.tenant || record.gate !== given.step) {
    return refused(hands, run, position, 'DECISION_UNSIGNED', given.step);
  }
  if (holdsSecret(redactor, record.response)) return withSecret(hands, run, position, given.step);
  return { kind: 'given', body: decided(record, digest, values), letter: position };
}

/**
 * What a person typed holds a secret of the run, as only the worker can see. It does not enter the journal, where it would keep
 * the evidence from being sealed: the run fails, since a decision that counts outside may not be passed over in it.
 */
function withSecret(hands: DriverHands, run: ClaimedRun, letter: number, step: string): Arrival {
  hands.alarm(run, 'SECRET_IN_RESPONSE', { letter, what: step });
  const message = `what a person gave at ${step} holds a secret of the run`;
  return { kind: 'given', body: { type: 'run.failed', code: 'SECRET_IN_RESPONSE', step: null, message }, letter };
}

function holdsSecret(redactor: Pick<Redactor, 'json'>, value: Json): boolean {
  return value !== null && canonical(redactor.json(value)) !== canonical(value);
}

/** The outputs come beside the record, which names their digest. */
function resolutionArrival(
  hands: DriverHands,
  run: ClaimedRun,
  rule: DeciderRule,
  values: RunValues,
  letter: Letter,
  redactor: Pick<Redactor, 'json'>,
): Arrival {
  const { position, response, envelope } = letter;
  const opened = envelope ? hands.openResolution(envelope) : null;
  if (!opened) return refused(hands, run, position, 'RESOLUTION_UNSIGNED', letter.given.type);
  const { runId, tenant, step, execution, outcome, outputsDigest } = opened.record;
  const outputs = response === null ? null : digestOf(response);
  if (runId !== run.runId || tenant !== run.tenant || outputs !== outputsDigest) {
    return refused(hands, run, position, 'RESOLUTION_UNSIGNED', step);
  }
  const objection = objectionToDeciders({ ...opened.record, onBehalfOf: null }, rule);
  if (objection !== null) return refused(hands, run, position, objection, step);
  if (holdsSecret(redactor, response)) return withSecret(hands, run, position, step);
  const body = { step: step as StepId, execution, outcome, outputs: values.keep(response), record: opened.digest };
  return { kind: 'given', body: { type: 'attention.resolved', ...body }, letter: position };
}

function decided(
  record: DecisionRecord,
  digest: Extract<GivenBody, { type: 'gate.decided' }>['record'],
  values: RunValues,
): GivenBody {
  const { decisionId, gateDigest, planHash, decision, person, onBehalfOf, actors, grants, gate } = record;
  return {
    type: 'gate.decided',
    step: gate as Extract<GivenBody, { type: 'gate.decided' }>['step'],
    decision: {
      decisionId,
      gateDigest,
      planHash,
      decision,
      person: { iss: person.iss, sub: person.sub },
      onBehalfOf: onBehalfOf ? { iss: onBehalfOf.iss, sub: onBehalfOf.sub } : null,
      ...(actors && { actors: actors.map(({ iss, sub, kind }) => ({ iss, sub, kind })) }),
      grants: [...grants],
      decidedAt: Date.parse(record.decidedAt),
    },
    record: digest,
    response: values.keep(record.response),
  };
}

function refused(hands: DriverHands, run: ClaimedRun, letter: number, code: string, what: string): Arrival {
  hands.alarm(run, code, { letter, what });
  return { kind: 'fact', fact: { type: 'note', code, detail: { letter, what } }, letter };
}
