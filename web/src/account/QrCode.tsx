import { useMemo } from 'react';
import { encode } from 'uqr';

/** A QR code, made here: what is in it goes nowhere. Dark on light in both schemes, as scanners want it. */
export function QrCode({ text, label, size = 196 }: { text: string; label: string; size?: number }) {
  const { path, width } = useMemo(() => {
    const code = encode(text, { ecc: 'M', border: 2 });
    const squares = code.data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { path: squares.join(''), width: code.size };
  }, [text]);
  return (
    <svg width={size} height={size} viewBox={`0 0 ${width} ${width}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={width} height={width} fill="#fff" rx="1" />
      <path d={path} fill="#000" />
    </svg>
  );
}
