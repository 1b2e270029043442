/** The platform's own contract (sdk/include/weft/v1.h): request and response in full, through the mailbox. */
import { MAILBOX } from '../engine/abi.ts';
import type { Chain } from '../engine/chain.ts';
import { type Answer, type Contract, Failure, type Input } from '../engine/contract.ts';

/** Puts head and body one after the other into the guest's input area, or where `weft_reserve` says when they do not fit. */
export function deliver(chain: Chain, head: Uint8Array, body: Uint8Array): boolean {
  const { context } = chain;
  const length = head.length + body.length;
  const small = length <= (context.mailbox[MAILBOX.inboxCapacity] as number) >>> 0;
  const at = small ? (context.mailbox[MAILBOX.inbox] as number) >>> 0 : chain.runtime.reserve(chain, length);
  const { bytes } = context;
  if (at === 0 || at + length > bytes.length) return false;
  bytes.set(head, at);
  bytes.set(body, at + head.length);
  const { mailbox } = context; // anew: the guest may have grown its memory
  mailbox[MAILBOX.inHead] = at;
  mailbox[MAILBOX.inHeadLength] = head.length;
  mailbox[MAILBOX.inBody] = at + head.length;
  mailbox[MAILBOX.inBodyLength] = body.length;
  return true;
}

/** What the guest says it answered. It chooses pointers and lengths, so they are checked. */
export function readAnswer(chain: Chain): Answer | Failure {
  const { context } = chain;
  const { mailbox } = context;
  const head = context.headView(mailbox[MAILBOX.outHead] as number, mailbox[MAILBOX.outHeadLength] as number);
  const body = context.bodyView(mailbox[MAILBOX.outBody] as number, mailbox[MAILBOX.outBodyLength] as number);
  if (!head || !body) return new Failure('its answer lies outside its memory');
  return { status: mailbox[MAILBOX.status] as number, head, body };
}

export const weft: Contract = {
  name: 'weft',
  switchable: true,
  mayExit: false,
  accept: (chain: Chain, input: Input) => deliver(chain, input.head, input.body),
  answer: (chain, result) => (result === 0 ? readAnswer(chain) : new Failure(`it returned ${result}`)),
};
