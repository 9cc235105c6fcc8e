import { sha256 } from '../canonical/digest';
import { packText, plan, testEnvironment } from '../../testing/planning';

const KNOWN = { ...testEnvironment, destinations: { 'audit-store': sha256('a'), legal: sha256('b') } };

const exporting = (parameters: string): string =>
  packText(
    `\n- { id: hand-over, run: { uses: "builtin:evidence-export", with: { ${parameters} } } }\n`,
    'inputs: [ { name: run, type: string } ]',
  );

describe('an export of evidence', () => {
  it.each([
    'destination: legal',
    'destination: audit-store, artifacts: true',
    'destination: legal, run: "{{ inputs.run }}"',
  ])('%s is planned', (parameters) => {
    const planning = plan(exporting(parameters), { run: 'x' }, { environment: KNOWN });
    expect(planning.kind === 'planned' && planning.index.nodes.size).toBeGreaterThan(0);
  });

  it.each([
    ['destination: audit-stor', 'EXPORT_DESTINATION_UNKNOWN', 'audit-stor }', 'Did you mean audit-store?'],
    ['destination: elsewhere', 'EXPORT_DESTINATION_UNKNOWN', 'elsewhere }', 'Known values: audit-store, legal.'],
    ['destination: toString', 'EXPORT_DESTINATION_UNKNOWN', 'toString }', 'Known values:'],
    ['destination: "{{ inputs.run }}"', 'EXPR_NOT_ALLOWED', '{{ inputs.run', ''],
    ['destination: legal, artifacts: false', 'EXPORT_ARTIFACTS_INSEPARABLE', 'false }', 'Remove `artifacts`'],
    ['destination: legal, artifacts: 1', 'EXECUTOR_PARAMETER', '1 }', ''],
    ['run: x', 'EXECUTOR_PARAMETER_MISSING', '', 'Add'],
    ['destination: legal, folder: x', 'EXECUTOR_PARAMETER_UNKNOWN', 'folder: x', ''],
  ])('%s is refused: %s', (parameters, code, at, remedy) => {
    const text = exporting(parameters);
    const planning = plan(text, { run: 'x' }, { environment: KNOWN });
    const [fault, ...more] = planning.kind === 'refused' ? planning.faults : [];
    expect([fault?.code, more]).toEqual([code, []]);
    expect(text.split('\n')[(fault?.line ?? 0) - 1]?.slice((fault?.column ?? 0) - 1)).toContain(at);
    expect(fault?.remediation).toContain(remedy);
  });

  it('of an environment that states no destinations is not asked where to', () =>
    expect(plan(exporting('destination: elsewhere'), { run: 'x' }, { environment: testEnvironment }).kind).toBe(
      'planned',
    ));

  it('has the same plan hash wherever it is planned', () => {
    const hashes = [KNOWN, testEnvironment].map((environment) => {
      const planning = plan(exporting('destination: legal'), { run: 'x' }, { environment });
      return planning.kind === 'planned' ? planning.planHash : null;
    });
    expect(hashes[0]).toMatch(/^sha256:/);
    expect(hashes[1]).toBe(hashes[0]);
  });
});
