import { identityOf, type UserdbParts } from './split-userdb.js'

/** What becomes of one key between the files in use and those built; null where the key is absent. */
export interface PairChange {
  readonly key: string
  readonly old: UserdbParts | null
  readonly now: UserdbParts | null
}

/** In which order userdb.dat and userdbshadow.dat are renamed into place. */
export interface PairPlan {
  readonly steps: readonly ('between' | 'shadow' | 'main')[]
  /** How the shadow in between differs from the new one: values to add, keys to leave out. */
  readonly keep: ReadonlyMap<string, string>
  readonly fence: readonly string[]
}

export interface PairPlanner {
  add(change: PairChange): void
  plan(): PairPlan
}

/**
 * Decides the order of the renames. Courier looks a login up in userdb.dat first and in userdbshadow.dat after that, and may find the two
 * files on either side of a rename. So:
 * - a new account needs its password there before its entry: shadow first;
 * - a removed account must lose its entry before its password goes: main first, or a login under way fails with an error instead of
 *   "no such user";
 * - both at once take a shadow in between that holds the new passwords and still those of removed accounts: between, main, shadow;
 * - where one key is given to somebody else (its password changes, and so does its home, mail, uid or gid), neither the old password may open the
 *   new home nor the new one the old: the shadow in between has no password for it, and nobody logs in there for a moment. A login that is
 *   right both before and after is never refused, because for such a key there is none.
 * Holds only the keys that need care, so that the whole map may be passed through it.
 */
export function createPairPlanner(): PairPlanner {
  const keep = new Map<string, string>()
  const fence: string[] = []
  let added = false
  let removed = false
  return {
    add: ({ key, old, now }) => {
      if (old === null && now !== null) added ||= now.shadow !== null
      if (old !== null && now === null) {
        removed = true
        if (old.shadow !== null) keep.set(key, old.shadow)
      }
      if (old !== null && now !== null && changesHands(old, now)) fence.push(key)
    },
    plan: () => {
      if (fence.length > 0 || (added && removed)) return { steps: ['between', 'main', 'shadow'], keep, fence }
      return { steps: removed ? ['main', 'shadow'] : ['shadow', 'main'], keep: new Map(), fence }
    },
  }
}

function changesHands(old: UserdbParts, now: UserdbParts): boolean {
  return old.shadow !== now.shadow && identityOf(old.main) !== identityOf(now.main)
}
