import { useMemo, useRef, useState } from 'react';
import { Drafts, type Entered } from './draft';

const NOTHING: Entered = { text: null, entries: {} };

interface KeptDraft {
  /** As it was when the form was opened. */
  readonly before: Entered;
  /** False: what was entered last is too large to be kept. */
  readonly isKept: boolean;
  readonly keep: (change: Partial<Entered>) => void;
  readonly forget: () => void;
}

/** What a person enters, kept in this tab under a name (`draftName`). Null: it is not kept. */
export function useDraft(name: string | null): KeptDraft {
  const drafts = useMemo(() => new Drafts(sessionStorage), []);
  const [before] = useState<Entered>(() => (name === null ? NOTHING : drafts.read(name)));
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
