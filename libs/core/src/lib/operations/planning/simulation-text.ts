import { simulationJson, type PackSimulation } from './simulate-pack';

/** What callers are shown of a simulation, as the text of a JSON object. */
export function simulationText({ simulated }: Extract<PackSimulation, { kind: 'simulated' }>): string {
  return JSON.stringify(simulationJson(simulated));
}
