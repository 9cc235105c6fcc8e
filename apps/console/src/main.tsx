import './style/base.css';
import './style/frame.css';
import './style/runs.css';
import './style/run.css';
import './style/log.css';
import './style/timeline.css';
import './style/approvals.css';
import './style/form.css';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { clientFor } from './api/client';
import { Connection } from './api/connection';
import { isFinal, isUnreached } from './api/problem';
import { Drafts } from './form/draft';
import { SharedFeed } from './api/shared-feed';
import { LeftChanges } from './api/left-changes';
import { latePage } from './frame/late-page';
import { ServicesContext } from './frame/services';
import { applyTheme, storedTheme } from './frame/theme';
import { createConsoleRouter } from './router';
import { Authority } from './session/authority';
import { Gateway } from './session/gateway';
import { PendingSignIns } from './session/pending-sign-in';
import { Session } from './session/session';
import { basePath, readSettings } from './settings';

const RETRIES = 2;

applyTheme(storedTheme(localStorage), document.documentElement, localStorage);
const settings = readSettings(document);
const base = basePath(document);
const redirectUri = new URL(`${base}/`, location.origin).href;
const session = new Session(new Authority(settings, redirectUri), new PendingSignIns(sessionStorage), {
  location,
  history,
  base,
  tabs: new BroadcastChannel(`taskrunner.session ${settings.issuer} ${settings.clientId}`),
});
const connection = new Connection();
connection.watch(window);
const client = clientFor(new URL('..', redirectUri).href, session, connection);
const left = new LeftChanges();
const feed = new SharedFeed(client, { locks: navigator.locks, channel: (name) => new BroadcastChannel(name) });
const queries = new QueryClient({
  // Also an answer that is cut off in its middle.
  queryCache: new QueryCache({ onError: (error) => isUnreached(error) && connection.note(false) }),
  defaultOptions: {
    // Without a connection a request fails, so that the page can say so. Otherwise it would be held back without a word, and a change
    // would be sent by itself when the connection is back.
    queries: {
      // Where no answer comes, the page has one schedule of tries for all requests (`ConnectionLost`).
      retry: (count, error) => count < RETRIES && !isFinal(error) && !isUnreached(error),
      networkMode: 'always',
      // `ConnectionLost` reads the page again, also after an outage of the server that the browser does not notice.
      refetchOnReconnect: false,
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});
// Data that one person has read must not be visible to the next one.
session.subscribe(() => {
  const state = session.current();
  if (state.kind !== 'signed-out') return;
  queries.clear();
  left.dismiss();
  // Whose sign-in has ended by itself finds what they had entered when they sign in again.
  if (state.isChosen) new Drafts(sessionStorage).forgetAll();
});
const root = createRoot(document.getElementById('root') ?? document.body);
/** Created when a person is signed in: before that, the address may contain the issuer's response. */
function Pages() {
  const [router] = useState(() => createConsoleRouter(base));
  return <RouterProvider router={router} />;
}

const OpenPage = latePage(() => import('./evidence/open-page').then((module) => module.default));
/** Evidence is verified without a sign-in, because a person with a bundle need not have an account. */
const isOpen = location.pathname === `${base}/verify`;

root.render(
  isOpen ? (
    <OpenPage maxBytes={settings.bundleSize} home={redirectUri} />
  ) : (
    <ServicesContext value={{ client, connection, feed, left, session, settings }}>
      <QueryClientProvider client={queries}>
        <Gateway session={session}>
          <Pages />
        </Gateway>
      </QueryClientProvider>
    </ServicesContext>
  ),
);
if (!isOpen) void session.start();
