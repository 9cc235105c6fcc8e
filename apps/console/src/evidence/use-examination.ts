import { useCallback, useEffect, useRef, useState } from 'react';
import { Examiner } from './examiner';
import type { BundleFile, Findings, Terms } from './protocol';

/** Where the work on a bundle stands. */
export type Stage =
  | { readonly kind: 'none' }
  | { readonly kind: 'working'; readonly bundle: BundleFile | null }
  | { readonly kind: 'found'; readonly findings: Findings; readonly terms: Terms }
  | { readonly kind: 'failed'; readonly message: string };

/** A bundle in the hands of a worker, verified again whenever the terms change. */
export interface ExaminationOfPage {
  /** The worker is loaded, and needs no network any more. */
  readonly isReady: boolean;
  readonly stage: Stage;
  readonly open: (name: string, blob: Blob) => void;
  /** The report as one HTML file. */
  readonly write: () => Promise<string>;
}

export function useExamination(terms: Terms): ExaminationOfPage {
  const examiner = useRef<Examiner | null>(null);
  const [isReady, setReady] = useState(false);
  const [bundle, setBundle] = useState<BundleFile | null>(null);
  const [stage, setStage] = useState<Stage>({ kind: 'none' });
  const failed = (error: unknown): void =>
    setStage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });

  useEffect(() => {
    const made = new Examiner();
    examiner.current = made;
    made.ready.then(() => setReady(true), failed);
    return () => made.stop();
  }, []);

  const open = useCallback((name: string, blob: Blob) => {
    setStage({ kind: 'working', bundle: null });
    setBundle(null);
    const read = async (): Promise<void> => {
      const file = await examiner.current?.open(name, await blob.arrayBuffer());
      if (file !== undefined) setBundle(file);
    };
    read().catch(failed);
  }, []);

  useEffect(() => {
    if (bundle === null) return undefined;
    let isCurrent = true;
    setStage({ kind: 'working', bundle });
    examiner.current?.verify(terms).then(
      (findings) => isCurrent && setStage({ kind: 'found', findings, terms }),
      (error: unknown) => isCurrent && failed(error),
    );
    return () => {
      isCurrent = false;
    };
  }, [bundle, terms]);

  const write = useCallback(async () => (await examiner.current?.write()) ?? '', []);
  return { isReady, stage, open, write };
}
