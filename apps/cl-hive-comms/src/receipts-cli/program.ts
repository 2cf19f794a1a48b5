import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type Anchor,
  RECEIPT_LINE_MAX,
  ReceiptVerifier,
  readBody,
  readExportLine,
  type VerifyReport,
} from '@cl-hive/comms';
import { describeError, isNodeId, type NodeId } from '@cl-hive/core';
import { FAULTS_MAX, nativeSha256, UNSIGNED_TAIL_MAX } from '../pipeline/receipt-archive.ts';

/** Where the program writes. */
export interface ProgramOutput {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

const USAGE = `hive-receipts verify FILE [--node ID] [--head SEQ:DIGEST]... [--seals]

Checks an export of hive-client-receipts with nothing but the file: every digest, link, seal and
signature of the node, and the signatures of the advisors.

  --node ID            whose chain it must be; by default that of its first receipt, which is shown
  --head SEQ:DIGEST    a head that was published: what the file lacks of it was cut off
  --seals              only the signatures that vouch for all others: much faster on a long chain

Exit status: 0 the chain is whole, 1 it is not, 2 it could not be read.`;

const ANCHOR = /^(\d{1,15}):([0-9a-f]{64})$/;

function anchorOf(text: string): Anchor {
  const match = ANCHOR.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RangeError(`--head ${text.slice(0, 80)}: write it as SEQ:DIGEST`);
  }
  return { seq: Number(match[1]), digest: match[2] };
}

function nodeOf(line: string): NodeId {
  const read = readExportLine(line);
  const node = read === undefined ? undefined : readBody(read.body)?.node;
  if (!isNodeId(node)) {
    throw new RangeError('the first line is no receipt: is this an export?');
  }
  return node;
}

/** The lines of a file; one that no receipt can have ends the reading, whatever its size. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > RECEIPT_LINE_MAX) {
      throw new RangeError(
        `a line is longer than ${RECEIPT_LINE_MAX} characters: no export has such`,
      );
    }
  }
  yield rest;
}

async function verify(
  file: string,
  given: NodeId | undefined,
  anchors: readonly Anchor[],
  signatures: 'all' | 'seals',
): Promise<VerifyReport & { readonly node: NodeId | undefined }> {
  let verifier: ReceiptVerifier | undefined;
  let node = given;
  for await (const line of linesOf(file)) {
    if (line === '') {
      continue;
    }
    node ??= nodeOf(line);
    verifier ??= new ReceiptVerifier(
      {
        node,
        anchors,
        signatures,
        unsignedTailMax: UNSIGNED_TAIL_MAX,
        faultsMax: FAULTS_MAX,
      },
      undefined,
      nativeSha256,
    );
    verifier.line(line);
    if (verifier.full) {
      break;
    }
  }
  if (verifier === undefined) {
    throw new RangeError('the file is empty');
  }
  return { ...verifier.report(), node };
}

function tell(
  report: VerifyReport & { readonly node: NodeId | undefined },
  output: ProgramOutput,
): void {
  const { receipts, signatures, proven, unsignedTail, openIntents, head, faults, node } = report;
  for (const { code, line, seq, message } of faults) {
    const where = line === 0 ? 'at the end' : `line ${line}`;
    output.out(`${where}${seq === undefined ? '' : `, receipt ${seq}`}: ${code}: ${message}`);
  }
  output.out(`node ${node}`);
  output.out(`${receipts} receipts, the last is ${head.seq} ${head.digest}`);
  output.out(`${signatures} signatures of the node checked, ${proven} of advisors`);
  if (unsignedTail > 0) {
    output.out(`the last ${unsignedTail} are not signed yet`);
  }
  if (openIntents.length > 0) {
    output.out(`without an outcome yet: requests ${openIntents.slice(0, 20).join(', ')}`);
  }
  output.out(report.ok ? 'the chain is whole' : `the chain is NOT whole: ${faults.length} faults`);
}

/** Runs the program with its arguments; gives the exit status. */
export async function receiptsProgram(
  args: readonly string[],
  output: ProgramOutput,
): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        node: { type: 'string' },
        head: { type: 'string', multiple: true, default: [] },
        seals: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [command, file, ...rest] = positionals;
    if (values.help) {
      output.out(USAGE);
      return 0;
    }
    if (command !== 'verify' || file === undefined || rest.length > 0) {
      output.err(USAGE);
      return 2;
    }
    const { node } = values;
    if (node !== undefined && !isNodeId(node)) {
      throw new RangeError('--node: a node id is 66 hexadecimal digits');
    }
    const anchors = values.head.map(anchorOf);
    const report = await verify(file, node, anchors, values.seals ? 'seals' : 'all');
    tell(report, output);
    return report.ok ? 0 : 1;
  } catch (error) {
    output.err(`hive-receipts: ${describeError(error)}`);
    return 2;
  }
}
