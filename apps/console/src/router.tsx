import { createRootRoute, createRoute, createRouter, Navigate } from '@tanstack/react-router';
import { readInboxSearch } from './approvals/inbox-search';
import { readAuditSearch } from './audit/audit-search';
import { latePage } from './frame/late-page';
import { Notice } from './frame/notice';
import { useServices } from './frame/services';
import { Shell } from './frame/shell';
import { readPackSearch, readPacksSearch } from './packs/packs-search';
import { readRunSearch } from './run/run-view';
import { readRunFilter } from './runs/run-filter';
import { readSchedulesSearch } from './schedules/schedules-search';
import { readWorkersSearch } from './workers/workers-search';

// Each page is a file of its own, which is read when the page is first opened.
const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <main className="page">
      <Notice kind="empty" title="There is no such page" />
    </main>
  ),
});
const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: () => <Navigate to="/runs" search={{}} replace />,
});
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: readRunFilter,
  component: latePage(() => import('./runs/runs-page').then((module) => module.RunsPage)),
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  validateSearch: readRunSearch,
  component: latePage(() => import('./run/run-page').then((module) => module.RunPage)),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: readInboxSearch,
  component: latePage(() => import('./approvals/inbox').then((module) => module.InboxPage)),
});
const gate = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/gates/$gateId',
  component: latePage(() => import('./approvals/gate-page').then((module) => module.GatePage)),
});

const evidence = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/evidence',
  component: latePage(() => import('./evidence/evidence-page').then((module) => module.default)),
});
const VerifyPage = latePage(() => import('./evidence/verify-page').then((module) => module.default));
const verify = createRoute({
  getParentRoute: () => root,
  path: '/verify',
  component: () => {
    const { settings } = useServices();
    return <VerifyPage maxBytes={settings.bundleSize} />;
  },
});
const packs = createRoute({
  getParentRoute: () => root,
  path: '/packs',
  validateSearch: readPacksSearch,
  component: latePage(() => import('./packs/packs-page').then((module) => module.PacksPage)),
});
const pack = createRoute({
  getParentRoute: () => root,
  path: '/packs/$name',
  validateSearch: readPackSearch,
  component: latePage(() => import('./packs/pack-page').then((module) => module.PackPage)),
});
const submit = createRoute({
  getParentRoute: () => root,
  path: '/submit',
  component: latePage(() => import('./packs/submit-page').then((module) => module.SubmitPage)),
});
const schedules = createRoute({
  getParentRoute: () => root,
  path: '/schedules',
  validateSearch: readSchedulesSearch,
  component: latePage(() => import('./schedules/schedules-page').then((module) => module.SchedulesPage)),
});
const schedule = createRoute({
  getParentRoute: () => root,
  path: '/schedules/$scheduleId',
  component: latePage(() => import('./schedules/schedule-page').then((module) => module.SchedulePage)),
});
const workers = createRoute({
  getParentRoute: () => root,
  path: '/workers',
  validateSearch: readWorkersSearch,
  component: latePage(() => import('./workers/workers-page').then((module) => module.WorkersPage)),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: latePage(() => import('./audit/audit-page').then((module) => module.AuditPage)),
});

const playground = createRoute({
  getParentRoute: () => root,
  path: '/playground',
  component: latePage(() => import('./playground/playground-page').then((module) => module.default)),
});

/** The pages below a base path. */
export function createConsoleRouter(basepath: string) {
  return createRouter({
    routeTree: root.addChildren([
      start,
      runs,
      run,
      approvals,
      gate,
      evidence,
      verify,
      packs,
      pack,
      submit,
      schedules,
      schedule,
      workers,
      audit,
      playground,
    ]),
    basepath,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
