import { ANY_TYPE, objectType, type StaticType } from '../expression/static-type';
import type { Doubt } from '../pack/doubt';
import type { InputRule } from '../pack/pack';

/** What `inputs` is where some of their declarations could not be read: an input in doubt may be anything, and where a name is, any may be there. */
export function doubtedInputs(sound: StaticType, inputs: readonly InputRule[], doubt: Doubt): StaticType {
  const at = (index: number): string => `/spec/inputs/${index}`;
  if (doubt.at('/spec/inputs') && inputs.length === 0) return ANY_TYPE;
  if (inputs.some(({ name }) => name === '')) return ANY_TYPE;
  return objectType(
    Object.fromEntries(
      inputs.map(({ name }, index) => [name, doubt.within(at(index)) ? ANY_TYPE : (sound.fields?.[name] ?? ANY_TYPE)]),
    ),
  );
}
