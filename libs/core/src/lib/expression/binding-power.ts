import type { BinaryOperator } from './syntax';

/** Binding powers of infix operators, weakest first (JMESPath Community, but `[` binds like `.`). */
export const POWER = {
  pipe: 1,
  choice: 2,
  or: 3,
  and: 4,
  compare: 5,
  add: 6,
  multiply: 7,
  flatten: 9,
  star: 20,
  filter: 21,
  path: 40,
} as const;

/** The binding power of each operator. */
export const OPERATOR_POWER: Readonly<Record<BinaryOperator, number>> = {
  or: POWER.or,
  and: POWER.and,
  '==': POWER.compare,
  '!=': POWER.compare,
  '<': POWER.compare,
  '<=': POWER.compare,
  '>': POWER.compare,
  '>=': POWER.compare,
  '+': POWER.add,
  '-': POWER.add,
  '*': POWER.multiply,
  '/': POWER.multiply,
  '//': POWER.multiply,
  '%': POWER.multiply,
};

/** True if `text` is an infix operator. */
export function isBinaryOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(OPERATOR_POWER, text);
}
