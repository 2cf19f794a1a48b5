import { isNodeId, type NodeId } from '@cl-hive/core';
import { secp256k1 } from '@noble/curves/secp256k1.js';

/** Why a node is no target of an opening. */
export type TargetProblem = 'not_a_node_id' | 'not_on_curve' | 'self' | 'member';

/** Checks the target of an opening: a point on the curve, neither this node nor a member of its hive. */
export function targetProblem(
  target: unknown,
  self: NodeId,
  isMember: (node: NodeId) => boolean,
): TargetProblem | undefined {
  if (!isNodeId(target)) {
    return 'not_a_node_id';
  }
  if (target === self) {
    return 'self';
  }
  if (isMember(target)) {
    return 'member';
  }
  try {
    secp256k1.Point.fromHex(target).assertValidity();
    return undefined;
  } catch {
    return 'not_on_curve';
  }
}
