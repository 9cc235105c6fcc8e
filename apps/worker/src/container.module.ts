import {
  KubernetesEngine,
  kubernetesOf,
  PodmanEngine,
  podmanOf,
  watchWorkspace,
  type Configuration,
  type ContainerEngine,
  type Supervisor,
} from '@taskrunner/infrastructure';
import type { WorkerLog } from './worker-log';

/** What this worker runs containers with. */
export interface WorkerContainers {
  readonly engine: ContainerEngine | null;
}

/** Opens the configured engine and removes what an earlier life of this worker left there. */
export async function openContainers(
  configuration: Configuration,
  supervisor: Supervisor,
  log: WorkerLog,
): Promise<WorkerContainers> {
  if (configuration.container.engine === 'none') return { engine: null };
  try {
    const engine = await open(configuration, supervisor);
    const swept = await engine.sweep();
    log.say('info', 'containers.ready', { ...engine.describe(), swept });
    return { engine };
  } catch (error) {
    // It would claim nothing, and nothing would look again: the process ends, and is started again.
    log.say('error', 'containers.unavailable', { error });
    throw error;
  }
}

async function open(configuration: Configuration, supervisor: Supervisor): Promise<ContainerEngine> {
  if (configuration.container.engine === 'kubernetes')
    return KubernetesEngine.open({ ...kubernetesOf(configuration), watchWorkspace });
  return PodmanEngine.open({
    ...podmanOf(configuration),
    supervisor,
  });
}
