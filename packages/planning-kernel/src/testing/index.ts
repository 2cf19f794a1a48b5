export { executionPortFaults } from './execution-contract.ts';
