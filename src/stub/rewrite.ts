// Turning what people type into names to look up. Counterpart: dns_ip4_qualify in dns_ipq.c. Text is Latin-1.

/**
 * Applies the rules in order, each once, to the result so far. A rule is a kind (`=`, `*`, `?` or `-`), what the name
 * must end with (or, for `=`, be), a colon, and what takes its place; for `?` nothing before it may have a dot or
 * bracket (or one of `others`), for `-` all of the name is replaced. Anything else is no rule and is passed over.
 */
export function applyRules(rules: readonly string[], typed: string, others = ''): string {
  let name = typed;
  for (const rule of rules) {
    const colon = rule.indexOf(':');
    if (colon < 1) continue;
    const kind = rule[0]!;
    const post = rule.slice(1, colon);
    if (!'=*?-'.includes(kind) || !endsWith(name, post)) continue;
    const pre = name.slice(0, name.length - post.length);
    if (kind === '=' && pre !== '') continue;
    if (kind === '?' && [...pre].some((character) => `.[]${others}`.includes(character))) continue;
    name = (kind === '-' ? '' : pre) + rule.slice(colon + 1);
  }
  return name;
}

/** ASCII case does not matter; other octets must be the same. */
function endsWith(name: string, post: string): boolean {
  return name.length >= post.length && lower(name.slice(name.length - post.length)) === lower(post);
}

function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The names to try for a rewritten name: `x+y1+y2` means `xy1`, then `xy2`; without a plus the name itself. */
export function candidates(rewritten: string): string[] {
  const [stem, ...ends] = rewritten.split('+') as [string, ...string[]];
  return ends.length === 0 ? [stem] : ends.map((end) => stem + end);
}
