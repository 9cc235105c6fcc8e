import { pageTitle } from './page-title';

const RUN = '/runs/run_0123456789abcdefghijklmnop';

it.each([
  ['/', 'TaskRunner'],
  ['/runs', 'Runs · TaskRunner'],
  [RUN, 'Run ijklmnop · TaskRunner'],
  [`${RUN}/gates/rollout%5B3%5D%3A%3Aaccept`, 'Approval rollout[3]::accept · Run ijklmnop · TaskRunner'],
  [`${RUN}/evidence`, 'Evidence · Run ijklmnop · TaskRunner'],
  ['/packs/image-remediation', 'image-remediation · Packs · TaskRunner'],
  ['/packs/%E2%80%AEkcap', '\\u{202e}kcap · Packs · TaskRunner'],
  ['/packs/%E2', '%E2 · Packs · TaskRunner'],
  ['/nowhere', 'TaskRunner'],
])('%s has the title %s', (path, title) => {
  expect(pageTitle(path)).toBe(title);
});
