import { canonical } from '../../canonical/canonical';
import { digestIfJson } from '../../canonical/digest';
import type { DecisionRecord } from '../../evidence/records/documents';
import { asJson } from '../../evidence/records/run-evidence';
import { RECORD_WITHHELD, type WithheldRecord } from '../../evidence/records/withheld-by-journal';
import type { StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { objectionToDeciders, type DeciderRule } from '../../gate/deciders';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { InboxMessage } from '../../ports/runs/run-store';
import type { InputEventBody } from '../../run/run-event';
import type { Redactor } from '../../secret/redactor';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import type { RunValues } from '../claimed-run/run-values';
import { reportArrival, type OpenItems } from './fan-out/report-arrival';
import type { Arrival } from '../turn/turn-builder';

/**
 * Converts an inbox message into input for the driver. Decisions and resolutions are read from their signed records, never from the row. A
 * record that does not verify or names another run has no effect: it is noted, and an alarm is raised. The same holds for a resolution by a
 * person whom `rule` refuses. The run itself judges decisions, under the rule of their gate.
 */
export function inboxArrival(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  rule: DeciderRule,
  values: RunValues,
  message: InboxMessage,
  redactor: Pick<Redactor, 'json'>,
  open: OpenItems = () => [],
): Arrival {
  const { input, position } = message;
  if (input.type === 'assignment.reported') {
    const arrival = reportArrival(dependencies, run, values, input, position, open);
    return arrival ?? refused(dependencies, run, position, 'REPORT_UNSIGNED', input.type);
  }
  if (input.type === 'attention.resolved') return resolutionArrival(dependencies, run, rule, values, message, redactor);
  if (input.type !== 'gate.decided') {
    if (input.type === 'run.cancel-requested') {
      const { reason } = redactor.json({ reason: input.reason });
      return { kind: 'given', body: { ...input, reason }, inboxPosition: position };
    }
    return refused(dependencies, run, position, 'LETTER_REFUSED', input.type);
  }
  const opened = message.envelope ? dependencies.openDecision(message.envelope) : null;
  if (!opened) return refused(dependencies, run, position, 'DECISION_UNSIGNED', input.step);
  const { record, digest } = opened;
  if (record.runId !== run.runId || record.tenant !== run.tenant || record.gate !== input.step) {
    return refused(dependencies, run, position, 'DECISION_UNSIGNED', input.step);
  }
  if (holdsSecret(redactor, asJson(record))) return withSecret(dependencies, run, position, input.step, 'decisions');
  return { kind: 'given', body: decided(record, digest, values), inboxPosition: position };
}

/**
 * Text from a person (a response, outputs, a reason) holds a secret of the run, which only the worker can detect. Neither the text nor the
 * digest of its record enters the journal, so the evidence is sealed without that record, and a note says so. The run fails, because the
 * evidence must not omit a decision that counts outside.
 */
function withSecret(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  inboxPosition: number,
  step: string,
  folder: WithheldRecord['folder'],
): Arrival {
  dependencies.alarm(run, 'SECRET_IN_RESPONSE', { letter: inboxPosition, what: step });
  const message = `the response, outputs or reason of a person at ${step} contains a secret of the run`;
  return {
    kind: 'parts',
    parts: [
      { kind: 'fact', fact: { type: 'note', code: RECORD_WITHHELD, detail: { folder, step, letter: inboxPosition } } },
      { kind: 'given', body: { type: 'run.failed', code: 'SECRET_IN_RESPONSE', step: null, message } },
    ],
    inboxPosition,
  };
}

function holdsSecret(redactor: Pick<Redactor, 'json'>, value: Json): boolean {
  return value !== null && canonical(redactor.json(value)) !== canonical(value);
}

/** The outputs are stored beside the record, which names their digest. */
function resolutionArrival(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  rule: DeciderRule,
  values: RunValues,
  message: InboxMessage,
  redactor: Pick<Redactor, 'json'>,
): Arrival {
  const { position, response, envelope } = message;
  const opened = envelope ? dependencies.openResolution(envelope) : null;
  if (!opened) return refused(dependencies, run, position, 'RESOLUTION_UNSIGNED', message.input.type);
  const { runId, tenant, step, execution, outcome, outputsDigest } = opened.record;
  const outputs = response === null ? null : (digestIfJson(response) ?? 'no document');
  if (runId !== run.runId || tenant !== run.tenant || outputs !== outputsDigest) {
    return refused(dependencies, run, position, 'RESOLUTION_UNSIGNED', step);
  }
  const objection = objectionToDeciders({ ...opened.record, onBehalfOf: null }, rule);
  if (objection !== null) return refused(dependencies, run, position, objection, step);
  if (holdsSecret(redactor, [asJson(opened.record), response]))
    return withSecret(dependencies, run, position, step, 'resolutions');
  const body = { step: step as StepId, execution, outcome, outputs: values.keep(response), record: opened.digest };
  return { kind: 'given', body: { type: 'attention.resolved', ...body }, inboxPosition: position };
}

function decided(
  record: DecisionRecord,
  digest: Extract<InputEventBody, { type: 'gate.decided' }>['record'],
  values: RunValues,
): InputEventBody {
  const { decisionId, gateDigest, planHash, decision, person, onBehalfOf, actors, grants, gate } = record;
  return {
    type: 'gate.decided',
    step: gate as Extract<InputEventBody, { type: 'gate.decided' }>['step'],
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

function refused(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  inboxPosition: number,
  code: string,
  what: string,
): Arrival {
  dependencies.alarm(run, code, { letter: inboxPosition, what });
  return { kind: 'fact', fact: { type: 'note', code, detail: { letter: inboxPosition, what } }, inboxPosition };
}
