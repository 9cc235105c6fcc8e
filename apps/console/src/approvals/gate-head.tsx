import type { Gate } from '@taskrunner/client';
import { Moment } from '../frame/moment';
import { durationText, fullText } from '../frame/time';

export const GATE_STATUSES: Readonly<Record<string, string>> = {
  open: 'open',
  approved: 'approved',
  rejected: 'rejected',
  expired: 'expired',
  closed: 'closed without a decision',
};

/** Which run asks, and both clocks: until when people can decide, and until when steps behind the gate must start. */
export function GateHead({ gate }: { readonly gate: Gate }) {
  const { request, gateId, status, until, pack, requester } = gate;
  const timeToStart = Date.parse(request.executeBy) - Date.parse(request.expiresAt);
  return (
    <dl className="run-facts">
      <Fact name="Pack">
        {pack.name} <span className="faint">{pack.version}</span>
      </Fact>
      <Fact name="Requested by">
        <span title={`${requester.id} of ${requester.iss}`}>{requester.name}</span>
      </Fact>
      <Fact name="Status">{GATE_STATUSES[status] ?? status}</Fact>
      <Fact name="Gate">
        <span className="code">{gateId}</span>
        {request.label === null ? null : <span className="faint"> {request.label}</span>}
      </Fact>
      <Fact name="Asked">
        <Moment at={request.openedAt} isPast />
      </Fact>
      <Fact name="Decide until">
        {fullText(until)} <span className="faint">({<Moment at={until} />})</span>
      </Fact>
      <Fact name="Steps with effects start until">
        {fullText(request.executeBy)}{' '}
        <span className="faint">
          (<Moment at={request.executeBy} />, {durationText(timeToStart)} after the time to decide)
        </span>
      </Fact>
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
