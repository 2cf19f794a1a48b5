import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Gossip } from '../world/gossip.ts';
import { generateNetwork } from '../world/network/generate.ts';
import { GossipRenderer } from '../world/network/render.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** What `hive-lab generate` writes, and where. */
export interface GenerateCommand {
  readonly nodes: number;
  readonly seed: number;
  readonly dir: string;
  /** Time of the newest gossip, Unix seconds. */
  readonly nowSeconds: number;
}

/** Writes `listchannels.json` and `listnodes.json` of a synthetic network, as lightningd answers. */
export function runGenerate(command: GenerateCommand, output: Output): ExitCode {
  const network = generateNetwork(command);
  const renderer = new GossipRenderer(new Gossip(network));
  mkdirSync(command.dir, { recursive: true });
  for (const [name, chunks] of [
    ['listchannels.json', renderer.channels()],
    ['listnodes.json', renderer.nodes()],
  ] as const) {
    const file = path.join(command.dir, name);
    const bytes = Buffer.concat(chunks);
    writeFileSync(file, bytes);
    output.out(`${file}  ${bytes.length.toLocaleString('en')} bytes\n`);
  }
  output.out(`${network.nodeCount} nodes, ${network.channelCount} channels\n`);
  return EXIT.ok;
}
