import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@cl-hive/core';
import { describe, expect, it } from 'vitest';
import * as api from '../src/index.ts';
import { ScriptedServer } from './scripted-server.ts';

const folder = new URL('../fixtures/transcripts', import.meta.url).pathname;
const methods = new Map(
  Object.values<unknown>(api)
    .filter(isMethod)
    .map((method) => [method.name, method]),
);

function isMethod(value: unknown): value is api.RpcMethod<unknown, unknown> {
  return typeof value === 'object' && value !== null && 'decode' in value && 'encode' in value;
}

function textOf(value: JsonValue | undefined): string {
  if (typeof value !== 'string') {
    throw new Error('the fixture has no text where one must be');
  }
  return value;
}

function load(kind: string): [string, JsonValue][] {
  const names = readdirSync(join(folder, kind));
  return names.map((name) => [name, parseJson(readFileSync(join(folder, kind, name), 'utf8'))]);
}

/** Small integers as numbers, so that what was decoded to bigint compares with what was recorded. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  }
  return value;
}

function asObject(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value)) {
    throw new Error('the fixture is no object');
  }
  return value;
}

describe('recorded responses', () => {
  it.each(load('rpc'))('%s comes through the socket with nothing left out', async (_, recorded) => {
    const { request, response } = asObject(recorded);
    const { method: name, params } = asObject(request);
    const { result, error } = asObject(response);
    const server = await new ScriptedServer(({ socket, id }) => {
      socket.write(stringifyJson({ ...asObject(response), id }));
    }).start();
    const client = api.connectRpc({ path: server.path });
    try {
      const method = methods.get(textOf(name));
      const call =
        method === undefined
          ? client.raw(textOf(name), asObject(params))
          : client.call(method, asObject(params));
      if (error === undefined) {
        expect(method === undefined).toBe(name === 'lab-echo');
        expect(plain(await call)).toEqual(plain(result));
      } else {
        const { code, message, data } = asObject(error);
        const thrown: unknown = await call.catch((fault: unknown) => fault);
        expect(thrown).toBeInstanceOf(api.RpcError);
        expect(thrown).toMatchObject({ rpcCode: code, rpcMessage: message, rpcData: data });
      }
      expect(server.received[0]?.params).toEqual(params);
    } finally {
      await client.close();
      await server.stop();
    }
  });
});

describe('recorded messages', () => {
  it.each(load('messages'))('%s decodes with nothing left out', (_, recorded) => {
    for (const message of (recorded as JsonValue[]).map(asObject)) {
      const name = textOf(message['method']);
      const params = asObject(message['params']);
      if (message['id'] === undefined) {
        const body = params[name];
        expect(plain(api.NOTIFICATION_DECODERS[name as api.NotificationTopic](body))).toEqual(
          plain(body),
        );
      } else if (name in api.HOOK_DECODERS) {
        expect(plain(api.HOOK_DECODERS[name as api.HookName](params))).toEqual(plain(params));
      } else {
        expect(['getmanifest', 'init', 'setconfig', 'lab-echo']).toContain(name);
      }
    }
  });
});
