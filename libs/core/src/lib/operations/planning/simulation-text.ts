import { simulationJson, type PackSimulation } from './simulate-pack';

/** A simulation as shown to callers, as the text of a JSON object. */
export function simulationText({ simulated }: Extract<PackSimulation, { kind: 'simulated' }>): string {
  return JSON.stringify(simulationJson(simulated));
}
