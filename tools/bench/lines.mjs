// What the bench prints: one JSON object a line, {name, value, unit, peer?, ratio?, target, pass, …}.
import { loadavg } from 'node:os';

/** Four digits count. */
export const rounded = (value) => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));

/**
 * A line. The target is held against the ratio to the peer where there is a peer, else against the value; null: there is none.
 * `more` goes along as it is.
 */
export function line({ name, value, unit, peer, ratio, target = null, better = 'more', ...more }) {
  const held = rounded(ratio ?? value);
  return {
    name,
    value: rounded(value),
    unit,
    ...(peer === undefined ? {} : { peer }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
    target,
    pass: target === null ? null : better === 'less' ? held <= target : held >= target,
    ...more,
    load: rounded(loadavg()[0]),
  };
}
