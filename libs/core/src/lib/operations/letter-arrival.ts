import { digestOf } from '../canonical/digest';
import type { DecisionRecord } from '../evidence/documents';
import type { StepId } from '../foundation/ids';
import type { ClaimedRun } from '../ports/claims';
import type { Letter } from '../ports/run-store';
import type { GivenBody } from '../run/run-event';
import type { DriverHands } from './driver-hands';
import type { RunValues } from './run-values';
import type { Arrival } from './turn';

/**
 * A letter as the driver takes it. A decision or resolution counts only by its envelope: the given is made from the signed record, never from
 * the row. One that does not verify, or names another run, opens nothing; it is noted and alarmed.
 */
export function letterArrival(hands: DriverHands, run: ClaimedRun, values: RunValues, letter: Letter): Arrival {
  const { given, position } = letter;
  if (given.type === 'attention.resolved') return resolutionArrival(hands, run, values, letter);
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
  return { kind: 'given', body: decided(record, digest, values), letter: position };
}

/** The outputs come beside the record, which names their digest. */
function resolutionArrival(hands: DriverHands, run: ClaimedRun, values: RunValues, letter: Letter): Arrival {
  const { position, response, envelope } = letter;
  const opened = envelope ? hands.openResolution(envelope) : null;
  if (!opened) return refused(hands, run, position, 'RESOLUTION_UNSIGNED', letter.given.type);
  const { runId, tenant, step, execution, outcome, outputsDigest } = opened.record;
  const outputs = response === null ? null : digestOf(response);
  if (runId !== run.runId || tenant !== run.tenant || outputs !== outputsDigest) {
    return refused(hands, run, position, 'RESOLUTION_UNSIGNED', step);
  }
  const body = { step: step as StepId, execution, outcome, outputs: values.keep(response), record: opened.digest };
  return { kind: 'given', body: { type: 'attention.resolved', ...body }, letter: position };
}

function decided(
  record: DecisionRecord,
  digest: Extract<GivenBody, { type: 'gate.decided' }>['record'],
  values: RunValues,
): GivenBody {
  const { decisionId, gateDigest, planHash, decision, person, onBehalfOf, grants, gate } = record;
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
