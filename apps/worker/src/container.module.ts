import {
  KubernetesEngine,
  kubernetesOf,
  PodmanEngine,
  podmanOf,
  type Configuration,
  type ContainerEngine,
  type Supervisor,
} from '@taskrunner/infrastructure';
import type { WorkerLog } from './worker-log';

/** What this worker runs containers with; `available` is false where one is configured and does not answer. */
export interface WorkerContainers {
  readonly engine: ContainerEngine | null;
  readonly available: boolean;
}

/** Opens the configured engine and removes what an earlier life of this worker left there. */
export async function openContainers(
  configuration: Configuration,
  supervisor: Supervisor,
  log: WorkerLog,
): Promise<WorkerContainers> {
  if (configuration.container.engine === 'none') return { engine: null, available: true };
  try {
    const engine = await open(configuration, supervisor);
    const swept = await engine.sweep();
    log.say('info', 'containers.ready', { ...engine.describe(), swept });
    return { engine, available: true };
  } catch (error) {
    log.say('error', 'containers.unavailable', { error });
    return { engine: null, available: false };
  }
}

async function open(configuration: Configuration, supervisor: Supervisor): Promise<ContainerEngine> {
  if (configuration.container.engine === 'kubernetes') return KubernetesEngine.open(kubernetesOf(configuration));
  return PodmanEngine.open({
    ...podmanOf(configuration),
    supervisor,
  });
}
