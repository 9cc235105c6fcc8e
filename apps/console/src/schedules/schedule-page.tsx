import '../style/schedules.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { bodyOf, type Schedule } from '@taskrunner/client';
import { isAbsent } from '../api/problem';
import { useHolds } from '../frame/me';
import { Moment } from '../frame/moment';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortDigest } from '../frame/short';
import { fullText } from '../frame/time';
import { Value } from '../run/value';
import { ScheduleActions } from './schedule-actions';
import { ScheduleMark } from './schedule-mark';
import { Ticks } from './ticks';

const NEXT = 10;

/** One schedule: what it runs and when, what it did, and why it did not. */
export function SchedulePage() {
  const { scheduleId } = useParams({ from: '/schedules/$scheduleId' });
  const { client, connection, settings } = useServices();
  const may = useHolds('packs.run');
  const query = useQuery({
    queryKey: ['schedule', scheduleId],
    enabled: may === true,
    queryFn: ({ signal }) =>
      bodyOf(client.api.GET('/api/schedules/{scheduleId}', { params: { path: { scheduleId } }, signal })),
    refetchInterval: connection.every(settings.refresh * 2),
  });
  return (
    <main className="page">
      <p className="trail">
        <Link to="/schedules" search={{}}>
          Schedules
        </Link>
      </p>
      {may === false ? (
        <Denied scope="packs.run" />
      ) : query.data !== undefined ? (
        <Loaded schedule={query.data} />
      ) : isAbsent(query.error) ? (
        <Notice kind="empty" title="There is no such schedule in your tenant" />
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Notice kind="loading" title="Loading the schedule …" />
      )}
    </main>
  );
}

const OVERLAPS: Readonly<Record<Schedule['overlap'], string>> = {
  allow: 'another run starts',
  forbid: 'the time is skipped',
  replace: 'they are cancelled and a new one starts',
};
const CATCH_UPS: Readonly<Record<Schedule['catchUp'], string>> = {
  none: 'are skipped',
  latest: 'run later: the latest',
  all: 'run later: all',
};

function Loaded({ schedule }: { readonly schedule: Schedule }) {
  const { name, status, stopped, pack, inputs } = schedule;
  return (
    <>
      <div className="page-head">
        <h1>{name}</h1>
        <span aria-live="polite">
          <ScheduleMark status={status} />
        </span>
        <ScheduleActions schedule={schedule} />
      </div>
      {stopped === null ? null : <Stopped schedule={schedule} />}
      <dl className="run-facts">
        <Fact name="When">
          <span className="code">{schedule.cron}</span> <span className="faint">{schedule.timeZone}</span>
        </Fact>
        <Fact name="Next">
          <Moment at={schedule.nextTick} />
        </Fact>
        <Fact name="Pack">
          {pack.name} <span className="faint">{pack.version}</span>
        </Fact>
        <Fact name="Plan">
          <span className="code" title={schedule.planHash}>
            {shortDigest(schedule.planHash)}
          </span>
        </Fact>
        <Fact name="While earlier runs last">{OVERLAPS[schedule.overlap]}</Fact>
        <Fact name="Missed times">
          {CATCH_UPS[schedule.catchUp]}
          {schedule.catchUp === 'none' ? null : `, within ${schedule.catchUpWindow}`}
        </Fact>
        <Fact name="Until">{schedule.until === null ? 'no end' : fullText(schedule.until)}</Fact>
        <Fact name="Initiators of its runs">
          {[...new Set([schedule.creator, schedule.editor, schedule.author].map((one) => one.name))].join(', ')}
        </Fact>
      </dl>
      <div className="schedule">
        <section aria-label="Outcomes">
          <h2>What it did</h2>
          <Ticks scheduleId={schedule.scheduleId} />
        </section>
        <section aria-label="Upcoming times">
          <h2>Next times</h2>
          <Upcoming schedule={schedule} />
          {inputs === undefined || Object.keys(inputs).length === 0 ? null : (
            <>
              <h2>Inputs of its runs</h2>
              <Value value={inputs} label="Inputs" />
            </>
          )}
        </section>
      </div>
    </>
  );
}

function Stopped({ schedule: { stopped } }: { readonly schedule: Schedule }) {
  if (stopped === null) return null;
  return (
    <div className="failure" role="status">
      <p className="failure-code code">{stopped.code}</p>
      <p>{stopped.message}</p>
      <p>
        It stopped at the time {fullText(stopped.tick)} and runs nothing until somebody confirms what it runs from now
        on.
      </p>
      {stopped.found === null ? null : (
        <p className="code">
          now plan {shortDigest(stopped.found.planHash)}, profile {shortDigest(stopped.found.profileDigest)}
        </p>
      )}
    </div>
  );
}

function Upcoming({ schedule }: { readonly schedule: Schedule }) {
  const { client } = useServices();
  const query = useQuery({
    queryKey: ['schedule-next', schedule.scheduleId, schedule.revision, schedule.nextTick, schedule.status],
    queryFn: ({ signal }) =>
      bodyOf(
        client.api.GET('/api/schedules/{scheduleId}/next', {
          params: { path: { scheduleId: schedule.scheduleId }, query: { count: NEXT } },
          signal,
        }),
      ),
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <p className="faint">Loading …</p>;
  if (query.data.ticks.length === 0)
    return <p className="faint">{schedule.status === 'paused' ? 'None while it is paused.' : 'None.'}</p>;
  return (
    <ol className="plain">
      {query.data.ticks.map(({ at, local }) => (
        <li key={at}>
          <span className="number">{local}</span>{' '}
          <span className="faint">
            <Moment at={at} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
