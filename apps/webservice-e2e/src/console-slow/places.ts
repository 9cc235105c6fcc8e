import { pack } from '../stack/stack';
import type { Visitor } from './browser';
import type { TestBed } from './test-bed';

const ASK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: image-remediation, version: 1.4.0 }
spec:
  inputs: [ { name: image, type: string, default: "registry.example.org/shop:1.4.0" } ]
  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]
  steps:
    - { id: scan, name: Scan the image, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo scanning $IMAGE; echo 3 findings" }, env: { IMAGE: "{{ inputs.image }}" } } }
    - id: accept
      needs: [scan]
      gate: { approval: owners, message: "Replace the image in two regions?", show: { findings: 3, image: "{{ inputs.image }}" } }
    - id: rollout
      needs: [accept]
      map: { items: [eu, us], steps: [ { id: deploy, run: { uses: "builtin:noop" } } ] }
`;
const BREAK = pack(`- id: checks
  map:
    items: [1, 2, 3, 4, 5, 6, 7, 8]
    continueOnError: true
    steps:
      - id: probe
        run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo probing $N; test $N -ne 3" }, env: { N: "{{ item }}" } }
- { id: report, run: { uses: "builtin:noop" } }
`);

/** A page of the console: its name, its path after `/console`, and what it shows when it is ready. */
type Place = readonly [name: string, path: string, ready: RegExp];

/** Goes to a page, and waits until nothing in it is loading. */
export async function goTo(visitor: Visitor, [, path, ready]: Place): Promise<void> {
  await visitor.open(path);
  await visitor.reads(ready);
  await visitor.page.waitForFunction(() => document.querySelector('[data-kind="loading"]') === null);
}

/** The pages about runs, their evidence and approvals. `offices.ts` has the others. */
export async function placesOf(testBed: TestBed): Promise<readonly Place[]> {
  const api = await testBed.caller('ada');
  const [waiting, failed] = [await api.submit(ASK), await api.submit(BREAK)];
  await api.until(waiting, ['waiting']);
  await api.until(failed, ['failed']);
  return [
    ['runs', '/runs', /image-remediation/],
    ['runs-filtered', '/runs?status=halted&pack=nothing', /No run matches the filter/],
    ['run-waiting', `/runs/${waiting}`, /An approval at accept/],
    ['run-failed', `/runs/${failed}`, /^What it reads$/],
    ['run-steps', `/runs/${failed}?tab=steps`, /report/],
    ['run-items', `/runs/${failed}?tab=steps&parent=checks`, /checks\[2\]/],
    ['run-timeline', `/runs/${failed}?tab=timeline`, /in all/],
    ['run-log', `/runs/${failed}?tab=log#L2-L4`, /probing 3/],
    ['run-search', `/runs/${failed}?tab=log&q=probing`, /8 hits/],
    ['run-outputs', `/runs/${failed}?tab=outputs`, /The run has no outputs/],
    ['run-artifacts', `/runs/${failed}?tab=artifacts`, /The run has no artifacts/],
    ['evidence', `/runs/${failed}/evidence`, /./],
    ['verify', '/verify', /./],
    ['approvals', '/approvals', /Replace the image/],
    ['gate', `/runs/${waiting}/gates/accept`, /This browser computed the same digest/],
    ['lost', '/nowhere', /There is no such page/],
  ];
}
