import { t } from '../copy/text.svelte';
import { SayQueue } from './queue';

/** The page's voice; Announcer.svelte holds the two live regions it fills. */
export class Voice {
  polite = $state('');
  assertive = $state('');

  readonly queue = new SayQueue(
    (how, text) => {
      // A sentence said twice must differ to be read twice.
      this[how] = this[how] === text ? `${text}\u00a0` : text;
    },
    (n) => this.many(n),
  );

  /** The sentence for several changes of who is inside. */
  many: (n: number) => string = (n) => t('aria.say.many', { n, used: 0, max: 0 });
}
