// Asks a resolver for the names of a generated internet, in random order, while time passes.
import { Dialogue } from './dialogue.ts';
import { Dice, GeneratedInternet, type InternetOptions } from './generated-internet.ts';

export interface AskOptions {
  readonly questions: number;
  readonly cacheSize: number;
  /** Seconds between two questions, at most. */
  readonly pause: number;
}

export interface Asked {
  /** What was not found, with the log. */
  readonly unresolved: string[];
  readonly wrong: string[];
  /** Names that the oracle can find. */
  readonly names: number;
  readonly messages: { readonly mean: number; readonly most: number };
  /** Questions that took more than twelve seconds. */
  readonly slow: number;
  /** Seconds that passed for the resolver. */
  readonly seconds: number;
}

export function askGenerated(internet: InternetOptions, { questions, cacheSize, pause }: AskOptions): Asked {
  const world = new GeneratedInternet(internet);
  const names = world.resolvable();
  const dialogue = new Dialogue(world.servers, { roots: { '.': [...world.roots] }, cacheSize });
  const began = dialogue.now;
  const dice = new Dice(internet.seed + 1);
  const unresolved: string[] = [];
  const wrong: string[] = [];
  let sum = 0;
  let most = 0;
  let slow = 0;
  for (let i = 0; i < questions && names.length > 0; i++) {
    dialogue.now += (dice.below(1000) * pause) / 1000;
    const { name, address } = dice.of(names);
    const { records, sent, seconds, log } = dialogue.ask(name);
    sum += sent.length;
    most = Math.max(most, sent.length);
    if (seconds > 12) slow++;
    if (records.length === 0) unresolved.push(`${name}: ${log.join('\n')}`);
    else if (!records.at(-1)!.endsWith(` ${address}`)) wrong.push(`${name}: ${records.join()}`);
  }
  const messages = { mean: sum / questions, most };
  return { unresolved, wrong, names: names.length, messages, slow, seconds: dialogue.now - began };
}
