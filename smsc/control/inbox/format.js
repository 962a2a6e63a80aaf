// How times, numbers and texts are written. Times are unix seconds.

const TWO = (number) => String(number).padStart(2, "0");
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const FULL_DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export function clock(at, milliseconds = false) {
  const date = new Date(at * 1000);
  const text = `${TWO(date.getHours())}:${TWO(date.getMinutes())}:${TWO(date.getSeconds())}`;
  return milliseconds ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

export function shortClock(at) {
  return clock(at).slice(0, 5);
}

export const sameDay = (one, other) => new Date(one * 1000).toDateString() === new Date(other * 1000).toDateString();

/** Time of day, with the date where it is not today's. */
export function when(at) {
  return sameDay(at, Date.now() / 1000) ? clock(at) : `${DAY.format(at * 1000)} ${shortClock(at)}`;
}

export const day = (at) => FULL_DAY.format(at * 1000);
export const iso = (at) => new Date(at * 1000).toISOString();

/** A length of time: 38 ms, 1.2 s, 4 min 10 s, 3 h 5 min. */
export function lasting(seconds) {
  const length = Math.abs(seconds);
  if (length < 0.0005) return "0 ms";
  if (length < 1) return `${Math.round(length * 1000)} ms`;
  if (length < 10) return `${Number(length.toFixed(2))} s`;
  if (length < 60) return `${Number(length.toFixed(1))} s`;
  const whole = Math.round(length);
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

export const count = (number) => Number(number ?? 0).toLocaleString("en-GB");
export const many = (number, one, more = `${one}s`) => `${count(number)} ${number === 1 ? one : more}`;

// What is in a text but does not show, by name: the author of a template wants to know.
const HIDDEN = {
  0x0000: "NUL",
  0x0009: "tab",
  0x000d: "carriage return",
  0x001b: "escape",
  0x00a0: "no-break space",
  0x00ad: "soft hyphen",
  0x200b: "zero width space",
  0x200c: "zero width non-joiner",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "pop directional formatting",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "pop directional isolate",
  0xfeff: "byte order mark",
  0xfffd: "replacement character",
};

/** The characters of a text that do not show: ["U+202E right-to-left override ×2", ...]. */
export function hidden(text) {
  const found = new Map();
  for (const character of text) {
    const code = character.codePointAt(0);
    const name =
      HIDDEN[code] ?? ((code < 32 && code !== 10) || (code >= 127 && code < 160) ? "control character" : null);
    if (name) found.set(code, [name, (found.get(code)?.[1] ?? 0) + 1]);
  }
  return [...found].map(
    ([code, [name, times]]) =>
      `U+${code.toString(16).toUpperCase().padStart(4, "0")} ${name}${times > 1 ? ` ×${times}` : ""}`,
  );
}

/** Control characters as their pictures; line feeds too unless they are kept. */
export function visible(text, keepLines = false) {
  return text.replace(/[\u0000-\u001f\u007f]/g, (character) => {
    if (keepLines && (character === "\n" || character === "\t")) return character;
    const code = character.charCodeAt(0);
    return String.fromCharCode(code === 127 ? 0x2421 : 0x2400 + code);
  });
}

/** The beginning of a text on one line. */
export function snippet(text, longest = 200) {
  const start = text.slice(0, longest).replace(/\r?\n/g, " ↵ ");
  return visible(start.isWellFormed?.() === false ? start.toWellFormed() : start);
}

const ENCODINGS = { gsm7: "GSM 7-bit", ucs2: "UCS-2", latin1: "Latin-1", ascii: "ASCII", octets: "octets" };
export const encodingName = (encoding) => ENCODINGS[encoding] ?? encoding ?? "unknown";

// What a state means for the eye: good, bad, waiting, or nothing in particular.
const TONES = {
  DELIVRD: "good",
  ACCEPTD: "good",
  UNDELIV: "bad",
  EXPIRED: "bad",
  REJECTD: "bad",
  DELETED: "bad",
  UNKNOWN: "bad",
  SKIPPED: "bad",
  ENROUTE: "wait",
  SCHEDLD: "wait",
};

/** One word for where a message stands, and its tone. */
export function standing(message) {
  if (message.status) return [message.status_name ?? `status ${message.status}`, "refused"];
  if (message.direction === "mo") {
    return message.acknowledged_at
      ? ["taken", "good"]
      : message.state
        ? [message.state, TONES[message.state] ?? "none"]
        : ["waiting", "wait"];
  }
  if (message.parts_received < message.parts) return [`${message.parts_received} of ${message.parts} parts`, "wait"];
  return message.state ? [message.state, TONES[message.state] ?? "none"] : ["accepted", "none"];
}

/** The subscriber of a message, and who is at the other end. */
export function ends(message) {
  return message.direction === "mo" ? [message.from, message.to] : [message.to, message.from];
}
