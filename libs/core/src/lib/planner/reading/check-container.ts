import { shown } from '../../pack/shapes/shape';
import { pointerTo } from '../../document/json-pointer';
import { isJsonObject } from '../../foundation/json';
import type { RunBody } from '../../pack/model/pack-step';
import type { Faults } from '../context/faults';
import { parseImage } from '../context/image';

/** Members of `resources`, with the maximum of each on any machine. */
const RESOURCES: Readonly<Record<string, number>> = {
  cpuMillicores: 1_024_000,
  memoryMiB: 1_048_576,
  maxProcesses: 65_536,
};

/** Checks the image and the resources of a container. */
export function checkContainer(body: RunBody, at: string, faults: Faults): void {
  const { image, resources } = body.with;
  if (typeof image === 'string' && !image.includes('{{') && parseImage(image) === null)
    faults.add('IMAGE_NOT_PINNED', `${at}/image`, `The image ${shown(image)} is not identified by digest only.`);
  if (Object.keys(body.tools).length > 0)
    faults.add('EXECUTOR_PARAMETER', `${at.replace(/\/with$/, '')}/tools`, 'A container cannot pin tools.', {
      remediation: 'Remove tools. The digest of the image pins everything in it.',
    });
  if (resources === undefined || !isJsonObject(resources)) return;
  for (const [name, value] of Object.entries(resources)) {
    const place = pointerTo(`${at}/resources`, name);
    const most = Object.hasOwn(RESOURCES, name) ? RESOURCES[name] : undefined;
    if (most === undefined)
      faults.add('EXECUTOR_PARAMETER_UNKNOWN', place, `The resource ${name} is unknown.`, {
        key: true,
        remediation: faults.guess(
          name,
          Object.keys(RESOURCES),
          `Known resources: ${Object.keys(RESOURCES).join(', ')}.`,
        ),
      });
    else if (typeof value === 'string' && value.includes('{{')) continue;
    else if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most)
      faults.add('EXECUTOR_PARAMETER', place, `${name} must be an integer from 1 to ${most}.`);
  }
}
