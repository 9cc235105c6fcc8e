export { openRegistries, openRegistry, type RegistrySetting } from './open-registries';
export { packArchive } from './pack-artifact';
