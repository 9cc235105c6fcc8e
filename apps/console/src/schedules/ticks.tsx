import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { bodyOf, type ScheduleTick } from '@taskrunner/client';
import { FIRST_PAGE, nextPage } from '../api/pages';
import { Sign, type Look } from '../frame/mark';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortRun } from '../frame/short';
import { fullText } from '../frame/time';
import { tickReason } from './tick-reasons';

const PAGE = 50;
const LOOKS: Readonly<Record<ScheduleTick['outcome'], Look>> = {
  ran: { tone: 'good', shape: 'check', word: 'Ran' },
  skipped: { tone: 'quiet', shape: 'slash', word: 'Skipped' },
  stopped: { tone: 'bad', shape: 'bang', word: 'Stopped' },
};

/** What became of the times of a schedule, newest first. */
export function Ticks({ scheduleId }: { readonly scheduleId: string }) {
  const { client, connection, settings } = useServices();
  const query = useInfiniteQuery({
    queryKey: ['ticks', scheduleId],
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        client.api.GET('/api/schedules/{scheduleId}/ticks', {
          params: { path: { scheduleId }, query: { limit: PAGE, ...pageParam } },
          signal,
        }),
      ),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPage,
    refetchInterval: connection.every(settings.refresh * 2),
  });
  const ticks = query.data?.pages.flatMap(({ items }) => items) ?? [];
  if (query.isError && query.data === undefined)
    return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Notice kind="loading" title="Loading …" />;
  if (ticks.length === 0) return <Notice kind="empty" title="No time of this schedule has come yet" />;
  return (
    <>
      <div className="table-frame">
        <table className="table stacked">
          <caption className="unseen">Outcomes of its times, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Outcome</th>
              <th scope="col">Run or reason</th>
            </tr>
          </thead>
          <tbody>
            {ticks.map((tick) => (
              <TickRow key={`${tick.tick} ${tick.decidedAt}`} tick={tick} />
            ))}
          </tbody>
        </table>
      </div>
      {query.hasNextPage ? (
        <button
          type="button"
          className="button more"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show older ones
        </button>
      ) : null}
    </>
  );
}

function TickRow({ tick }: { readonly tick: ScheduleTick }) {
  const { tick: first, lastTick, count, outcome, reason, runId } = tick;
  return (
    <tr>
      <td data-label="Time" className="main-cell">
        {fullText(first)}
        {count === 1 ? null : (
          <p className="faint">
            and {count - 1} more, until {fullText(lastTick)}
          </p>
        )}
      </td>
      <td data-label="Outcome">
        <Sign look={LOOKS[outcome]} />
      </td>
      <td data-label="Run or reason" className="wide-cell">
        {runId === null ? null : (
          <Link to="/runs/$runId" params={{ runId }} className="code">
            {shortRun(runId)}
          </Link>
        )}
        {reason === null ? null : (
          <>
            {tickReason(reason)} <span className="code faint">{reason}</span>
          </>
        )}
      </td>
    </tr>
  );
}
