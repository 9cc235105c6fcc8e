import { faultsOf, packText, planned } from '../../testing/planning';
describe('try', () => {
  it('plans', () => {
    const text = packText(`
- { id: scan, run: { uses: "builtin:command", with: { command: [echo, "{{ inputs.image }}"] }, outputs: { critical: { type: integer } }, artifacts: [ { name: report, path: out/r.json } ] } }
- { id: approve, gate: { approval: owners, message: "go {{ inputs.image }}", show: { c: "{{ steps.scan.outputs.critical }}" } } }
- id: rollout
  map:
    items: "{{ inputs.regions }}"
    iterator: region
    steps:
      - { id: deploy, when: "{{ steps.scan.outputs.critical > 3 and not inputs.dry }}", run: { uses: "builtin:command", with: { command: [deploy, "{{ region }}"] } } }
`, `
inputs:
  - { name: image, type: string, required: true, schema: { pattern: "^a+$" } }
  - { name: regions, type: array, required: true, schema: { items: { type: string } } }
  - { name: dry, type: boolean, default: false }
approvals: [ { id: owners, grants: [packs.approve] } ]
`);
    const p = planned(text, { image: 'aaa', regions: ['a', 'b'] });
    console.log(JSON.stringify(p.plan, null, 1), p.planHash, p.warnings);
    console.log(faultsOf(text, { image: 'abba', regons: ['a', 'b'] }));
  });
});
