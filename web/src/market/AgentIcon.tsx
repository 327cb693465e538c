import classes from './AgentIcon.module.css';

interface Props {
  agent: { name: string; slug: string; icon_url?: string | null };
  size?: number;
}

/** Hues that stay readable as tile and letter in light and dark. */
const HUES = [168, 205, 262, 330, 22, 45, 140, 285];

/**
 * An agent's mark: its own picture where that travels with its data, else its letters on a colour of its own. Pictures of
 * other hosts are not shown: loading one would tell that host who looks.
 */
export function AgentIcon({ agent, size = 44 }: Props) {
  const style = { width: size, height: size, fontSize: size * 0.36, '--hue': HUES[hashOf(agent.slug) % HUES.length] };
  if (agent.icon_url?.startsWith('data:image/')) {
    return <img src={agent.icon_url} alt="" width={size} height={size} className={classes.picture} />;
  }
  return (
    <span className={classes.tile} style={style as React.CSSProperties} aria-hidden>
      {lettersOf(agent.name)}
    </span>
  );
}

/** "CSV Profiler" as "CP". */
export function lettersOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => word[0]) : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('').toUpperCase();
}

function hashOf(text: string): number {
  let hash = 7;
  for (const letter of text) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
