import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Schedule, SubmitRunBody } from '@taskrunner/client';
import { useState } from 'react';
import { ONCE } from '../api/client';
import { GuardedButton } from '../frame/guarded-button';
import { Question } from '../frame/question';
import { newKey } from '../frame/request-key';
import { useServices } from '../frame/services';
import { useChange } from '../frame/use-change';
import { usePublishedPacks } from '../packs/published-packs';
import { resumeBody } from './resume-body';

type Asked = 'pause' | 'resume' | 'run';

/** What a person does with a schedule: pause it, resume it, or run it now. */
export function ScheduleActions({ schedule }: { readonly schedule: Schedule }) {
  const [asked, ask] = useState<Asked | null>(null);
  const reference = useReference(schedule);
  const close = (): void => ask(null);
  const { status } = schedule;
  return (
    <div className="buttons run-actions">
      {status === 'active' ? (
        <GuardedButton obstacle={null} act={() => ask('pause')}>
          Pause …
        </GuardedButton>
      ) : null}
      {status === 'paused' || status === 'stopped' ? (
        <GuardedButton obstacle={null} act={() => ask('resume')} tone="primary">
          Resume …
        </GuardedButton>
      ) : null}
      <GuardedButton obstacle={typeof reference === 'string' ? null : reference.why} act={() => ask('run')}>
        Run now …
      </GuardedButton>
      {asked === 'run' && typeof reference === 'string' ? (
        <RunNow schedule={schedule} reference={reference} close={close} />
      ) : null}
      {asked === 'pause' || asked === 'resume' ? <Switch schedule={schedule} asked={asked} close={close} /> : null}
    </div>
  );
}

/** The published pack with the content that the schedule is pinned to; or why there is none. */
function useReference({ pack }: Schedule): string | { readonly why: string } {
  const published = usePublishedPacks();
  const found = published.data?.items.find(
    ({ name, contentDigest }) => name === pack.name && contentDigest === pack.digest,
  );
  if (found !== undefined) return `${found.name}@${found.digest}`;
  if (published.isPending) return { why: 'The packs are being read.' };
  return { why: 'Its pack is not published, so only its own times start it.' };
}

interface ActionFacts {
  readonly schedule: Schedule;
  readonly close: () => void;
}

function Switch({ schedule, asked, close }: ActionFacts & { readonly asked: 'pause' | 'resume' }) {
  const { client } = useServices();
  const queries = useQueryClient();
  const isPause = asked === 'pause';
  const change = useChange({
    what: isPause ? 'the pause' : 'the resumption',
    send: (_: void, signal) =>
      client.api.PATCH('/api/schedules/{scheduleId}', {
        params: { path: { scheduleId: schedule.scheduleId }, header: { 'If-Match': `"r${schedule.revision}"` } },
        body: isPause ? { paused: true } : resumeBody(schedule),
        signal,
      }),
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['schedule', schedule.scheduleId] }),
        queries.invalidateQueries({ queryKey: ['schedules'] }),
      ]);
      close();
    },
  });
  const found = schedule.stopped?.found ?? null;
  return (
    <Question
      title={isPause ? 'Pause this schedule?' : 'Resume this schedule?'}
      answer={isPause ? 'Pause it' : 'Resume it'}
      dismiss="Leave it as it is"
      close={close}
      isPending={change.isPending}
      error={change.error}
      act={() => change.mutate()}
    >
      {isPause ? (
        <p>No run starts until somebody resumes it. Runs in progress go on. Times in between are not made up.</p>
      ) : (
        <p>It continues with the next time from now. You become its last editor, and an initiator of its runs.</p>
      )}
      {isPause || found === null ? null : (
        <>
          <p>It stopped because its plan or its profile would differ. You confirm what it runs from now on:</p>
          <p className="code digest">
            plan {found.planHash}
            <br />
            profile {found.profileDigest}
          </p>
        </>
      )}
    </Question>
  );
}

function RunNow({ schedule, reference, close }: ActionFacts & { readonly reference: string }) {
  const { client } = useServices();
  const navigate = useNavigate();
  const [key] = useState(newKey);
  const start = useChange({
    what: 'the run',
    send: (_: void, signal) => {
      const { inputs = {}, labels, planHash } = schedule;
      const body: SubmitRunBody = { pack: reference, inputs, labels, planHash };
      return client.submit(body, { idempotencyKey: key, signal, ...ONCE });
    },
    onSuccess: ({ runId }) => {
      close();
      void navigate({ to: '/runs/$runId', params: { runId }, search: {} });
    },
  });
  return (
    <Question
      title="Run it now?"
      answer="Start the run"
      dismiss="Wait for its time"
      close={close}
      isPending={start.isPending}
      error={start.error}
      act={() => start.mutate()}
    >
      <p>
        A run of the pinned plan starts with the inputs and labels of the schedule. You are its requester; it does not
        count as a run of the schedule, and its times stay as they are.
      </p>
    </Question>
  );
}
