import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { CodedError, describeError } from '@cl-hive/core';
import { isPublicAddress } from './public-address.ts';

/** An address of a host. */
export interface HostAddress {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/** Asks for all addresses of a host name, once. */
export type Resolve = (host: string) => Promise<readonly HostAddress[]>;

/** Why a host is not dialled. */
export type AddressErrorCode = 'address_private' | 'address_unknown';

/** The system's resolver. */
export const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, addresses) => {
      if (error === null) {
        resolve(addresses);
      } else {
        reject(new CodedError<AddressErrorCode>('address_unknown', `${host} has no address`));
      }
    });
  });

/**
 * The addresses of a host (a name, an IPv4 address, or an IPv6 address with or without brackets), looked
 * up once. Throws CodedError `address_private` when any of them is not public and `allowPrivate` is not
 * set, `address_unknown` when there is none.
 */
export async function checkedAddresses(
  host: string,
  { allowPrivate, resolve }: { readonly allowPrivate: boolean; readonly resolve: Resolve },
): Promise<readonly [HostAddress, ...HostAddress[]]> {
  const literal = host.replace(/^\[|\]$/g, '');
  const family = isIP(literal);
  const [first, ...rest] = family === 0 ? await resolve(host) : [{ address: literal, family }];
  if (first === undefined) {
    throw new CodedError<AddressErrorCode>('address_unknown', `${host} has no address`);
  }
  if (!allowPrivate && ![first, ...rest].every(({ address }) => isPublicAddress(address))) {
    throw new CodedError<AddressErrorCode>('address_private', `${host} is not a public address`, {
      remedy: 'name a public host; an address of your own network has to be listed itself',
    });
  }
  return [first, ...rest];
}

/** A look-up for sockets that gives these addresses whatever is asked. */
export function pinnedLookup(addresses: readonly [HostAddress, ...HostAddress[]]): LookupFunction {
  const [first] = addresses;
  return (_host, options, callback) => {
    if (options.all === true) {
      callback(null, [...addresses]);
    } else {
      callback(null, first.address, first.family);
    }
  };
}

/** A look-up for sockets that gives public addresses only. */
export const publicLookup: LookupFunction = (host, options, callback) => {
  void lookUpPublic(host, options, callback);
};

async function lookUpPublic(
  ...[host, options, callback]: Parameters<LookupFunction>
): Promise<void> {
  let lookup: LookupFunction;
  try {
    lookup = pinnedLookup(
      await checkedAddresses(host, { allowPrivate: false, resolve: systemResolve }),
    );
  } catch (error) {
    callback(error instanceof Error ? error : new Error(describeError(error)), '', 0);
    return;
  }
  lookup(host, options, callback);
}
