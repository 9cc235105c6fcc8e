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
}

/** `run`: the run that the address names; null: any. */
export function useTerms(run: string | null): TermsOfPage {
  const [trust, setTrust] = useState(() => storedTrust(localStorage));
  const [isRemembered, setRemembered] = useState(trust !== null);
  const [isDev, setDev] = useState(false);
  const terms = useMemo(() => ({ trust, allowDev: isDev, run }), [trust, isDev, run]);
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
  };
}
