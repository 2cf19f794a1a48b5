import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@cl-hive/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  archiveName,
  componentFile,
  measureFile,
  openArchive,
  publicKeyOf,
  readStatement,
  type SignedStatement,
  safeFolder,
  VaultFolder,
  vaultName,
  writeArchive,
} from '../src/index.ts';
import { Member, NOW } from './support/members.ts';

const base = mkdtempSync(path.join(tmpdir(), 'hive-vault-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const self = new Member(0);
const other = new Member(1);
const secret = Uint8Array.from(randomBytes(32));
const owner = { node: self.id, network: 'regtest' };
let made = 0;

function freshFolder(): string {
  made += 1;
  const folder = path.join(base, `folder-${made}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

const NAMES = ['cl-hive-comms', 'cl-hive-archon', 'cl-hive'] as const;

async function body(files: readonly string[]): Promise<JsonObject> {
  const components = await Promise.all(
    files.map(async (file, index) => ({
      name: NAMES[index] ?? '',
      ...(await measureFile(file)),
      database_id: `id-${index}`,
      generation: 0,
      schema_version: 1,
      taken_at: NOW * 1000,
      tables: [{ name: 'hive_peers', rows: 1, digest: 'ab'.repeat(32) }],
    })),
  );
  return {
    type: 'cl-hive-vault',
    format: 1,
    node: self.id,
    network: 'regtest',
    sequence: 3,
    taken_at: NOW * 1000,
    one_moment: 1,
    version: '0.1.0',
    components,
  };
}

function signed(input: JsonObject, by = self): SignedStatement {
  return readStatement('vault', by.says('vault', input)) as SignedStatement;
}

/** An archive of three files, with what its manifest says changed. */
async function archive(change: (manifest: JsonObject) => JsonObject = (one) => one, by = self) {
  const folder = freshFolder();
  const files = [100, 70_000, 200_000].map((size, index) => {
    const file = path.join(folder, `source-${index}`);
    writeFileSync(file, randomBytes(size));
    return file;
  });
  const file = path.join(folder, archiveName(self.id, 3));
  await writeArchive(file, signed(change(await body(files)), by), files, [publicKeyOf(secret)]);
  return { file, files, folder };
}

async function codeOf(file: string, more: Partial<Parameters<typeof openArchive>[0]> = {}) {
  const into = freshFolder();
  const code = await openArchive({ file, identities: [secret], owner, into, ...more }).then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
  if (code !== 'opened') {
    expect(readdirSync(into)).toEqual([]);
  }
  return code;
}

describe('an archive', () => {
  it('gives back what it took, byte for byte, for this user alone', async () => {
    const { file, files } = await archive();
    const into = freshFolder();
    const manifest = await openArchive({ file, identities: [secret], owner, into });
    expect(manifest.sequence).toBe(3);
    for (const [index, name] of NAMES.entries()) {
      const back = componentFile(into, name);
      expect(readFileSync(back).equals(readFileSync(files[index] ?? ''))).toBe(true);
      expect(statSync(back).mode & 0o777).toBe(0o600);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('gives one component alone, and is only checked where nothing is wanted', async () => {
    const { file } = await archive();
    const into = freshFolder();
    await openArchive({ file, identities: [secret], owner, into, wanted: ['cl-hive'] });
    expect(readdirSync(into)).toEqual(['cl-hive.sqlite3']);
    await openArchive({ file, identities: [secret], owner });
    const two = await archive((manifest) => ({
      ...manifest,
      components: (manifest['components'] as readonly JsonObject[]).slice(0, 2),
    })).catch(() => undefined);
    expect(await codeOf((two as { file: string }).file)).toBe('vault_damaged');
  });

  it('VB-03: is refused for one bit changed, a byte less or more; nothing is left behind', async () => {
    const { file, folder } = await archive();
    const whole = readFileSync(file);
    const damaged = path.join(folder, 'damaged');
    const places = [0, 30, 120, 190, 250, 260, 300, 2_000, 70_000, 150_000, whole.length - 1];
    for (const at of places) {
      const copy = Buffer.from(whole);
      copy[at] = (copy[at] ?? 0) ^ 4;
      writeFileSync(damaged, copy);
      expect(['vault_damaged', 'vault_key_wrong']).toContain(await codeOf(damaged));
    }
    for (const copy of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.of(1)]), Buffer.of()]) {
      writeFileSync(damaged, copy);
      expect(await codeOf(damaged)).toBe('vault_damaged');
    }
  });

  it('VB-03: is refused when a file in it is swapped for another, or its size is forged', async () => {
    const swap = ({ components, ...rest }: JsonObject): JsonObject => {
      const list = components as readonly [JsonObject, JsonObject, JsonObject];
      return {
        ...rest,
        components: [{ ...list[1], name: NAMES[0] }, { ...list[0], name: NAMES[1] }, list[2]],
      };
    };
    expect(await codeOf((await archive(swap)).file)).toBe('vault_damaged');
    const forge = (bytes: number) => (manifest: JsonObject) => ({
      ...manifest,
      components: (manifest['components'] as readonly JsonObject[]).map((one) => ({
        ...one,
        bytes,
      })),
    });
    for (const bytes of [1, 10_000_000, 2 ** 52]) {
      expect(await codeOf((await archive(forge(bytes))).file)).toBe('vault_damaged');
    }
  });

  it.each([
    ['another node signed', (one: JsonObject) => one, other, 'vault_other_node'],
    [
      'it names another node',
      (one: JsonObject) => ({ ...one, node: other.id }),
      self,
      'vault_other_node',
    ],
    [
      'it is of another network',
      (one: JsonObject) => ({ ...one, network: 'bitcoin' }),
      self,
      'vault_other_network',
    ],
    ['its format is newer', (one: JsonObject) => ({ ...one, format: 2 }), self, 'vault_newer'],
    [
      'its manifest is none',
      (one: JsonObject) => ({ ...one, sequence: 'x' }),
      self,
      'vault_damaged',
    ],
    ['a component comes twice', (one: JsonObject) => twice(one), self, 'vault_damaged'],
  ] as const)('VB-10: is refused when %s', async (_, change, by, code) => {
    expect(await codeOf((await archive(change, by)).file)).toBe(code);
  });

  it('VB-10: is refused for a wrong key, before anything is written', async () => {
    const { file } = await archive();
    expect(await codeOf(file, { identities: [randomBytes(32)] })).toBe('vault_key_wrong');
    expect(await codeOf(file, { wanted: ['cl-hive', 'x' as never] })).toBe('vault_component');
  });

  it.each(['lightningd.sqlite3', 'hsm_secret', 'emergency.recover', '../../etc/passwd'])(
    'VB-09: is refused when it holds %s',
    async (name) => {
      const change = ({ components, ...rest }: JsonObject): JsonObject => ({
        ...rest,
        components: (components as readonly JsonObject[]).map((one, index) =>
          index === 1 ? { ...one, name } : one,
        ),
      });
      expect(await codeOf((await archive(change)).file)).toBe('vault_forbidden');
    },
  );

  it('is refused when nobody signed it: whoever knows the public key can encrypt', async () => {
    const { files, folder } = await archive();
    const file = path.join(folder, 'forged');
    const statement = signed(await body(files));
    const forged = { ...statement, body: { ...statement.body, sequence: 9 } };
    await writeArchive(file, forged, files, [publicKeyOf(secret)]);
    expect(await codeOf(file)).toBe('vault_unsigned');
  });

  it('never takes the place of a file, and leaves no draft of a failed one', async () => {
    const { file, files, folder } = await archive();
    const statement = signed(await body(files));
    await expect(writeArchive(file, statement, files, [publicKeyOf(secret)])).rejects.toMatchObject(
      {
        code: 'store_exists',
      },
    );
    const missing = writeArchive(
      path.join(folder, 'new'),
      statement,
      ['/nowhere'],
      [publicKeyOf(secret)],
    );
    await expect(missing).rejects.toMatchObject({ code: 'vault_missing' });
    expect(readdirSync(folder).filter((name) => name.includes('draft'))).toEqual([]);
    expect(existsSync(path.join(folder, 'new'))).toBe(false);
  });

  it('leaves nothing behind when the disk is full at any write, of an archive or out of one', async () => {
    const { file, files, folder } = await archive();
    const probe = await open(path.join(folder, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    rmSync(path.join(folder, 'probe'));
    const statement = signed(await body(files));
    const full = Object.assign(new Error('ENOSPC: no space left on device'), {
      code: 'ENOSPC',
      errno: -28,
    });
    const into = freshFolder();
    for (const work of [
      () => writeArchive(path.join(folder, 'new'), statement, files, [publicKeyOf(secret)]),
      () => openArchive({ file, identities: [secret], owner, into }),
    ]) {
      const spy = vi.spyOn(prototype, 'write').mockRejectedValue(full);
      await expect(work()).rejects.toMatchObject({ code: 'store_full' });
      spy.mockRestore();
    }
    expect(readdirSync(into)).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith('new'))).toEqual([]);
    await openArchive({ file, identities: [secret], owner, into });
  });

  it('VB-12: is not read through a link, and is a file', async () => {
    const { file, folder } = await archive();
    symlinkSync(file, path.join(folder, 'link'));
    expect(await codeOf(path.join(folder, 'link'))).toBe('vault_place');
    expect(await codeOf('/dev/null')).toBe('vault_place');
    expect(await codeOf(path.join(folder, 'none'))).toBe('vault_missing');
  });
});

function twice({ components, ...rest }: JsonObject): JsonObject {
  const list = components as readonly JsonObject[];
  return { ...rest, components: list.map((one) => ({ ...one, name: NAMES[0] })) };
}

const system = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { stdio: 'ignore' });

/** Has this process write no file beyond `bytes`; undefined lets it again. A disk that is full for each file alone. */
function limitFiles(bytes: number | undefined): void {
  system('prlimit', '--pid', String(process.pid), `--fsize=${bytes ?? 'unlimited'}:unlimited`);
}

/** Mounts a disk of 400 KiB with 200 KiB left; undefined where this user may not. */
function smallDisk(mount: string): { readonly free: () => void } | undefined {
  try {
    const options = ['-t', 'tmpfs', '-o', 'size=400k,mode=0700', 'tmpfs', mount];
    system('mount', ...options);
  } catch {
    return undefined;
  }
  const ballast = path.join(mount, 'ballast');
  writeFileSync(ballast, randomBytes(200_000));
  return { free: () => rmSync(ballast) };
}

describe('a full disk', () => {
  /** Archive and restore where `take` leaves too little space, and once `free` made some. */
  async function withoutSpace(place: string, take: () => void, free: () => void): Promise<void> {
    const { file, files } = await archive();
    take();
    const to = path.join(place, archiveName(self.id, 4));
    const statement = signed(await body(files));
    const write = () => writeArchive(to, statement, files, [publicKeyOf(secret)]);
    const full = { code: 'store_full', remedy: expect.any(String) };
    const before = readdirSync(place);
    await expect(write()).rejects.toMatchObject(full);
    expect(readdirSync(place)).toEqual(before);
    const into = path.join(place, 'restored');
    mkdirSync(into, { mode: 0o700 });
    const restore = () => openArchive({ file, identities: [secret], owner, into });
    await expect(restore()).rejects.toMatchObject(full);
    expect(readdirSync(into)).toEqual([]);
    free();
    await restore();
    expect(readdirSync(into)).toHaveLength(3);
    rmSync(into, { recursive: true });
    await write();
    await openArchive({ file: to, identities: [secret], owner });
  }

  it('I9: gets no half archive and no half database, says so, and serves once there is space', async () => {
    const mount = path.join(freshFolder(), 'small-disk');
    mkdirSync(mount, { mode: 0o700 });
    // Without the right to mount, the limit below stands for it.
    const disk = smallDisk(mount);
    try {
      await (disk && withoutSpace(mount, () => undefined, disk.free));
    } finally {
      if (disk !== undefined) {
        system('umount', mount);
      }
    }
  });

  it.runIf(process.platform === 'linux')(
    'I9: and so where files may not become large',
    async () => {
      const limit = (bytes: number | undefined) => () => limitFiles(bytes);
      try {
        await withoutSpace(freshFolder(), limit(150_000), limit(undefined));
      } finally {
        limitFiles(undefined);
      }
    },
  );
});

describe('names and folders of the vault', () => {
  it.each([
    '../../etc/passwd',
    '/etc/passwd',
    '..\\..\\x',
    'a/../../b',
    '%2e%2e%2fx',
    'a\0b',
    '..',
    '.',
    '',
    'CON',
    'nul.age',
    'a'.repeat(65),
    '~root/.ssh/id',
    '-rf',
    'a\u2215..\u2215b',
    '.\u200b./x',
    '.hidden',
    7,
    null,
  ])('VB-01: %j is no name', (name) => {
    expect(() => vaultName(name)).toThrow(expect.objectContaining({ code: 'vault_name' }));
  });

  it('VB-12: a folder is whole, no link, and nobody else’s', () => {
    const folder = freshFolder();
    const link = path.join(folder, 'link');
    symlinkSync('/etc', link);
    const open = path.join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    for (const bad of [
      link,
      open,
      '/dev/null',
      '../x',
      'x',
      file,
      `${folder}/../y`,
      '',
      'a\0b',
      path.join(file, 'x'),
    ]) {
      expect(() => safeFolder(bad), bad).toThrow(expect.objectContaining({ code: 'vault_place' }));
    }
    const fresh = path.join(folder, 'deep', 'er');
    expect(safeFolder(fresh)).toBe(fresh);
    expect(statSync(fresh).mode & 0o777).toBe(0o700);
  });

  it('keeps the newest archives of this node, and nobody else’s files', () => {
    const vault = new VaultFolder(freshFolder(), self.id);
    const foreign = ['notes.txt', archiveName(other.id, 1), 'vault-zz.age'];
    for (const name of [...foreign, ...[1, 2, 3, 11].map((n) => archiveName(self.id, n))]) {
      writeFileSync(path.join(vault.folder, name), 'x');
    }
    mkdirSync(path.join(vault.folder, archiveName(self.id, 12)));
    expect(vault.list().map(({ sequence }) => sequence)).toEqual([1, 2, 3, 11]);
    expect(vault.retain(2)).toEqual([1, 2].map((n) => archiveName(self.id, n)));
    expect(vault.retain(0)).toEqual([archiveName(self.id, 3)]);
    expect(readdirSync(vault.folder)).toEqual(expect.arrayContaining(foreign));
    const draft = `${archiveName(self.id, 13)}.draft-00ff`;
    writeFileSync(path.join(vault.folder, draft), 'x');
    vault.clean();
    expect(readdirSync(vault.folder)).not.toContain(draft);
    expect(readdirSync(vault.folder)).toEqual(expect.arrayContaining(foreign));
  });
});
