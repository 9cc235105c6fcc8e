import { ANY_TYPE, objectType, type StaticType } from '../../expression/static-type';
import type { UnreadableRegions } from '../../pack/unreadable-regions';
import type { InputRule } from '../../pack/model/pack';

/**
 * The type of `inputs` if some declarations could not be read. An unreadable input may be anything; if a name is unreadable, any input may
 * exist.
 */
export function inputsBesideUnreadable(
  sound: StaticType,
  inputs: readonly InputRule[],
  unreadable: UnreadableRegions,
): StaticType {
  const at = (index: number): string => `/spec/inputs/${index}`;
  if (unreadable.at('/spec/inputs') && inputs.length === 0) return ANY_TYPE;
  if (inputs.some(({ name }) => name === '')) return ANY_TYPE;
  return objectType(
    Object.fromEntries(
      inputs.map(({ name }, index) => [
        name,
        unreadable.isWithin(at(index)) ? ANY_TYPE : (sound.fields?.[name] ?? ANY_TYPE),
      ]),
    ),
  );
}
