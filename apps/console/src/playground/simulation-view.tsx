import type { Rehearsal } from './rehearsal';

type Planned = NonNullable<Rehearsal['planned']>;

/** What the simulation says: who is asked, what acts without being asked, how it would end. */
export function SimulationView({ planned: { planHash, simulation } }: { readonly planned: Planned }) {
  const { approvals, policies, secrets, egress, ungatedEffects, widest, outputs, message, assumptions, status, code } =
    simulation;
  const facts: readonly (readonly [string, string])[] = [
    ['Plan hash', planHash],
    ['Would end', `${status}${code === null ? '' : ` (${code})`}, if every step succeeds and everyone approves`],
    [
      'Approvals',
      approvals
        .map(({ gate, grants, minApprovals }) => `${gate}: ${minApprovals} × ${grants.join(' and ')}`)
        .join('; '),
    ],
    ['Policies', policies.map(({ gate, policy, level }) => `${policy} at ${gate} (${level})`).join('; ')],
    ['Acts without an approval', ungatedEffects.join(', ')],
    ['Secrets', secrets.map(({ name, required }) => `${name}${required ? '' : ' (optional)'}`).join(', ')],
    ['Connections', egress.map(({ step, url }) => `${step} → ${url}`).join('; ')],
    ['Steps at the same time', String(widest)],
    [
      'Outputs',
      outputs
        .map(({ name, known, value }) => `${name} = ${known ? JSON.stringify(value) : 'unknown before a run'}`)
        .join('; '),
    ],
    [
      'Message',
      message === null
        ? ''
        : message.known
          ? (message.text ?? `none: ${message.error?.code ?? ''}`)
          : 'unknown before a run',
    ],
    ['Assumed', assumptions.map(({ id, what }) => `${id}: ${what}`).join('; ')],
  ];
  return (
    <dl className="paper-facts">
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={name === 'Plan hash' ? 'code quoted' : 'quoted'}>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
