import { useQuery } from '@tanstack/react-query';
import { endCause } from '@taskrunner/core/run';
import { ApiProblem, bodyOf, type LogLine, type Run, type Step } from '@taskrunner/client';
import { cancelledBy } from './cancelled-by';
import { failureIn } from './failure';
import { GateDetail } from './gates/gate-detail';
import { Mark } from '../frame/mark';
import { Elapsed, Moment } from '../frame/moment';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { ArtifactList } from './artifacts';
import { readLog } from './log/log-stream';
import { plainText } from './log/log-text';
import { ResolveStep } from './actions/resolve-step';
import { PlannedDetail } from './planned/planned-detail';
import { Reads } from './reads-view';
import { isOver, type RunSearch } from './run-view';
import { Value } from './value';

const TAIL = 50;

interface DetailFacts {
  readonly run: Run;
  readonly step: string;
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
  readonly close: () => void;
}

/** One step: why it failed, its last lines, what it gave. */
export function StepDetail({ run, step: id, search, change, close }: DetailFacts) {
  const { client } = useServices();
  const query = useQuery({
    queryKey: ['of-run', run.runId, 'step', id],
    queryFn: ({ signal }) =>
      bodyOf(
        client.api.GET('/api/runs/{runId}/steps/{stepId}', {
          params: { path: { runId: run.runId, stepId: id } },
          signal,
        }),
      ),
  });
  const step = query.data;
  const cancelled = cancelledBy(run, step?.reason ?? null);
  const isAbsent = ApiProblem.is(query.error) && query.error.code === 'STEP_NOT_FOUND';
  return (
    <section className="detail" aria-label={`Step ${id}`}>
      <div className="detail-head">
        <h2 className="code">{id}</h2>
        <button type="button" className="icon-button" aria-label="Close the step" onClick={close}>
          <svg viewBox="0 0 16 16" aria-hidden="true" className="mark-shape">
            <path d="M4 4l8 8M12 4l-8 8" />
          </svg>
        </button>
      </div>
      {step !== undefined ? (
        <>
          <dl className="facts">
            <Fact name="Status">
              <Mark status={step.status} />
              {step.reason === null || step.error !== null ? null : cancelled !== null ? (
                <p className="faint">{cancelled}</p>
              ) : (
                <span className="faint">
                  {' '}
                  <span className="code">{step.reason}</span>
                  {endCause(step.reason, failureIn(run.error).code)}
                </span>
              )}
            </Fact>
            <Fact name="Kind">{step.kind}</Fact>
            {step.label === null ? null : <Fact name={step.kind === 'item' ? 'Item' : 'Name'}>{step.label}</Fact>}
            {step.attempts > 0 ? <Fact name="Attempts">{step.attempts}</Fact> : null}
            {step.nextAttemptAt === null ? null : (
              <Fact name="Next attempt">
                <Moment at={step.nextAttemptAt} />
              </Fact>
            )}
            <Fact name="Started">
              <Moment at={step.startedAt} isPast />
            </Fact>
            <Fact name="Duration">
              <Elapsed from={step.startedAt} to={step.finishedAt} />
            </Fact>
          </dl>
          {step.error === null ? null : <FailureFacts error={step.error} />}
          {step.status === 'needs_attention' ? <ResolveStep run={run} step={step} /> : null}
          {step.kind === 'gate' && step.status !== 'skipped' ? <GateDetail run={run} step={step} /> : null}
          {step.children === null ? null : (
            <p>
              <button
                type="button"
                className="button"
                onClick={() => change({ tab: 'steps', parent: step.id, step: step.id })}
              >
                Show its {step.children} {step.children === 1 ? 'item' : 'items'}
              </button>
            </p>
          )}
          {step.startedAt === null || step.kind !== 'run' ? null : (
            <LastLines run={run} step={step} open={() => change({ ...search, tab: 'log', step: step.id })} />
          )}
          {step.kind !== 'run' ? null : <Reads run={run} step={id} open={(one) => change({ ...search, step: one })} />}
          {step.outputs === null ? null : (
            <>
              <h3>Outputs</h3>
              <Value value={step.outputs} label={`Outputs of ${id}`} />
            </>
          )}
          <ArtifactList run={run} step={id} />
        </>
      ) : isAbsent ? (
        <>
          <p role="status">
            <strong>The run has not reached this step</strong>
            {isOver(run.status) ? '.' : '. It is part of the plan and has not begun.'}
          </p>
          <PlannedDetail run={run} step={id} />
        </>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Notice kind="loading" title="Loading …" />
      )}
    </section>
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

/** Why a step or a run failed. */
export function FailureFacts({ error }: { readonly error: unknown }) {
  const { code, message, exitCode } = failureIn(error);
  return (
    <div className="failure" role="alert">
      <p className="failure-code code">
        {code ?? 'FAILED'}
        {exitCode === null ? null : `, exit code ${exitCode}`}
      </p>
      {message === null ? null : <p>{message}</p>}
    </div>
  );
}

/** The last lines of a step that has ended; they are read once. */
function LastLines({ run, step, open }: { readonly run: Run; readonly step: Step; readonly open: () => void }) {
  const { client } = useServices();
  const query = useQuery({
    queryKey: ['tail', run.runId, step.id, step.finishedAt],
    enabled: step.finishedAt !== null,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const lines: LogLine[] = [];
      await readLog(client, {
        runId: run.runId,
        filter: { step: step.id },
        from: { tail: TAIL },
        follow: false,
        signal,
        onLines: (some) => void lines.push(...some),
        onConnection: () => undefined,
      });
      return lines;
    },
  });
  return (
    <>
      <div className="detail-line">
        <h3>{step.finishedAt === null ? 'Log' : 'Last lines'}</h3>
        <button type="button" className="link-button" onClick={open}>
          Open the log
        </button>
      </div>
      {query.data === undefined ? null : query.data.length === 0 ? (
        <p className="faint">The step printed nothing.</p>
      ) : (
        <pre className="value code" ref={toEnd} tabIndex={0} role="region" aria-label={`Last lines of ${step.id}`}>
          {query.data.map(({ message }) => plainText(message ?? '')).join('\n')}
        </pre>
      )}
    </>
  );
}

/** The last lines are the ones to read first. */
function toEnd(element: HTMLElement | null): void {
  element?.scrollTo(0, element.scrollHeight);
}
