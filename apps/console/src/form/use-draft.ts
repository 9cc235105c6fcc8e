import { useMemo, useRef, useState } from 'react';
import { Drafts, type Draft } from './draft';

const NOTHING: Draft = { text: null, entries: {} };

interface KeptDraft {
  /** As it was when the form was opened. */
  readonly before: Draft;
  /** False: what was entered last is too large to be kept. */
  readonly isKept: boolean;
  readonly keep: (change: Partial<Draft>) => void;
  readonly forget: () => void;
}

/** What a person enters, kept in this tab under a name (`draftName`). Null: it is not kept. */
export function useDraft(name: string | null): KeptDraft {
  const drafts = useMemo(() => new Drafts(sessionStorage), []);
  const [before] = useState<Draft>(() => (name === null ? NOTHING : drafts.read(name)));
  const now = useRef(before);
  const [isKept, setKept] = useState(true);
  return {
    before,
    isKept,
    keep: (change) => {
      now.current = { ...now.current, ...change };
      if (name !== null) setKept(drafts.keep(name, now.current));
    },
    forget: () => {
      now.current = NOTHING;
      if (name !== null) drafts.forget(name);
    },
  };
}
