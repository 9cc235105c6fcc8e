import type { ContainerLimits, ContainerTask } from '@taskrunner/core/ports';
import type { ContainerCeiling } from './container-engine';
import { refusal } from './container-error';

const MIB = 1024 * 1024;

/** The limits of a container. Throws `RESOURCES_EXCEEDED` if it requests more than the configuration allows. */
export function grantedLimits(
  { limits }: Pick<ContainerTask, 'limits'>,
  ceiling: ContainerCeiling,
): ContainerLimits & Pick<ContainerCeiling, 'memoryBytes' | 'cpuMillicores' | 'processes'> {
  const granted = (name: 'memoryBytes' | 'cpuMillicores' | 'processes', unit: number, noun: string): number => {
    const asked = limits[name];
    if (asked !== null && asked > ceiling[name])
      throw refusal(
        'RESOURCES_EXCEEDED',
        `the step requests ${asked / unit} ${noun}; the limit is ${ceiling[name] / unit}`,
      );
    return asked ?? ceiling[name];
  };
  return {
    ...limits,
    memoryBytes: granted('memoryBytes', MIB, 'MiB of memory'),
    cpuMillicores: granted('cpuMillicores', 1, 'millicores'),
    processes: granted('processes', 1, 'processes'),
  };
}
