import { lazy, Suspense } from 'react';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from '@tanstack/react-router';
import { readInboxSearch } from './approvals/inbox-search';
import { Notice } from './frame/notice';
import { useServices } from './frame/services';
import { Shell } from './frame/shell';
import { readRunSearch } from './run/run-view';
import { readRunFilter } from './runs/run-filter';

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

/** The pages below a base path. */
export function createConsoleRouter(basepath: string) {
  return createRouter({ routeTree: root.addChildren([start, runs, run, approvals, gate, evidence, verify]), basepath });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
