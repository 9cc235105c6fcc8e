import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useId, useState } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import { RUN_TABS } from '../../run/run-view';
import { matching, typedRun, type Command } from './commands';
import { stepIn } from './keys';
import { applyTheme, type Theme } from '../theme';

interface PaletteFacts {
  readonly isOpen: boolean;
  readonly close: () => void;
  readonly more: readonly Command[];
}

/** Opens with Control or Command and K, wherever the person is. */
export function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'k')
        return;
      event.preventDefault();
      open();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [open]);
}

/** A list of everything that the console can go to, found by typing. */
export function Palette({ isOpen, close, more }: PaletteFacts) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => open || close()} isDismissable className="overlay">
      <Modal className="modal palette">
        <Dialog className="palette-dialog" aria-label="Go to">
          <Choice close={close} more={more} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Choice({ close, more }: Omit<PaletteFacts, 'isOpen'>) {
  const list = useId();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const found = matching([...useCommands(typed), ...more], typedRun(typed) === null ? typed : '');
  const act = (command: Command | undefined): void => {
    if (command === undefined) return;
    close();
    command.act();
  };
  const press = (event: React.KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt(stepIn(found.length, at, event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      act(found[at]);
    }
  };
  return (
    <>
      <input
        className="field palette-field"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found[at] === undefined ? undefined : `${list}-${found[at].id}`}
        aria-label="Go to"
        placeholder="a page, a part of this run, the id of a run …"
        autoFocus
        value={typed}
        onKeyDown={press}
        onChange={({ target: { value } }) => {
          setTyped(value);
          setAt(0);
        }}
      />
      <ul role="listbox" id={list} aria-label="Commands" className="palette-list">
        {found.map((command, index) => (
          <li
            key={command.id}
            id={`${list}-${command.id}`}
            role="option"
            aria-selected={index === at}
            className="menu-item"
            data-focused={index === at ? 'true' : undefined}
            onClick={() => act(command)}
          >
            {command.text}
          </li>
        ))}
      </ul>
      {found.length === 0 ? (
        <p className="palette-none faint" role="status">
          Nothing matches
        </p>
      ) : null}
    </>
  );
}

function useCommands(typed: string): readonly Command[] {
  const navigate = useNavigate();
  const pathname = useLocation({ select: (location) => location.pathname });
  const runId = /^\/runs\/([^/]+)/.exec(pathname)?.[1];
  const named = typedRun(typed);
  const text = typed.trim();
  if (named !== null)
    return [
      { id: 'run', text: `Open ${named}`, act: () => void navigate({ to: '/runs/$runId', params: { runId: named } }) },
    ];
  const runs = (id: string, words: string, search: object): Command => ({
    id,
    text: words,
    act: () => void navigate({ to: '/runs', search }),
  });
  return [
    ...(runId === undefined
      ? []
      : RUN_TABS.map((tab) => ({
          id: `tab-${tab}`,
          text: `This run: ${tab}`,
          act: () => void navigate({ to: '/runs/$runId', params: { runId }, search: { tab } }),
        }))),
    runs('runs', 'Go to the runs', {}),
    { id: 'approvals', text: 'Go to the approvals', act: () => void navigate({ to: '/approvals', search: {} }) },
    { id: 'packs', text: 'Go to the packs', act: () => void navigate({ to: '/packs', search: {} }) },
    { id: 'submit', text: 'Submit a pack', act: () => void navigate({ to: '/submit' }) },
    { id: 'schedules', text: 'Go to the schedules', act: () => void navigate({ to: '/schedules', search: {} }) },
    { id: 'workers', text: 'Go to the workers', act: () => void navigate({ to: '/workers', search: {} }) },
    { id: 'audit', text: 'Go to the audit chain', act: () => void navigate({ to: '/audit', search: {} }) },
    { id: 'verify', text: 'Verify evidence', act: () => void navigate({ to: '/verify' }) },
    { id: 'playground', text: 'Playground', act: () => void navigate({ to: '/playground' }) },
    runs('failed', 'Runs that failed', { status: 'failed' }),
    runs('active', 'Runs that are running', { status: 'running' }),
    runs('stuck', 'Runs that need a person', { stuck: 'any' }),
    runs('mine', 'Runs requested by me', { requester: 'me' }),
    ...(text === '' ? [] : [runs('search', `Search runs for ${text}`, { q: text })]),
    ...THEMES.map(([theme, words]) => ({
      id: `theme-${theme}`,
      text: `Colours: ${words}`,
      act: () => applyTheme(theme, document.documentElement, localStorage),
    })),
  ];
}

const THEMES: readonly (readonly [Theme, string])[] = [
  ['auto', 'as the system'],
  ['light', 'light'],
  ['dark', 'dark'],
];
