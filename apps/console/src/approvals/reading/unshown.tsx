import { useEffect, useRef, useState } from 'react';
import { ToPart } from '../../frame/to-part';
import { ShownRanges, type Place } from './shown-ranges';
import { UNOPENED } from './shown-table';

/** The parts of a request that were not on the screen. */
export interface Unshown {
  readonly names: readonly string[];
  readonly count: number;
}

/** The name of a part stands in this attribute. */
const PART = 'data-part';

/** Id of the heading of a part. */
function partId(name: string): string {
  return `part-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
}

/** Which parts of the page were not within what is seen of it, since it shows this subject. */
export function useUnshown(subject: string): Unshown {
  const [unshown, setUnshown] = useState<Unshown>({ names: [], count: 0 });
  const shown = useRef<{ readonly of: string; readonly ranges: ShownRanges } | null>(null);
  useEffect(() => {
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      if (document.visibilityState !== 'visible') return;
      if (shown.current?.of !== subject) shown.current = { of: subject, ranges: new ShownRanges() };
      const { ranges } = shown.current;
      ranges.see(windowOfPage(), placesOnPage());
      const [names, count] = [ranges.missing(), ranges.count()];
      setUnshown((before) =>
        before.count === count && before.names.join('\n') === names.join('\n') ? before : { names, count },
      );
    };
    const later = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    // A part that loads or unfolds changes the size of the page without a scroll.
    const sizes = new ResizeObserver(later);
    const page = document.querySelector('main');
    if (page !== null) sizes.observe(page);
    // The last page of a table may have the size of the first.
    const pages = new MutationObserver(later);
    if (page !== null) pages.observe(page, { subtree: true, attributes: true, attributeFilter: [UNOPENED] });
    const options = { capture: true, passive: true };
    document.addEventListener('scroll', later, options);
    window.addEventListener('resize', later);
    document.addEventListener('visibilitychange', later);
    later();
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      pages.disconnect();
      document.removeEventListener('scroll', later, options);
      window.removeEventListener('resize', later);
      document.removeEventListener('visibilitychange', later);
    };
  }, [subject]);
  return unshown;
}

function windowOfPage(): { readonly top: number; readonly bottom: number } {
  const frame = document.getElementById('content')?.getBoundingClientRect();
  return { top: Math.max(0, frame?.top ?? 0), bottom: Math.min(innerHeight, frame?.bottom ?? innerHeight) };
}

function placesOnPage(): readonly Place[] {
  return [...document.querySelectorAll(`main [${PART}]`)].map((element) => {
    const { top, height } = element.getBoundingClientRect();
    const hasUnopened = element.querySelector(`[${UNOPENED}]`) !== null;
    return { name: element.getAttribute(PART) ?? '', top, height, content: element.textContent ?? '', hasUnopened };
  });
}

/** Before a decision: what of the request was not on the screen. It informs, and does not prevent the decision. */
export function NotShown({ unshown: { names, count } }: { readonly unshown: Unshown }) {
  if (names.length === 0) return null;
  return (
    <p className="tinted not-shown" data-tone="wait">
      {names.length} of {count} sections {names.length === 1 ? 'was' : 'were'} not shown to the end:{' '}
      {names.map((name, at) => (
        <span key={name}>
          {at === 0 ? '' : ', '}
          <ToPart to={partId(name)}>{name}</ToPart>
        </span>
      ))}
      .
    </p>
  );
}

interface SectionFacts {
  readonly name: string;
  readonly label?: string;
  /** In place of the name, as the heading. */
  readonly title?: React.ReactNode;
  readonly className?: string;
  readonly children: React.ReactNode;
}

/** A section of a request that a person must have seen before they decide. */
export function ReadSection({ name, title, label, className, children }: SectionFacts) {
  return (
    <section className={className} aria-label={label} {...{ [PART]: name }}>
      <h2 id={partId(name)} tabIndex={-1}>
        {title ?? name}
      </h2>
      {children}
    </section>
  );
}

/** A part of a request without a heading that a person must have seen before they decide. */
export function ReadPart({ name, children }: Pick<SectionFacts, 'name' | 'children'>) {
  return (
    <div id={partId(name)} tabIndex={-1} {...{ [PART]: name }}>
      {children}
    </div>
  );
}
