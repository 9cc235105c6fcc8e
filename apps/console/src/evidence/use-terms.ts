import { useMemo, useState } from 'react';
import type { Terms } from './protocol';
import { storedTrust, storeTrust, type TrustText } from './trust-store';

/** What a person wants a bundle to be verified against. Nothing of it comes from the server. */
export interface TermsOfPage {
  readonly terms: Terms;
  readonly isRemembered: boolean;
  readonly give: (trust: TrustText | null) => void;
  readonly remember: (isRemembered: boolean) => void;
  readonly allowDev: (allowDev: boolean) => void;
  readonly allowLocal: (allowLocal: boolean) => void;
  readonly expect: (expected: Partial<Pick<Terms, 'run' | 'plan'>>) => void;
}

/** `named`: the run that the address names; null: any, unless the reader expects one. */
export function useTerms(named: string | null): TermsOfPage {
  const [trust, setTrust] = useState(() => storedTrust(localStorage));
  const [isRemembered, setRemembered] = useState(trust !== null);
  const [isDev, setDev] = useState(false);
  const [isLocal, setLocal] = useState(false);
  const [expected, setExpected] = useState<Pick<Terms, 'run' | 'plan'>>({ run: null, plan: null });
  const { run, plan } = { ...expected, ...(named === null ? {} : { run: named }) };
  const terms = useMemo(
    () => ({ trust, allowDev: isDev, allowLocal: isLocal, run, plan }),
    [trust, isDev, isLocal, run, plan],
  );
  return {
    terms,
    isRemembered,
    give: (trustFile) => {
      setTrust(trustFile);
      if (isRemembered) storeTrust(localStorage, trustFile);
    },
    remember: (wanted) => {
      setRemembered(wanted);
      storeTrust(localStorage, wanted ? trust : null);
    },
    allowDev: setDev,
    allowLocal: setLocal,
    expect: (more) => setExpected((before) => ({ ...before, ...more })),
  };
}
