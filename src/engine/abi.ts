/** Numbers of the guest ABI; docs/guest-abi.md is their description. */

export const ABI_VERSION = 1;

/** Words of the mailbox. */
export const MAILBOX = {
  version: 0,
  inHead: 1,
  inHeadLength: 2,
  inBody: 3,
  inBodyLength: 4,
  status: 5,
  outHead: 6,
  outHeadLength: 7,
  outBody: 8,
  outBodyLength: 9,
  callStatus: 10,
  inbox: 11,
  inboxCapacity: 12,
  headSent: 13,
  argument: 14,
  outOfMemory: 16,
} as const;

export const MAILBOX_WORDS = 17;

export const KIND_HTTP = 0;
export const KIND_CALL = 1;

/** What a host call gives instead of a length. */
export const CALL_ERROR = {
  noMemory: -1,
  notFound: -2,
  failed: -3,
  trapped: -4,
  deadline: -5,
  depth: -6,
  busy: -7,
  tooLarge: -8,
  denied: -9,
  io: -10,
  closed: -11,
  pending: -100,
} as const;
