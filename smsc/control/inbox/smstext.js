// What a text costs: its encoding and segments (3GPP TS 23.038, 23.040), for the reply box.

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENDED = new Set("\f^{}\\[~]|€");

/** {encoding, units, segments, left}: units are septets or UTF-16 units; left is what the last segment still takes. */
export function measure(text) {
  const characters = [...text];
  const gsm = characters.every((character) => BASIC.has(character) || EXTENDED.has(character));
  const sizes = characters.map((character) => (gsm ? (EXTENDED.has(character) ? 2 : 1) : character.length));
  const [single, part] = gsm ? [160, 153] : [70, 67];
  const units = sizes.reduce((sum, size) => sum + size, 0);
  if (units <= single) return { encoding: gsm ? "gsm7" : "ucs2", units, segments: 1, left: single - units };
  let segments = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > part) {
      // neither an escape nor a surrogate pair is cut in two
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return { encoding: gsm ? "gsm7" : "ucs2", units, segments, left: part - used };
}
