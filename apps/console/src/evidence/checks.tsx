import { useRef } from 'react';
import type { Check } from '@taskrunner/core/evidence';
import { groupChecks, resultOf, type CheckGroup } from './check-groups';
import { PARTS } from './parts';
import { Quoted } from './words';

const BASES = ['recomputed', 'signed', 'asserted', 'absent'] as const;

/** All checks by subject. Subjects whose checks all passed are folded. */
export function Checks({ checks }: { readonly checks: readonly Check[] }) {
  const list = useRef<HTMLDivElement>(null);
  const groups = groupChecks(checks);
  const failed = checks.filter(({ ok }) => !ok).length;
  const openAll = (isOpen: boolean): void => {
    for (const group of list.current?.querySelectorAll('details') ?? []) group.open = isOpen;
  };
  return (
    <section className="report-part" aria-labelledby={PARTS.checks}>
      <h2 id={PARTS.checks} tabIndex={-1}>
        Checks: {resultOf({ checks, failed })}
      </h2>
      <div ref={list} className="check-groups">
        {groups.map((group) => (
          <Group key={`${group.subject} ${group.failed}`} group={group} />
        ))}
      </div>
      <p className="buttons">
        <button type="button" className="button" onClick={() => openAll(true)}>
          Open all groups
        </button>
        <button type="button" className="button" onClick={() => openAll(false)}>
          Close all groups
        </button>
      </p>
      <p className="faint">
        Basis: <b>recomputed</b>, this verifier derived it; <b>signed</b>, a trusted key states it; <b>asserted</b>,
        somebody states it without proof; <b>absent</b>, the bundle has nothing of the kind.
      </p>
    </section>
  );
}

function Group({ group }: { readonly group: CheckGroup }) {
  const { subject, checks, failed } = group;
  const isWrong = failed > 0;
  return (
    <details className="check-group" open={isWrong}>
      <summary>
        {subject}:{' '}
        <span className="tinted" data-tone={isWrong ? 'bad' : 'good'}>
          <span aria-hidden="true">{isWrong ? '✕' : '✓'}</span> {resultOf(group)}
        </span>{' '}
        <span className="faint">{basesOf(checks)}</span>
      </summary>
      <CheckTable subject={subject} checks={checks} />
    </details>
  );
}

/** What the passed checks of a group rest on. */
function basesOf(checks: readonly Check[]): string {
  const counts = BASES.map((basis) => [basis, checks.filter((one) => one.ok && one.basis === basis).length] as const);
  return counts.flatMap(([basis, count]) => (count === 0 ? [] : [`${count} ${basis}`])).join(', ');
}

/** Checks under the names that `verify --json` prints. */
function CheckTable({ subject, checks }: Pick<CheckGroup, 'subject' | 'checks'>) {
  return (
    <div className="table-frame" role="region" aria-label={`Checks: ${subject}`} tabIndex={0}>
      <table className="table paper-table">
        <caption className="unseen">Checks: {subject}</caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Result</th>
            <th scope="col">Basis</th>
            <th scope="col">Detail</th>
          </tr>
        </thead>
        <tbody>
          {checks.map(({ name, ok, basis, detail }) => (
            <tr key={name} data-check={name} data-ok={ok} data-basis={basis}>
              <th scope="row" className="code">
                {name}
              </th>
              <td className="tinted" data-tone={ok ? 'good' : 'bad'} data-label="Result">
                {ok ? '✓ holds' : '✕ fails'}
              </td>
              <td data-label="Basis">{basis}</td>
              <td data-label="Detail">
                <Quoted>{detail}</Quoted>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
