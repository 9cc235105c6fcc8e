import type { Gate } from '@taskrunner/client';
import { Moment } from '../frame/moment';
import { durationText, fullText } from '../frame/time';
import { statusOf } from './decision/own-decision';
import { statusWord } from './decision/override';

/** Which run asks, and both clocks: until when people can decide, and until when steps behind the gate must start. */
export function GateHead({ gate }: { readonly gate: Gate }) {
  const { request, gateId, until, pack, requester } = gate;
  const status = statusOf(gate);
  const timeToStart = Date.parse(request.executeBy) - Date.parse(request.expiresAt);
  return (
    <dl className="run-facts">
      <Fact name="Pack">
        {pack.name} <span className="faint">{pack.version}</span>
      </Fact>
      <Fact name="Requested by">
        <span title={`${requester.id} of ${requester.iss}`}>{requester.name}</span>
      </Fact>
      <Fact name="Status">{statusWord(gate)}</Fact>
      <Fact name="Gate">
        <span className="code">{gateId}</span>
        {request.label === null ? null : <span className="faint"> {request.label}</span>}
      </Fact>
      <Fact name="Asked">
        <Moment at={request.openedAt} isPast />
      </Fact>
      {status === 'open' || status === 'expired' ? (
        <Fact name={status === 'open' ? 'Decide until' : 'Expired'}>
          {fullText(until)} <span className="faint">({<Moment at={until} />})</span>
        </Fact>
      ) : null}
      {status === 'open' || status === 'approved' ? (
        <Fact name="Steps with effects start until">
          {fullText(request.executeBy)}{' '}
          <span className="faint">
            (<Moment at={request.executeBy} />; that is {durationText(timeToStart)} after the time to decide)
          </span>
        </Fact>
      ) : null}
    </dl>
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
