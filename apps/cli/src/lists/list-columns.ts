import { unreachableQuorum } from '@taskrunner/core/gate';
import { isOver } from '@taskrunner/core/foundation';
import type { Artifact, Schedule } from '@taskrunner/client';
import type { GateView, RunView } from '../server/run-views';
import type { Column } from './table';
import { ageText, durationText, untilText } from './time-text';

/** Columns of `list`. `now`: milliseconds since the epoch. */
export function runColumns(now: number): readonly Column<RunView>[] {
  return [
    { title: 'RUN', text: ({ runId }) => runId },
    { title: 'STATUS', text: statusText },
    { title: 'AGE', text: ({ createdAt }) => ageText(createdAt, now) },
    { title: 'DURATION', text: (run) => runDuration(run, now) },
    { title: 'PACK', text: ({ pack }) => `${pack.name} ${pack.version}` },
    { title: 'REQUESTER', text: ({ requester }) => requester.name },
    { title: 'STUCK', text: ({ stuck = null }) => stuck ?? '' },
    {
      title: 'CANCELLED BY',
      text: ({ cancellation = null }) => (cancellation === null ? '' : cancelledBy(cancellation)),
    },
  ];
}

/** Nobody else decides at the gate of a kept run, so its status names the gate. */
function statusText({ status, waits, resume }: RunView): string {
  const gate = resume === undefined ? undefined : waits.find(({ kind }) => kind === 'approval' || kind === 'policy');
  return status === 'waiting' && gate !== undefined ? `waiting at gate ${gate.id ?? '?'}` : status;
}

/** `Ada: the wrong target`. */
function cancelledBy({ by, reason }: NonNullable<RunView['cancellation']>): string {
  return `${by.name ?? by.sub}: ${shortened(reason)}`;
}

/** From the first step to the end, or to now. A run that has not begun has none. */
function runDuration({ status, startedAt = null, finishedAt }: RunView, now: number): string {
  if (startedAt === null || (finishedAt === null && isOver(status))) return '-';
  return durationText((finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt));
}

/** Columns of `approvals`. */
export function gateColumns(now: number): readonly Column<GateView>[] {
  return [
    { title: 'RUN', text: ({ runId }) => runId },
    { title: 'GATE', text: ({ gateId }) => gateId },
    { title: 'PACK', text: ({ pack }) => (pack === undefined ? '?' : `${pack.name} ${pack.version}`) },
    { title: 'REQUESTER', text: ({ requester }) => requester?.name ?? '?' },
    { title: 'APPROVALS', text: approvalsText },
    { title: 'AGE', text: ({ request }) => ageText(request.openedAt, now) },
    { title: 'EXPIRES', text: ({ until }) => untilText(until, now) },
    { title: 'YOU', text: youText },
    { title: 'MESSAGE', text: ({ request }) => shortened(request.message) },
  ];
}

function youText({ canDecide, why }: GateView): string {
  if (canDecide) return 'may decide';
  return why === 'GATE_ALREADY_COUNTED' ? 'have approved' : (why ?? 'may not decide');
}

function approvalsText(gate: GateView): string {
  const { approvals, required } = gate;
  return `${approvals}/${required}${unreachableQuorum(gate) === null ? '' : ', nobody can open it'}`;
}

const LONGEST_MESSAGE = 72;

/** The first line, up to a length. `approve` shows the whole message, `show` the whole reason. */
function shortened(message: string): string {
  const [first = '', ...rest] = message.trim().split('\n');
  const characters = [...first];
  const isWhole = characters.length <= LONGEST_MESSAGE && rest.length === 0;
  return isWhole ? first : `${characters.slice(0, LONGEST_MESSAGE).join('')}…`;
}

/** Columns of `schedule list`. */
export function scheduleColumns(now: number): readonly Column<Schedule>[] {
  return [
    { title: 'SCHEDULE', text: ({ scheduleId }) => scheduleId },
    { title: 'NAME', text: ({ name }) => name },
    { title: 'STATUS', text: ({ status }) => status },
    { title: 'NEXT', text: ({ nextTick }) => nextTick ?? '-' },
    { title: 'IN', text: ({ nextTick }) => (nextTick === null ? '' : inText(nextTick, now)) },
    { title: 'CRON', text: ({ cron, timeZone }) => `${cron} ${timeZone}` },
    { title: 'PACK', text: ({ pack }) => `${pack.name} ${pack.version}` },
    { title: 'CREATOR', text: ({ creator }) => creator.name },
  ];
}

/** A tick that is due but not yet made is not `expired`. */
function inText(instant: string, now: number): string {
  const ms = Date.parse(instant) - now;
  return ms <= 0 ? 'now' : durationText(ms);
}

/** A published pack in a list. */
export interface PackRow {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly contentDigest: string;
  readonly description: string | null;
}

/** Columns of `pack list`. */
export const PACK_COLUMNS: readonly Column<PackRow>[] = [
  { title: 'PACK', text: ({ name, version }) => `${name}:${version}` },
  { title: 'DIGEST', text: ({ digest }) => digest },
  { title: 'DESCRIPTION', text: ({ description }) => description ?? '' },
];

/** Columns of `artifacts`. */
export const ARTIFACT_COLUMNS: readonly Column<Artifact>[] = [
  { title: 'DIGEST', text: ({ digest }) => digest },
  { title: 'BYTES', text: ({ size }) => String(size) },
  { title: 'ARTIFACT', text: ({ step, name }) => `${step}/${name}` },
  { title: 'TYPE', text: ({ mediaType }) => mediaType },
];
