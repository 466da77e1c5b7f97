import { t } from '../copy/text.svelte';
import { AnnouncementQueue } from './queue';

/** The page's announcements; Announcer.svelte holds the two live regions that they fill. */
export class Voice {
  polite = $state('');
  assertive = $state('');

  readonly queue = new AnnouncementQueue(
    (how, text) => {
      // A sentence said twice must differ to be read twice.
      this[how] = this[how] === text ? `${text}\u00a0` : text;
    },
    (n) => this.many(n),
  );

  /** The sentence for several changes of the roster. */
  many: (n: number) => string = (n) => t('aria.announce.many', { n, used: 0, max: 0 });
}
