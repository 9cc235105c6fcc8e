export { objectStoreContract, type ContractCase, type ObjectStoreBench } from './object-store-contract';
