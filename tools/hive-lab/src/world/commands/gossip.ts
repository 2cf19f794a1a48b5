import { isShortChannelId } from '@cl-hive/core';
import { type LabAnswer, LabRpcError, RenderedJson } from '../../contract/node.ts';
import {
  answerOf,
  labHalfTexts,
  labNodeText,
  publicHalfText,
  publicNodeText,
} from '../network/render.ts';
import { badParam, INVALID_PARAMS, optionalId, optionalText } from '../params.ts';
import type { CommandFamily } from '../services.ts';
import type { WorldState } from '../state.ts';

/** `listchannels` and `listnodes`. */
export const gossipCommands: CommandFamily = ({ state }) => [
  {
    name: 'listchannels',
    run: (params): LabAnswer => {
      const scid = optionalText(params, 'short_channel_id');
      const source = optionalId(params, 'source');
      const destination = optionalId(params, 'destination');
      if ([scid, source, destination].filter((value) => value !== undefined).length > 1) {
        throw new LabRpcError(
          INVALID_PARAMS,
          'Can only specify one of `short_channel_id`, `source` or `destination`',
        );
      }
      if (scid !== undefined) {
        if (!isShortChannelId(scid)) {
          throw badParam('short_channel_id', 'should be a short_channel_id', scid);
        }
        return answerOf('channels', byScid(state, scid));
      }
      const id = source ?? destination;
      if (id !== undefined) {
        return answerOf('channels', byEnd(state, id, source !== undefined));
      }
      return new RenderedJson(state.renderer.channels());
    },
  },
  {
    name: 'listnodes',
    run: (params): LabAnswer => {
      const id = optionalId(params, 'id');
      if (id === undefined) {
        return new RenderedJson(state.renderer.nodes());
      }
      const lab = state.gossip.node(id);
      const index = state.gossip.index;
      const node = index?.indexOf(id);
      return answerOf('nodes', [
        ...(lab === undefined ? [] : [labNodeText(lab)]),
        ...(index === undefined || node === undefined ? [] : [publicNodeText(index, node)]),
      ]);
    },
  },
];

function byScid(state: WorldState, scid: string): string[] {
  const lab = state.gossip.channel(scid);
  if (lab !== undefined) {
    return labHalfTexts(lab);
  }
  const index = state.gossip.index;
  const channel = index?.channelOf(scid);
  return index === undefined || channel === undefined
    ? []
    : [0, 1].map((direction) => publicHalfText(index, channel * 2 + direction));
}

function byEnd(state: WorldState, id: string, asSource: boolean): string[] {
  const texts = state.gossip
    .channelsOf(id)
    .flatMap((channel) =>
      labHalfTexts(channel, (source, destination) => (asSource ? source : destination) === id),
    );
  const index = state.gossip.index;
  const node = index?.indexOf(id);
  if (index !== undefined && node !== undefined) {
    for (const half of index.halvesOf(node)) {
      texts.push(publicHalfText(index, asSource ? half : half ^ 1));
    }
  }
  return texts;
}
