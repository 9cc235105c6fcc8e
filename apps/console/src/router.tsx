import { lazy, Suspense } from 'react';
import { createRootRoute, createRoute, createRouter, Navigate } from '@tanstack/react-router';
import { GatePage } from './approvals/gate-page';
import { InboxPage, readInboxSearch } from './approvals/inbox';
import { Notice } from './frame/notice';
import { useServices } from './frame/services';
import { Shell } from './frame/shell';
import { RunPage } from './run/run-page';
import { readRunSearch } from './run/run-view';
import { readRunFilter } from './runs/run-filter';
import { RunsPage } from './runs/runs-page';

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
  component: RunsPage,
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  validateSearch: readRunSearch,
  component: RunPage,
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: readInboxSearch,
  component: InboxPage,
});
const gate = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/gates/$gateId',
  component: GatePage,
});

const EvidencePage = lazy(() => import('./evidence/evidence-page'));
const evidence = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/evidence',
  component: () => (
    <Suspense fallback={<Notice kind="loading" title="Loading …" />}>
      <EvidencePage />
    </Suspense>
  ),
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

const PlaygroundPage = lazy(() => import('./playground/playground-page'));
const playground = createRoute({
  getParentRoute: () => root,
  path: '/playground',
  component: () => (
    <Suspense fallback={<Notice kind="loading" title="Loading …" />}>
      <PlaygroundPage />
    </Suspense>
  ),
});

/** The pages below a base path. */
export function createConsoleRouter(basepath: string) {
  return createRouter({
    routeTree: root.addChildren([start, runs, run, approvals, gate, evidence, verify, playground]),
    basepath,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
