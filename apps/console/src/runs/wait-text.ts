import type { RunWait } from '@taskrunner/client';

/** What a run waits for, and who can end that. */
interface WaitText {
  readonly what: string;
  readonly who: string;
}

/** Says what a run waits for, and who can end that. Of an approval, the gate says more. */
export function waitText({ kind, id }: Pick<RunWait, 'kind' | 'id'>): WaitText {
  const name = id ?? '';
  switch (kind) {
    case 'approval':
      return { what: `An approval at ${name}`, who: 'People who may approve, unless they requested the run.' };
    case 'policy':
      return { what: `A policy denied ${name}`, who: 'People who may override the denial at this gate.' };
    case 'retry':
      return { what: `The next attempt of ${name}`, who: 'Nobody needs to: the attempt begins by itself.' };
    case 'delay':
      return { what: `The next turn of ${name}`, who: 'Nobody needs to: the turn begins by itself.' };
    case 'attention':
      return {
        what: `${name} needs attention: nobody knows whether it took effect`,
        who: 'People who may approve, unless they requested the run, record what it did.',
      };
    case 'concurrency':
      return { what: `The concurrency group ${name} is held by another run`, who: 'It begins when that run ends.' };
    default:
      return { what: name === '' ? kind : `${kind} ${name}`, who: '' };
  }
}
