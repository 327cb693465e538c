import classes from './Logo.module.css';

/** The mark and the name. */
export function Logo() {
  return (
    <span className={classes.logo}>
      <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="8" className={classes.tile} />
        <path d="M9 23V9h14v4.2H13.6v2.9h7.6v4.1h-7.6V23z" className={classes.letter} />
      </svg>
      <span>FrameOS</span>
    </span>
  );
}
