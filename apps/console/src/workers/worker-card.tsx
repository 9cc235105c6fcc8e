import { Link } from '@tanstack/react-router';
import type { Schemas } from '@taskrunner/client';
import { Sign } from '../frame/mark';
import { Elapsed, Moment } from '../frame/moment';
import { shortDigest, shortRun } from '../frame/short';

const MOST_RUNS = 8;

/** One worker that lives. */
export function WorkerCard({ worker }: { readonly worker: Schemas['Worker'] }) {
  const { name, workerId, release, since, lastHeartbeatAt, leaseUntil, labels, slots, runs, assignments } = worker;
  return (
    <li className="card">
      <div className="card-head">
        <h2>{name}</h2>
        <span className="code faint">{workerId}</span>
      </div>
      <dl className="run-facts">
        <Fact name="Lives for">
          <Elapsed from={since} to={null} />
        </Fact>
        <Fact name="Heartbeat">
          <Moment at={lastHeartbeatAt} isPast />
        </Fact>
        <Fact name="Lease ends">
          <Moment at={leaseUntil} />
        </Fact>
        <Fact name="Release">
          {release.version} <span className="code faint">{shortDigest(release.build)}</span>
        </Fact>
        <Fact name="Slots">
          <span className="number">{slots ?? '–'}</span>
        </Fact>
        <Fact name="Labels">{labels.length === 0 ? '–' : labels.join(', ')}</Fact>
        <Fact name="Executes assignments">
          <span className="number">{assignments}</span>
        </Fact>
      </dl>
      <div>
        <h3>
          Drives {runs.total} {runs.total === 1 ? 'run' : 'runs'}
        </h3>
        <p className="names">
          {runs.latest.slice(0, MOST_RUNS).map((runId) => (
            <Link key={runId} to="/runs/$runId" params={{ runId }} className="code">
              {shortRun(runId)}
            </Link>
          ))}
          {runs.total > Math.min(MOST_RUNS, runs.latest.length) ? (
            <span className="faint">and {runs.total - Math.min(MOST_RUNS, runs.latest.length)} more</span>
          ) : null}
        </p>
      </div>
      <Probe worker={worker} />
    </li>
  );
}

/** Which sandboxes hold on its host, by its last probe. */
function Probe({ worker: { probe, isolations, environments } }: { readonly worker: Schemas['Worker'] }) {
  return (
    <div>
      <h3>Isolation</h3>
      <p>
        {isolations.length === 0 ? 'No sandbox profile holds.' : <span className="code">{isolations.join(', ')}</span>}
      </p>
      <p className="faint">
        Honours the environments{' '}
        {environments.length === 0 ? '–' : <span className="code">{environments.map(shortDigest).join(', ')}</span>}
      </p>
      {probe.profiles === null ? (
        <p className="faint">
          The probe <span className="code">{shortDigest(probe.digest)}</span> is not stored.
        </p>
      ) : (
        <details>
          <summary>What the last probe found</summary>
          <ul className="plain">
            {probe.profiles.map(({ profile, available, reason, tried }) => (
              <li key={profile}>
                <Sign
                  look={
                    available
                      ? { tone: 'good', shape: 'check', word: 'Holds' }
                      : { tone: 'quiet', shape: 'slash', word: 'Not available' }
                  }
                />{' '}
                <span className="code">{profile}</span>
                {reason === null ? null : <p className="faint">{reason}</p>}
                {tried.length === 0 ? null : <p className="faint">It tried: {tried.join(', ')}.</p>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
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
