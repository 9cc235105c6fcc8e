import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { bodyOf } from '@taskrunner/client';
import { useKeys } from './keyboard/keys';
import { LeftChangeNotice } from './left-change';
import { ConnectionLost } from './lost';
import { useLiveLists } from './live';
import { useMe } from './me';
import { OtherPerson } from '../session/other-person';
import { pageTitle } from './page-title';
import { Palette, usePaletteKey } from './keyboard/palette';
import { useServices } from './services';
import { Shortcuts } from './keyboard/shortcuts';
import { applyTheme, nextTheme, storedTheme } from './theme';

/** The frame of every page: navigation, tenant and person. */
export function Shell() {
  const [isHelpOpen, openHelp] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const openPalette = useCallback(() => setPaletteOpen(true), []);
  const navigate = useNavigate();
  useLiveLists();
  usePaletteKey(openPalette);
  useFocusOnNewPage();
  const pages = useMorePages();
  const title = useLocation({ select: ({ pathname }) => pageTitle(pathname) });
  useEffect(() => {
    document.title = title;
  }, [title]);
  const isRuns = useLocation({ select: ({ pathname }) => pathname.startsWith('/runs') && !isGate(pathname) });
  const isVerify = useLocation({ select: ({ pathname }) => pathname.startsWith('/verify') });
  useKeys({
    '?': () => openHelp(true),
    g: () => void navigate({ to: '/runs', search: {} }),
    a: () => void navigate({ to: '/approvals', search: {} }),
    p: () => void navigate({ to: '/packs', search: {} }),
    s: () => void navigate({ to: '/schedules', search: {} }),
  });
  return (
    <>
      <a className="skip" href="#content" onClick={toContent}>
        Skip to the content
      </a>
      <header className="bar">
        <span className="brand">TaskRunner</span>
        <nav aria-label="Pages" className="tabs">
          <Link to="/runs" search={{}} className="tab" activeProps={NO_PROPS} {...currentIf(isRuns)}>
            Runs
          </Link>
          <Approvals />
          <MorePages />
          <Link to="/verify" className="tab" activeProps={NO_PROPS} {...currentIf(isVerify)}>
            Verify
          </Link>
        </nav>
        <span className="bar-space" />
        <ThemeButton />
        <button type="button" className="icon-button" aria-label="Keyboard shortcuts" onClick={() => openHelp(true)}>
          ?
        </button>
        <Person />
      </header>
      <ConnectionLost />
      <LeftChangeNotice />
      <OtherPerson />
      <div id="content" tabIndex={-1}>
        <Outlet />
      </div>
      <Palette
        isOpen={isPaletteOpen}
        close={() => setPaletteOpen(false)}
        more={[
          ...pages.map(({ to, name }) => ({
            id: name,
            text: `Go to ${name.toLowerCase()}`,
            act: () => void navigate({ to, search: {} }),
          })),
          { id: 'submit', text: 'Run a pack of your own', act: () => void navigate({ to: '/submit' }) },
          { id: 'keys', text: 'Keyboard shortcuts', act: () => openHelp(true) },
        ]}
      />
      <Shortcuts isOpen={isHelpOpen} close={() => openHelp(false)} />
    </>
  );
}

/**
 * On a new page the focus is on its content if what had it is gone with the old page. Otherwise the keyboard would begin at the navigation again,
 * and a screen reader would say nothing.
 */
function useFocusOnNewPage(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe('onRendered', ({ pathChanged }) => {
        if (pathChanged && document.activeElement === document.body)
          document.getElementById('content')?.focus({ preventScroll: true });
      }),
    [router],
  );
}

/** The page of a gate is below its run in the address, but belongs to the approvals in the navigation. */
function isGate(pathname: string): boolean {
  return /^\/runs\/[^/]+\/gates\//.test(pathname);
}

const NO_PROPS = {};

function currentIf(isCurrent: boolean) {
  return isCurrent ? ({ 'data-current': 'true', 'aria-current': 'page' } as const) : ({} as const);
}

/** The base address of the page would change the meaning of `#content`. */
function toContent(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Approvals() {
  const { client, connection, settings } = useServices();
  const isCurrent = useLocation({ select: ({ pathname }) => pathname.startsWith('/approvals') || isGate(pathname) });
  const mayApprove = useMe().data?.scopes.includes('packs.approve') === true;
  const { data } = useQuery({
    queryKey: ['approvals', 'count'],
    queryFn: ({ signal }) => bodyOf(client.api.GET('/api/approvals/count', { signal })),
    enabled: mayApprove,
    refetchInterval: connection.every(settings.refresh * 2),
  });
  const count = data?.mine ?? 0;
  const text = `${count}${data?.atLeast === true ? '+' : ''}`;
  return (
    <Link to="/approvals" search={{}} className="tab" activeProps={NO_PROPS} {...currentIf(isCurrent)}>
      Approvals
      {count > 0 ? (
        <span className="badge">
          {text}
          <span className="unseen"> to decide</span>
        </span>
      ) : null}
    </Link>
  );
}

const MORE = [
  { to: '/packs', name: 'Packs', below: /^\/(packs|submit)(\/|$)/, scope: null },
  { to: '/playground', name: 'Playground', below: /^\/playground(\/|$)/, scope: null },
  { to: '/schedules', name: 'Schedules', below: /^\/schedules(\/|$)/, scope: null },
  { to: '/workers', name: 'Workers', below: /^\/workers(\/|$)/, scope: 'packs.admin' },
  { to: '/audit', name: 'Audit', below: /^\/audit(\/|$)/, scope: 'packs.admin' },
] as const;

/** Pages for administrators are not offered to others; their addresses say what is missing. */
function useMorePages() {
  const scopes = useMe().data?.scopes ?? [];
  return MORE.filter(({ scope }) => scope === null || scopes.includes(scope));
}

function MorePages() {
  const pathname = useLocation({ select: (location) => location.pathname });
  const pages = useMorePages();
  // On a telephone the tab of this page may be out of sight.
  useEffect(() => {
    document.querySelector('.bar .tab[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname, pages.length]);
  return pages.map(({ to, name, below }) => (
    <Link key={to} to={to} search={{}} className="tab" activeProps={NO_PROPS} {...currentIf(below.test(pathname))}>
      {name}
    </Link>
  ));
}

function Person() {
  const { session } = useServices();
  const { data: me } = useMe();
  if (me === undefined) return <span className="faint">…</span>;
  return (
    <MenuTrigger>
      <Button className="person">
        <span className="tenant">{me.tenant}</span> <span>{me.person.name}</span>
      </Button>
      <Popover placement="bottom end" className="popover">
        <div className="popover-head">
          <strong>{me.person.name}</strong>
          <span className="faint">{me.person.sub}</span>
          <span className="faint">tenant {me.tenant}</span>
          <span className="faint">{me.scopes.join(', ')}</span>
        </div>
        <Menu className="menu" aria-label="Account">
          <MenuItem className="menu-item" onAction={() => void session.signOut()}>
            Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

const THEMES = { auto: 'as the system', light: 'light', dark: 'dark' } as const;

function ThemeButton() {
  const [theme, setTheme] = useState(() => storedTheme(localStorage));
  const next = nextTheme(theme);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Colours: ${THEMES[theme]}. Change to ${THEMES[next]}`}
      title={`Colours: ${THEMES[theme]}`}
      onClick={() => {
        applyTheme(next, document.documentElement, localStorage);
        setTheme(next);
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true" className="theme-shape" data-theme-shape={theme}>
        <circle cx="8" cy="8" r="5.5" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
      </svg>
    </button>
  );
}
