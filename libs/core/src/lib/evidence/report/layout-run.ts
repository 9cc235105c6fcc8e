import { endCause } from '../../run/end-cause';
import { cancellationOf } from './cancellation';
import { outcomeWord } from './gate-words';
import { joined, listed, q, table, who, type Block, type Section, type Words } from './page';
import type { ReportContents, ReportedEgress, ReportedPlan, ReportedRun, ReportedStep } from './report';
import { unapprovedSteps, unapprovedWords } from './unapproved-steps';

const DEPTH = '· ';

/** What was planned. */
export function layoutPlan({ hash, schema, profileDigest, steps }: ReportedPlan): Section {
  return {
    level: 2,
    title: ['The plan'],
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['Plan hash', [q(hash)]],
          ['Schema', [q(schema)]],
          ['Profile digest', [q(profileDigest)]],
        ],
      },
      ...table(
        ['Step', 'Kind', 'Uses', 'Effects', 'After', 'Condition'],
        steps.map(({ id, depth, kind, uses, effects, needs, when }) => [
          [DEPTH.repeat(depth), q(id)],
          [kind],
          [uses === null ? '' : q(uses)],
          [effects ?? ''],
          needs.length === 0 ? [''] : listed(needs),
          [when === null ? '' : q(when)],
        ]),
        'The plan has no steps.',
      ),
    ],
  };
}

/** Steps that may have changed something outside, with their approvals. */
export function layoutEffects(contents: ReportContents): Section {
  const { effects, gates } = contents;
  const ends = new Map(gates.map((gate) => [gate.gate, outcomeWord(gate)]));
  return {
    level: 2,
    title: ['Effects'],
    blocks: [
      ...table(
        ['Step', 'Effects', 'Behind', 'Began', 'Executions', 'Ended'],
        effects.map(({ step, effects, behind, startedAt, executions, status }) => [
          [q(step)],
          [effects],
          behind.length === 0
            ? ['no gate']
            : joined(behind.map(({ gate, outcome }): Words => [q(gate), ' (', q(ends.get(gate) ?? outcome), ')'])),
          [q(startedAt)],
          [String(executions)],
          [status ?? 'did not end'],
        ]),
        'No step with effects was started.',
      ),
      ...unapprovedSteps(contents).map((one): Block => ({ kind: 'text', words: unapprovedWords(one) })),
    ],
  };
}

/** Connections. */
export function layoutEgress({ allowed, denied, refused, unread }: ReportedEgress): Section {
  return {
    level: 2,
    title: ['Network'],
    blocks: [
      { kind: 'text', words: [`${allowed} connections were allowed, ${denied} were refused.`] },
      ...(denied === 0
        ? []
        : table(
            ['Step', 'Execution', 'Refused', 'Why'],
            refused.map(({ step, execution, host, port, code }) => [
              [q(step)],
              [String(execution)],
              host === null ? ['unreadable request'] : [q(port === null ? host : `${host}:${port}`)],
              [q(code)],
            ]),
            'The bundle contains none of them.',
          )),
      ...(unread > 0
        ? [{ kind: 'text', words: [`Only the number of ${unread} refused connections is known.`] } as const]
        : []),
    ],
  };
}

/** What the steps left behind. */
export function layoutArtifacts(artifacts: ReportContents['artifacts']): Section {
  return {
    level: 2,
    title: ['Artifacts'],
    blocks: table(
      ['Step', 'Name', 'SHA-256', 'Bytes', 'Type', 'Where'],
      artifacts.map(({ step, name, digest, size, mediaType, bytes }) => [
        [q(step)],
        [q(name)],
        [q(digest)],
        [String(size)],
        [q(mediaType)],
        [bytes],
      ]),
      'The run produced no artifacts.',
    ),
  };
}

/** Why a run ended that left out or stopped a step with this code; empty if the code says it. */
function causeOf(code: string, run: ReportedRun): Words {
  const cancelled = code === 'RUN_CANCELLED' ? cancellationOf(run) : null;
  if (cancelled !== null) return [' by ', ...who(cancelled.by), ': ', q(cancelled.reason)];
  const ofRun = run.end?.code ?? null;
  return endCause(code, ofRun) === '' ? [] : [' because the run was ending (', q(ofRun), ')'];
}

/** How each step ended. */
export function layoutSteps(steps: readonly ReportedStep[], run: ReportedRun): Section {
  return {
    level: 2,
    title: ['Steps'],
    blocks: table(
      ['Step', 'Status', 'Attempts', 'Effects', 'Began', 'Ended', 'Why'],
      steps.map((step) => [
        [q(step.id)],
        [
          step.status,
          step.outcome === 'unknown' ? ', outcome unknown' : '',
          ...(step.reusedFrom === null ? [] : [', reused from ', q(step.reusedFrom.run)]),
        ],
        [String(step.attempts)],
        [step.effects ?? ''],
        [step.startedAt === null ? '' : q(step.startedAt)],
        [q(step.endedAt)],
        [
          ...(step.code === null ? [''] : [q(step.code), ...causeOf(step.code, run)]),
          ...(step.message === null || step.message === '' ? [] : [' ', q(step.message)]),
        ],
      ]),
      'No step ended.',
    ),
  };
}
