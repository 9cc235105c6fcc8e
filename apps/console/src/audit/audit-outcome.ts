import { gateDecisionWord } from '@taskrunner/core/gate';
import type { Look } from '../frame/mark';

type Event = Readonly<Record<string, unknown>>;

/** Entries keep the words of the inbox of a run, because their hashes cover them. People read others. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['posted', 'requested'],
  ['known', 'already requested'],
  ['ended', 'too late, the run had ended'],
]);

/** What became of what an entry is about. Null: the entry does not say. */
export function outcomeOf(
  event: Event,
): (Pick<Look, 'tone'> & { readonly text: string; readonly code: string | null }) | null {
  const [outcome, decision, code] = [textIn(event, 'outcome'), textIn(event, 'decision'), textIn(event, 'code')];
  // A request that was refused before it was about anything has its code alone.
  if (event['type'] === 'request.refused') return { tone: 'bad', text: timesOf(event), code };
  if (outcome === null && decision === null) return null;
  if (outcome === 'refused') return { tone: 'bad', text: decision === null ? 'refused' : `${decision}: refused`, code };
  // A decision that counts is what was decided; of everything else the outcome.
  const said = decision !== null && (outcome === null || outcome === 'decided') ? decision : (outcome ?? '');
  const tone = said === 'rejected' ? 'bad' : said === 'approved' ? 'good' : 'quiet';
  return { tone, text: overrideText(event, said) ?? WORDS.get(said) ?? said, code };
}

/** A decision about the denial of a policy, in the words of all other places. Null: the entry is of another kind, or of an earlier version. */
function overrideText(event: Event, said: string): string | null {
  if (event['override'] !== true) return null;
  return said === 'approved' || said === 'rejected' || said === 'withdrawn' ? gateDecisionWord(said, true) : null;
}

/** Equal refusals of a short time are one entry. */
function timesOf({ count }: Event): string {
  return typeof count === 'number' && count > 1 ? `refused ${count} times` : 'refused';
}

function textIn(event: Event, name: string): string | null {
  const value = event[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
