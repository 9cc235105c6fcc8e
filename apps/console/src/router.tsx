import { lazy, Suspense } from 'react';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from '@tanstack/react-router';
import { readInboxSearch } from './approvals/inbox-search';
import { readAuditSearch } from './audit/audit-search';
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
  component: lazyRouteComponent(() => import('./runs/runs-page'), 'RunsPage'),
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import('./run/run-page'), 'RunPage'),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: readInboxSearch,
  component: lazyRouteComponent(() => import('./approvals/inbox'), 'InboxPage'),
});
const gate = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/gates/$gateId',
  component: lazyRouteComponent(() => import('./approvals/gate-page'), 'GatePage'),
});

const evidence = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/evidence',
  component: lazyRouteComponent(() => import('./evidence/evidence-page')),
});
const VerifyPage = lazy(() => import('./evidence/verify-page'));
const verify = createRoute({
  getParentRoute: () => root,
  path: '/verify',
  component: () => {
    const { settings } = useServices();
    return (
      <Suspense fallback={<Notice kind="loading" title="Loading …" />}>
        <VerifyPage maxBytes={settings.bundleSize} />
      </Suspense>
    );
  },
});
const packs = createRoute({
  getParentRoute: () => root,
  path: '/packs',
  validateSearch: readPacksSearch,
  component: lazyRouteComponent(() => import('./packs/packs-page'), 'PacksPage'),
});
const pack = createRoute({
  getParentRoute: () => root,
  path: '/packs/$name',
  validateSearch: readPackSearch,
  component: lazyRouteComponent(() => import('./packs/pack-page'), 'PackPage'),
});
const submit = createRoute({
  getParentRoute: () => root,
  path: '/submit',
  component: lazyRouteComponent(() => import('./packs/submit-page'), 'SubmitPage'),
});
const schedules = createRoute({
  getParentRoute: () => root,
  path: '/schedules',
  validateSearch: readSchedulesSearch,
  component: lazyRouteComponent(() => import('./schedules/schedules-page'), 'SchedulesPage'),
});
const schedule = createRoute({
  getParentRoute: () => root,
  path: '/schedules/$scheduleId',
  component: lazyRouteComponent(() => import('./schedules/schedule-page'), 'SchedulePage'),
});
const workers = createRoute({
  getParentRoute: () => root,
  path: '/workers',
  validateSearch: readWorkersSearch,
  component: lazyRouteComponent(() => import('./workers/workers-page'), 'WorkersPage'),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./audit/audit-page'), 'AuditPage'),
});

const playground = createRoute({
  getParentRoute: () => root,
  path: '/playground',
  component: lazyRouteComponent(() => import('./playground/playground-page')),
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
