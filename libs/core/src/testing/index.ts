export { plannerContract, type PlannerBench } from './planner-contract';
export { AGE_MS, objectStoreContract, type ContractCase, type ObjectStoreBench } from './object-store-contract';
export { packRegistryContract, type PackRegistryBench } from './pack-registry-contract';
export { packText, testConfiguration, testEnvironment } from './planning';
export { marked } from './broken-manifests';
export { TEN_CODES, TEN_FAULTS } from './ten-faults';
export { Random } from './random';
export { aBlock, aPlan, aRunNode, testDefaults, testFloor } from './random-plan';
export { MemoryObjects } from './memory-objects';
