export { unsupportedReason } from './action-table.ts';
export { createNodePorts, type NodePorts, type NodePortsOptions } from './node-ports.ts';
