/**
 * Deadlines of the functions that one request reached by a switch. A switch enters its callee without a look at the clock, so a
 * callee's time counts from when it is first found running or waiting.
 */
import type { Group } from './group.ts';

/** An activation of a callee, and since when it is known to be there. */
interface Watched {
  readonly member: number;
  readonly crossing: number;
  readonly since: number;
}

export class CalleeDeadlines {
  /** By member: the activation that was last found in it. */
  readonly #watched: (Watched | undefined)[] = [];

  /** The outermost callee that passed its own deadline, by member; `root` has the request's. */
  overdue(group: Group, root: number, now: number): number | undefined {
    const { contexts, shape, books } = group;
    let found: Watched | undefined;
    for (let member = 0; member < contexts.length; member++) {
      const callee = shape.functions[member];
      if (member === root || callee === undefined || !books.busy(member)) continue;
      const watched = this.#watch(group, member, now);
      if (now - watched.since >= callee.spec.limits.deadlineMs && (!found || watched.crossing < found.crossing)) found = watched;
    }
    return found?.member;
  }

  #watch({ books }: Group, member: number, now: number): Watched {
    const crossing = books.opened(member);
    const known = this.#watched[member];
    if (known?.crossing === crossing) return known;
    const watched = { member, crossing, since: now };
    this.#watched[member] = watched;
    return watched;
  }
}
